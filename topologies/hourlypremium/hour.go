package hourlypremium

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// Hour is the key of an hour, in the zone's local time: yyyyMMddHH. Where clocks are set back, two hours
// have the same name and share a row.
type Hour string

const hourLayout = "2006010215"

// hour is that of an order's last change.
func (c Config) hour(o Order) (Hour, error) {
	return Hour(time.UnixMilli(o.Modified).In(c.Zone).Format(hourLayout)), nil
}

// Totals are those of the orders in an hour.
type Totals struct {
	Premium  codecs.Decimal `cbor:"1,keyasint" json:"total_premium"`
	Policies int64          `cbor:"2,keyasint" json:"policy_cnt"`
	Holders  int64          `cbor:"3,keyasint" json:"policy_holder_cnt"`
}

// premium is where the sum is added up; the sum of nothing is 0 and not null.
func (t *Totals) premium() *decimal.Decimal {
	t.Premium.Valid = true
	return &t.Premium.V
}

func (t *Totals) policies() *int64 { return &t.Policies }
func (t *Totals) holders() *int64  { return &t.Holders }

// HourlyPremium is a row of adm_pfm_zy_order_gmv_msx_hs.
type HourlyPremium struct {
	BizDate   string         `json:"biz_date"`          // yyyyMMddHH
	Premium   codecs.Decimal `json:"total_premium"`     // a JSON number, exact
	Policies  int64          `json:"policy_cnt"`        // different order_no
	Holders   int64          `json:"policy_holder_cnt"` // different customer_tel
	UpdatedAt string         `json:"updated_at"`        // when the newest record that made the row arrived: RFC 3339, ms
}

// rfc3339Milli is RFC 3339 with milliseconds, always three.
const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

func (c Config) hourlyPremium(row tables.Row[Hour, Totals]) (HourlyPremium, error) {
	t := row.Value
	return HourlyPremium{
		BizDate: string(row.Key), Premium: t.Premium, Policies: t.Policies, Holders: t.Holders,
		UpdatedAt: row.UpdatedAt.In(c.Zone).Format(rfc3339Milli),
	}, nil
}
