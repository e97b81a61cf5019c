package codecs

import "testing"

// shopOrder is a record of 200 bytes with nine fields, as a shop writes it.
type shopOrder struct {
	ID, Channel, OrderTime, PayTime, User, Name, Area Text
	PayAmount, RealPay                                Decimal
}

var shopOrders = Object(
	TextField("order_id", func(o *shopOrder) *Text { return &o.ID }),
	TextField("order_channel", func(o *shopOrder) *Text { return &o.Channel }),
	TextField("order_time", func(o *shopOrder) *Text { return &o.OrderTime }),
	DecimalField("pay_amount", func(o *shopOrder) *Decimal { return &o.PayAmount }),
	DecimalField("real_pay", func(o *shopOrder) *Decimal { return &o.RealPay }),
	TextField("pay_time", func(o *shopOrder) *Text { return &o.PayTime }),
	TextField("user_id", func(o *shopOrder) *Text { return &o.User }),
	TextField("user_name", func(o *shopOrder) *Text { return &o.Name }),
	TextField("area_id", func(o *shopOrder) *Text { return &o.Area }),
)

var shopOrderJSON = []byte(`{"order_id":"202103241000","order_channel":"webShop","order_time":"2021-03-24 10:00:00","pay_amount":100.5,` +
	`"real_pay":100.25,"pay_time":"2021-03-24 10:02:03","user_id":"0001","user_name":"Alice","area_id":"330106"}`)

// keptOrder is the part of it that a topology keeps.
type keptOrder struct {
	ID      Text    `cbor:"1,keyasint,omitzero"`
	Channel Text    `cbor:"2,keyasint,omitzero"`
	PayTime Text    `cbor:"3,keyasint,omitzero"`
	RealPay Decimal `cbor:"4,keyasint,omitzero"`
	User    Text    `cbor:"5,keyasint,omitzero"`
}

func BenchmarkObjectDecodeEach(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(shopOrderJSON)))
	n := 0
	for b.Loop() {
		if err := shopOrders.DecodeEach(shopOrderJSON, func(shopOrder) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectDecodeEachTwoOfNineFields(b *testing.B) {
	b.ReportAllocs()
	two := Object(
		TextField("user_id", func(o *order) *Text { return &o.ID }),
		DecimalField("real_pay", func(o *order) *Decimal { return &o.Paid }),
	)
	for b.Loop() {
		if err := two.DecodeEach(shopOrderJSON, func(order) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSONDecode(b *testing.B) {
	b.ReportAllocs()
	type tagged struct {
		ID        string  `json:"order_id"`
		Channel   string  `json:"order_channel"`
		OrderTime string  `json:"order_time"`
		PayAmount float64 `json:"pay_amount"`
		RealPay   float64 `json:"real_pay"`
		PayTime   string  `json:"pay_time"`
		User      string  `json:"user_id"`
		Name      string  `json:"user_name"`
		Area      string  `json:"area_id"`
	}
	for b.Loop() {
		if _, err := JSON[tagged]().Decode(shopOrderJSON); err != nil {
			b.Fatal(err)
		}
	}
}

func keptRow(b testing.TB) keptOrder {
	return keptOrder{
		ID: NotNull("202103241000"), Channel: NotNull("webShop"), PayTime: NotNull("2021-03-24 10:02:03"),
		RealPay: NotNull(amount(b, "100.25")), User: NotNull("0001"),
	}
}

func BenchmarkCompactEncode(b *testing.B) {
	b.ReportAllocs()
	c, v, dst := Compact[keptOrder](1), keptRow(b), make([]byte, 0, 512)
	for b.Loop() {
		if _, err := c.Encode(dst, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompactDecode(b *testing.B) {
	b.ReportAllocs()
	c := Compact[keptOrder](1)
	stored, err := c.Encode(nil, keptRow(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Decode(stored); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOrderedDecimalAppend(b *testing.B) {
	b.ReportAllocs()
	d, dst := amount(b, "-1234.56"), make([]byte, 0, 64)
	for b.Loop() {
		OrderedDecimal().Append(dst, d)
	}
}
