package coupon

import (
	"fmt"
	"strconv"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// Spend is what a buyer spent on a day, in whole yuan. An entry is below 10^13, so that the sum of almost a
// million of the largest fits.
type Spend struct {
	Amount   int64       `cbor:"1,keyasint" json:"cumulate_amount"`
	Created  codecs.Text `cbor:"2,keyasint,omitzero" json:"gmt_create"`
	Modified codecs.Text `cbor:"3,keyasint,omitzero" json:"gmt_modified"`
}

func (s *Spend) amount() *int64         { return &s.Amount }
func (s *Spend) created() *codecs.Text  { return &s.Created }
func (s *Spend) modified() *codecs.Text { return &s.Modified }

// nullable orders text by UTF-16 code unit, as Flink's MIN and MAX do; the minimum of nothing is null.
type nullable struct{}

func (nullable) Append(dst []byte, t codecs.Text) []byte {
	return codecs.OrderedJavaString().Append(dst, t.V)
}

func (nullable) Decode(b []byte) (codecs.Text, error) {
	s, err := codecs.OrderedJavaString().Decode(b)
	return codecs.Text{V: s, Valid: err == nil}, err
}

// Held counts entries that are held back.
type Held struct {
	Entries int64 `cbor:"1,keyasint" json:"entries"`
}

func (h *Held) entries() *int64 { return &h.Entries }

// DailySpend is a row of tddl_output.
type DailySpend struct {
	Created   codecs.Text `json:"gmt_create"`   // the smallest, as it came
	Modified  codecs.Text `json:"gmt_modified"` // the largest, as it came
	Buyer     int64       `json:"buyer_id"`
	Amount    int64       `json:"cumulate_amount"` // yuan, larger than 0
	Day       int64       `json:"effect_time"`     // yyyyMMdd
	UpdatedAt string      `json:"updated_at"`      // when the newest record that made the row arrived: RFC 3339, ms
}

// positive reports whether there is anything to grant a coupon for.
func (s DailySpend) positive() bool { return s.Amount > 0 }

// rfc3339Milli is RFC 3339 with milliseconds, always three.
const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

func (c Config) dailySpend(row tables.Row[BuyerDay, Spend]) (DailySpend, error) {
	buyer, day, err := row.Key.parts()
	if err != nil {
		return DailySpend{}, err
	}
	s := row.Value
	return DailySpend{
		Created: s.Created, Modified: s.Modified, Buyer: buyer, Amount: s.Amount, Day: day,
		UpdatedAt: row.UpdatedAt.In(c.Zone).Format(rfc3339Milli),
	}, nil
}

// parts are buyer_id and effect_time.
func (k BuyerDay) parts() (buyer, day int64, err error) {
	parts, err := tables.SplitKey(k)
	if err != nil {
		return 0, 0, err
	}
	if len(parts) != 2 {
		return 0, 0, fmt.Errorf("%q is not the key of a buyer's day", string(k))
	}
	if buyer, err = strconv.ParseInt(parts[0].V, 10, 64); err != nil {
		return 0, 0, err
	}
	day, err = strconv.ParseInt(parts[1].V, 10, 64)
	return buyer, day, err
}
