package coupon

import (
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Entry is what a payment or refund says about money; any field may be missing. The reference takes minima
// of further columns (titles, attributes), which nothing reads.
type Entry struct {
	Order    codecs.Text    `cbor:"1,keyasint,omitzero" json:"biz_order_id"`
	Status   codecs.Text    `cbor:"2,keyasint,omitzero" json:"pay_status"`
	Buyer    codecs.Text    `cbor:"3,keyasint,omitzero" json:"buyer_id"` // an integer
	PayTime  codecs.Text    `cbor:"4,keyasint,omitzero" json:"pay_time"`
	Created  codecs.Text    `cbor:"5,keyasint,omitzero" json:"gmt_create"`
	Modified codecs.Text    `cbor:"6,keyasint,omitzero" json:"gmt_modified"`
	Fee      codecs.Decimal `cbor:"7,keyasint,omitzero" json:"fee"` // in fen
}

// PaymentEntries and RefundEntries read and write the JSON of the inputs.
var (
	PaymentEntries = entries("div_idx_actual_total_fee")
	RefundEntries  = entries("refund_fee")
)

func entries(fee string) *codecs.ObjectCodec[Entry] {
	return codecs.Object(
		codecs.TextField("biz_order_id", func(e *Entry) *codecs.Text { return &e.Order }),
		codecs.TextField("pay_status", func(e *Entry) *codecs.Text { return &e.Status }),
		codecs.TextField("buyer_id", func(e *Entry) *codecs.Text { return &e.Buyer }),
		codecs.TextField("pay_time", func(e *Entry) *codecs.Text { return &e.PayTime }),
		codecs.TextField("gmt_create", func(e *Entry) *codecs.Text { return &e.Created }),
		codecs.TextField("gmt_modified", func(e *Entry) *codecs.Text { return &e.Modified }),
		codecs.DecimalField(fee, func(e *Entry) *codecs.Decimal { return &e.Fee }),
	)
}

// paidAt is an entry's event time; zero: its pay_time can't be read, and another version may bring one.
func paidAt(zone *time.Location) func(Entry) (time.Time, error) {
	return func(e Entry) (time.Time, error) {
		at, _ := parsePayTime(e.PayTime, zone)
		return at, nil
	}
}

// OrderStatus is the key of an order in a status: biz_order_id|pay_status. Nulls are like any other value:
// all entries without an order id and of one status are one.
type OrderStatus string

// key refuses an entry whose buyer is no number: here, where the record came in.
func (e Entry) key() (OrderStatus, error) {
	if _, err := e.buyer(); err != nil {
		return "", err
	}
	return tables.JoinKey[OrderStatus](tables.Part(e.Order), tables.Part(e.Status))
}

// buyer is buyer_id as the number it is: "007" and " 7" are the buyer 7. Null: missing.
func (e Entry) buyer() (codecs.Bigint, error) {
	if !e.Buyer.Valid {
		return codecs.Bigint{}, nil
	}
	n, err := codecs.ParseBigint(e.Buyer.V)
	if err != nil {
		return codecs.Bigint{}, fmt.Errorf("buyer_id %w", err)
	}
	return codecs.NotNull(n), nil
}

// minima joins an entry to what is held of its order and status: the minimum of each column, nulls left out.
// Whatever arrives first, and however often, the result is the same.
//
//	fee 1000, created 10:00, buyer null  and  fee 800, created 11:00, buyer 7   fee 800, created 10:00, buyer 7
func minima(_ stream.Record, held *Entry, e Entry) (*Entry, error) {
	if held == nil {
		return &e, nil
	}
	e.Buyer = lesser(held.Buyer, e.Buyer, lessText)
	e.PayTime = lesser(held.PayTime, e.PayTime, lessText)
	e.Created = lesser(held.Created, e.Created, lessText)
	e.Modified = lesser(held.Modified, e.Modified, lessText)
	e.Fee = lesser(held.Fee, e.Fee, decimal.Decimal.LessThan)
	return &e, nil
}

func lesser[T any](held, v codecs.Null[T], less func(a, b T) bool) codecs.Null[T] {
	if !v.Valid || held.Valid && !less(v.V, held.V) {
		return held
	}
	return v
}

// lessText compares by UTF-16 code unit, as Flink's MIN does.
func lessText(a, b string) bool {
	order := codecs.OrderedJavaString()
	return a != b && string(order.Append(nil, a)) < string(order.Append(nil, b))
}

// BuyerDay is the key of a buyer's day: buyer_id|effect_time.
type BuyerDay string

func (e Entry) buyerDay() (BuyerDay, error) {
	if lack := e.lacks(); lack != "" {
		return "", stream.ErrNoGroup
	}
	buyer, err := e.buyer()
	if err != nil {
		return "", err
	}
	at, _ := parsePayTime(e.PayTime, time.UTC)
	return tables.JoinKey[BuyerDay](tables.Text(strconv.FormatInt(buyer.V, 10)), tables.Text(strconv.FormatInt(dayOf(at), 10)))
}

// Lack is what an entry lacks to count.
type Lack string

// The lacks. An entry that has both is held back for the first.
const (
	NoBuyer  Lack = "buyer_id"
	NoPayDay Lack = "pay_time"
)

// lacks is why the entry is held back; "": it is not.
func (e Entry) lacks() Lack {
	if !e.Buyer.Valid {
		return NoBuyer
	}
	if _, readable := parsePayTime(e.PayTime, time.UTC); !readable {
		return NoPayDay
	}
	return ""
}

func (e Entry) lack() (Lack, error) {
	if lack := e.lacks(); lack != "" {
		return lack, nil
	}
	return "", stream.ErrNoGroup
}

// amount is the fee in yuan, cut toward zero: 199 is 1, -199 is -1. A missing fee is 0.
func (e Entry) amount() int64 {
	return e.Fee.V.Shift(-2).IntPart()
}

func (e Entry) created() (codecs.Text, bool)  { return e.Created, e.Created.Valid }
func (e Entry) modified() (codecs.Text, bool) { return e.Modified, e.Modified.Valid }
