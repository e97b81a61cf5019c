package codecs_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
)

// Order is an order as a topology reads it, and stores it.
type Order struct {
	ID      codecs.Text    `cbor:"1,keyasint,omitzero"`
	Channel codecs.Text    `cbor:"2,keyasint,omitzero"`
	Paid    codecs.Decimal `cbor:"3,keyasint,omitzero"`
	Changed codecs.Bigint  `cbor:"4,keyasint,omitzero"` // milliseconds since 1970
}

var orders = codecs.Object(
	codecs.TextField("order_id", func(o *Order) *codecs.Text { return &o.ID }),
	codecs.TextField("order_channel", func(o *Order) *codecs.Text { return &o.Channel }),
	codecs.DecimalField("real_pay", func(o *Order) *codecs.Decimal { return &o.Paid }),
	codecs.BigintField("gmt_modified", func(o *Order) *codecs.Bigint { return &o.Changed }),
)

func ExampleObject() {
	show := func(o Order) error {
		fmt.Printf("%q from %s: %v at %v\n", o.ID.V, o.Channel.Or("other"), o.Paid.V, o.Changed.V)
		return nil
	}
	for _, value := range []string{
		`{"order_id":5902,"order_channel":"webShop","real_pay":" 1e2 ","gmt_modified":1616673780000.9,"area":"330106"}`,
		`[{"order_id":"007","real_pay":0.10},{}]`,
		`{"order_id":"8","real_pay":"80f"}`,
	} {
		if err := orders.DecodeEach([]byte(value), show); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// "5902" from webShop: 100 at 1616673780000
	// "007" from other: 0.1 at 0
	// "" from other: 0 at 0
	// field "real_pay": "80f" is not a decimal number
}

func ExampleObjectCodec_Encode() {
	b, _ := orders.Encode(nil, Order{ID: codecs.NotNull("007"), Paid: codecs.NotNull(decimal.New(1250, -2))})
	fmt.Printf("%s\n", b)
	// Output: {"order_id":"007","real_pay":12.5}
}

func ExampleFieldError() {
	_, err := orders.Decode([]byte(`{"gmt_modified":"12.7"}`))
	var field *codecs.FieldError
	fmt.Println(errors.As(err, &field), field.Field, field.Text)
	// Output: true gmt_modified 12.7
}

func ExampleJSON() {
	type total struct {
		Channel string         `json:"channel_name"`
		GMV     codecs.Decimal `json:"cur_gmv"`
		Last    codecs.Text    `json:"last_pay_time"`
	}
	b, _ := codecs.JSON[total]().Encode(nil, total{Channel: "Tea & Co", GMV: codecs.NotNull(decimal.New(24130, -2))})
	fmt.Printf("%s\n", b)
	// Output: {"channel_name":"Tea & Co","cur_gmv":241.3,"last_pay_time":null}
}

func ExampleCompact() {
	state := codecs.Compact[Order](1)
	b, _ := state.Encode(nil, Order{ID: codecs.NotNull("007"), Paid: codecs.NotNull(decimal.New(1250, -2))})
	o, err := state.Decode(b)
	fmt.Println(len(b), "bytes:", o.ID.V, o.Paid.V, o.Channel.Valid, err)
	// Output: 16 bytes: 007 12.5 false <nil>
}

func ExampleUpgrade() {
	type Fen struct{ Paid int64 } // version 1 counted in hundredths
	fen := codecs.Compact[Fen](1)
	stored, _ := fen.Encode(nil, Fen{1250})

	type Yuan struct{ Paid decimal.Decimal }
	yuan := codecs.Compact(2, codecs.Upgrade(1, func(stored []byte) (Yuan, error) {
		old, err := fen.Decode(stored)
		return Yuan{decimal.New(old.Paid, -2)}, err
	}))
	now, err := yuan.Decode(stored)
	fmt.Println(now.Paid, err)

	_, err = codecs.Compact[Yuan](1).Decode([]byte{2, 0xa0})
	fmt.Println(errors.Is(err, codecs.ErrNewerVersion))
	// Output:
	// 12.5 <nil>
	// true
}

func ExampleNull() {
	nobody, empty := codecs.Text{}, codecs.NotNull("")
	fmt.Printf("%v %v %q\n", nobody.Valid, empty.Valid, nobody.Or("guest"))
	// Output: false true "guest"
}

func ExampleParseDecimal() {
	for _, text := range []string{" +080.50 ", "8.0e1", "80f", "1e999999999"} {
		d, err := codecs.ParseDecimal(text)
		fmt.Println(d, err)
	}
	// Output:
	// 80.5 <nil>
	// 80 <nil>
	// 0 "80f" is not a decimal number
	// 0 "1e999999999" is out of range: an absolute value below 10^15 is allowed
}

func ExampleParseBigint() {
	fmt.Println(codecs.ParseBigint(" 007 "))
	fmt.Println(codecs.ParseBigint("12.7"))
	// Output:
	// 7 <nil>
	// 0 "12.7" is not an integer
}

func ExampleChecked() {
	type Row struct {
		Paid   int64 `cbor:"1,keyasint"`
		Orders int64 `cbor:"1,keyasint"`
	}
	fmt.Println(codecs.Compact[Row](1).(codecs.Checked).Check())
	// Output: type codecs_test.Row: fields Paid and Orders have the same tag cbor:"1,keyasint"
}

func ExampleInt64() {
	b, _ := codecs.Int64().Encode(nil, -3)
	n, err := codecs.Int64().Decode(b)
	fmt.Println(b, n, err)
	// Output: [5] -3 <nil>
}

func ExampleString() {
	b, _ := codecs.String().Encode([]byte("key: "), "007")
	fmt.Println(string(b))
	// Output: key: 007
}

func ExampleBytes() {
	b, err := codecs.Bytes().Decode([]byte("raw"))
	fmt.Println(string(b), err)
	// Output: raw <nil>
}

func ExampleOrderedDecimal() {
	order := codecs.OrderedDecimal()
	var keys [][]byte
	for _, text := range []string{"10", "-2.5", "9", "-10", "0.1", "0"} {
		keys = append(keys, order.Append(nil, decimal.RequireFromString(text)))
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	slices.SortFunc(keys, bytes.Compare) // as LevelDB does
	for _, k := range keys {
		d, _ := order.Decode(k)
		fmt.Print(d, " ")
	}
	// Output: -10 -2.5 0 0.1 9 10
}

func ExampleOrderedJavaString() {
	before := func(o codecs.Ordered[string], a, b string) bool {
		return bytes.Compare(o.Append(nil, a), o.Append(nil, b)) < 0
	}
	fmt.Println(before(codecs.OrderedString(), "😀", "Ａ"), before(codecs.OrderedJavaString(), "😀", "Ａ"))
	// Output: false true
}

func ExampleOrderedString() {
	fmt.Printf("%s\n", codecs.OrderedString().Append([]byte("max/"), "007"))
	// Output: max/007
}

func ExampleOrderedInt64() {
	fmt.Printf("%x\n%x\n", codecs.OrderedInt64().Append(nil, -1), codecs.OrderedInt64().Append(nil, 1))
	// Output:
	// 7fffffffffffffff
	// 8000000000000001
}

func ExampleOrderedTime() {
	noon := time.Date(2021, 3, 25, 12, 0, 0, 1, time.FixedZone("Shanghai", 8*3600))
	back, err := codecs.OrderedTime().Decode(codecs.OrderedTime().Append(nil, noon))
	fmt.Println(back, err)
	// Output: 2021-03-25 04:00:00.000000001 +0000 UTC <nil>
}

// A record of another shape than usual is read as well, and counted.
func ExampleFallingBack() {
	c := codecs.Object(codecs.TextField("name", func(t *codecs.Text) *codecs.Text { return t }))
	for _, b := range []string{`{"name": "Ada", "age": 36}`, `{"name": "A\u0064a"}`, `[{"name": "Ada"}]`} {
		name, err := c.Decode([]byte(b))
		fmt.Println(name.V, err, c.Fallbacks())
	}
	// Output:
	// Ada <nil> 0
	// Ada <nil> 1
	// Ada <nil> 2
}
