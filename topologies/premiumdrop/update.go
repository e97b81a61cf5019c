package premiumdrop

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
)

// TraceRecord is a record of a premium as it comes in. Any field may be missing.
type TraceRecord struct {
	ID       codecs.Bigint
	Premium  codecs.Text
	Info     codecs.Text
	Modified codecs.Bigint // ms since 1970; only for Config.From
}

// TraceRecords reads and writes the JSON of the input topic.
var TraceRecords = codecs.Object(
	codecs.BigintField("id", func(r *TraceRecord) *codecs.Bigint { return &r.ID }),
	codecs.TextField("now_premium", func(r *TraceRecord) *codecs.Text { return &r.Premium }),
	codecs.TextField("now_info", func(r *TraceRecord) *codecs.Text { return &r.Info }),
	codecs.BigintField("gmt_modified", func(r *TraceRecord) *codecs.Bigint { return &r.Modified }),
)

// Trace is a record that makes sense: its premium is a decimal number. It is kept as it was written.
type Trace struct {
	ID      codecs.Bigint `cbor:"1,keyasint,omitzero"`
	Premium string        `cbor:"2,keyasint,omitzero"`
	Info    codecs.Text   `cbor:"3,keyasint,omitzero"`
}

var errNoPremium = errors.New("now_premium is missing")

func newTrace(r TraceRecord) (Trace, error) {
	if !r.Premium.Valid {
		return Trace{}, errNoPremium
	}
	if _, err := codecs.ParseDecimal(r.Premium.V); err != nil {
		return Trace{}, fmt.Errorf("now_premium %w", err)
	}
	return Trace{r.ID, r.Premium.V, r.Info}, nil
}

// amount is the premium as a number.
func (t Trace) amount() (decimal.Decimal, error) { return codecs.ParseDecimal(t.Premium) }

// ID is the key of the dimension: its id in decimal digits.
type ID string

func idOf(n int64) ID { return ID(strconv.FormatInt(n, 10)) }

// nobody is the key of traces without an id. It is in no dimension.
const nobody ID = "null"

func (t Trace) key() (ID, error) {
	if !t.ID.Valid {
		return nobody, nil
	}
	return idOf(t.ID.V), nil
}
