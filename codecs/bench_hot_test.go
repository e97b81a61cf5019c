package codecs

import (
	"testing"

	"github.com/shopspring/decimal"
)

// The types below have the shape of what the topologies declare: a record that
// comes in, a row, a change on its way to another key, and a result.

// boughtOrder reads five of the nine fields of a shop's order.
type boughtOrder struct {
	ID, Channel, PayTime, User Text
	RealPay                    Decimal
}

var boughtOrders = Object(
	TextField("order_id", func(o *boughtOrder) *Text { return &o.ID }),
	TextField("order_channel", func(o *boughtOrder) *Text { return &o.Channel }),
	DecimalField("real_pay", func(o *boughtOrder) *Decimal { return &o.RealPay }),
	TextField("pay_time", func(o *boughtOrder) *Text { return &o.PayTime }),
	TextField("user_id", func(o *boughtOrder) *Text { return &o.User }),
)

// spending is a row within a change.
type spending struct {
	BeginTime string `cbor:"1,keyasint"`
	Channel   string `cbor:"2,keyasint"`
	Guest     bool   `cbor:"3,keyasint,omitempty"`
	Payer     payer  `cbor:"4,keyasint"`
}

type payer struct {
	Paid     Decimal `cbor:"1,keyasint"`
	Orders   int64   `cbor:"2,keyasint"`
	LastPaid string  `cbor:"3,keyasint"`
}

// channelTotal is a row of a result topic.
type channelTotal struct {
	BeginTime   string  `json:"begin_time"`
	ChannelCode string  `json:"channel_code"`
	ChannelName string  `json:"channel_name"`
	GMV         Decimal `json:"cur_gmv"`
	Payers      int64   `json:"cur_order_user_count"`
	Orders      int64   `json:"cur_order_count"`
	LastPaid    string  `json:"last_pay_time"`
	UpdatedAt   string  `json:"updated_at"`
}

func aSpending(t testing.TB) spending {
	return spending{"2021-03-25 00:00:00", "webShop", true, payer{NotNull(amount(t, "1234.56")), 7, "2021-03-25 10:02:03"}}
}

func aTotal(t testing.TB) channelTotal {
	return channelTotal{
		"2021-03-25 00:00:00", "webShop", "Website", NotNull(amount(t, "1234567.89")), 1234, 5678,
		"2021-03-25 10:02:03", "2021-03-25T10:02:04.123+08:00",
	}
}

func BenchmarkObjectDecodeFiveOfNineFields(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := boughtOrders.DecodeEach(shopOrderJSON, func(boughtOrder) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectEncode(b *testing.B) {
	b.ReportAllocs()
	o, err := shopOrders.Decode(shopOrderJSON)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 512)
	for b.Loop() {
		if _, err := shopOrders.Encode(dst, o); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkEncode[V any](b *testing.B, c Codec[V], v V) {
	b.ReportAllocs()
	dst := make([]byte, 0, 4096)
	for b.Loop() {
		if _, err := c.Encode(dst, v); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkDecode[V any](b *testing.B, c Codec[V], v V) {
	b.ReportAllocs()
	stored := mustEncode(b, c, v)
	for b.Loop() {
		if _, err := c.Decode(stored); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompactEncodeNested(b *testing.B) {
	benchmarkEncode(b, Compact[spending](1), aSpending(b))
}
func BenchmarkCompactDecodeNested(b *testing.B) {
	benchmarkDecode(b, Compact[spending](1), aSpending(b))
}
func BenchmarkCompactEncodeEveryKind(b *testing.B) { benchmarkEncode(b, rows, fullRow(b)) }
func BenchmarkCompactDecodeEveryKind(b *testing.B) { benchmarkDecode(b, rows, fullRow(b)) }
func BenchmarkJSONEncodeResult(b *testing.B) {
	benchmarkEncode(b, JSON[channelTotal](), aTotal(b))
}
func BenchmarkJSONDecodeResult(b *testing.B) {
	benchmarkDecode(b, JSON[channelTotal](), aTotal(b))
}

// What a sum costs that takes one amount in and another one out.
func BenchmarkDecimalAddAndSub(b *testing.B) {
	b.ReportAllocs()
	sum, in, out := amount(b, "1234567.89"), amount(b, "100.5"), amount(b, "100.25")
	var next decimal.Decimal
	for b.Loop() {
		next = sum.Add(in).Sub(out)
	}
	_ = next
}

func BenchmarkDecimalParse(b *testing.B) {
	b.ReportAllocs()
	text := []byte("100.25")
	for b.Loop() {
		if _, err := parseDecimal(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecimalString(b *testing.B) {
	b.ReportAllocs()
	d, dst := amount(b, "1234567.89"), make([]byte, 0, 64)
	for b.Loop() {
		if _, err := appendDecimal(dst, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompactBound(b *testing.B) {
	b.ReportAllocs()
	c, v := Compact[keptOrder](1).(Bounded[keptOrder]), keptRow(b)
	for b.Loop() {
		c.Bound(v)
	}
}
