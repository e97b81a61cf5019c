package codecs

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// order is the record of the tests: an order as a shop writes it.
type order struct {
	ID   Text
	Paid Decimal
	At   Bigint
}

var orders = Object(
	TextField("order_id", func(o *order) *Text { return &o.ID }),
	DecimalField("real_pay", func(o *order) *Decimal { return &o.Paid }),
	BigintField("gmt_modified", func(o *order) *Bigint { return &o.At }),
)

// sameOrder compares amounts by value.
func sameOrder(a, b order) bool {
	return a.ID == b.ID && a.At == b.At && a.Paid.Valid == b.Paid.Valid && a.Paid.V.Equal(b.Paid.V)
}

func amount(t testing.TB, text string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func mustEncode[V any](t testing.TB, c Codec[V], v V) []byte {
	t.Helper()
	b, err := c.Encode(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
