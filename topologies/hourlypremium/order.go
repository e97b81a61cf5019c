package hourlypremium

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

// OrderRecord is a change of an order as it comes in. Any field may be missing.
type OrderRecord struct {
	ID           codecs.Bigint
	OrderNo, Tel codecs.Text
	Modified     codecs.Bigint // ms since 1970
	Premium      codecs.Decimal

	// Not used, but a record in which they are no numbers is damaged.
	OrderType, PayTime, Created codecs.Bigint
	Price                       codecs.Decimal
}

// OrderRecords reads and writes the JSON of the input topic. account_payble is how its owner spells it.
var OrderRecords = codecs.Object(
	codecs.BigintField("id", func(r *OrderRecord) *codecs.Bigint { return &r.ID }),
	codecs.TextField("order_no", func(r *OrderRecord) *codecs.Text { return &r.OrderNo }),
	codecs.BigintField("order_type", func(r *OrderRecord) *codecs.Bigint { return &r.OrderType }),
	codecs.BigintField("pay_time", func(r *OrderRecord) *codecs.Bigint { return &r.PayTime }),
	codecs.DecimalField("order_price", func(r *OrderRecord) *codecs.Decimal { return &r.Price }),
	codecs.TextField("customer_tel", func(r *OrderRecord) *codecs.Text { return &r.Tel }),
	codecs.BigintField("gmt_created", func(r *OrderRecord) *codecs.Bigint { return &r.Created }),
	codecs.BigintField("gmt_modified", func(r *OrderRecord) *codecs.Bigint { return &r.Modified }),
	codecs.DecimalField("account_payble", func(r *OrderRecord) *codecs.Decimal { return &r.Premium }),
)

// dated reports whether the record says when it was written. One that does not belongs to no hour and to no
// day, and is left out.
func (r OrderRecord) dated() bool { return r.Modified.Valid }

// The years that can be written with four digits, in ms.
var (
	firstYear = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() + day.Milliseconds() // in any zone
	lastYear  = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - day.Milliseconds()
)

// modifiedAt is the record's event time.
func (r OrderRecord) modifiedAt() (time.Time, error) {
	switch ms := r.Modified.V; {
	case !r.dated():
		return time.Time{}, nil
	case ms < firstYear || ms >= lastYear:
		return time.Time{}, fmt.Errorf("gmt_modified %d is no time in milliseconds since 1970", ms)
	default:
		return time.UnixMilli(ms), nil
	}
}

// Order is the last value of each field of an order.
type Order struct {
	ID       codecs.Bigint  `cbor:"1,keyasint,omitzero" json:"id"`
	No       codecs.Text    `cbor:"2,keyasint,omitzero" json:"order_no"`
	Tel      codecs.Text    `cbor:"3,keyasint,omitzero" json:"customer_tel"`
	Modified int64          `cbor:"4,keyasint" json:"gmt_modified"` // ms since 1970
	Premium  codecs.Decimal `cbor:"5,keyasint,omitzero" json:"account_payble"`
}

func newOrder(r OrderRecord) (Order, error) {
	return Order{ID: r.ID, No: r.OrderNo, Tel: r.Tel, Modified: r.Modified.V, Premium: r.Premium}, nil
}

// lastValues takes over what a record says, in the order of arrival. A null says nothing: what was known
// stays.
//
//	no-1, null, 100.00  then  no-2, 138, null   no-2, 138, 100.00
func lastValues(_ stream.Record, held *Order, o Order) (*Order, error) {
	if held != nil {
		o.ID = last(held.ID, o.ID)
		o.No = last(held.No, o.No)
		o.Tel = last(held.Tel, o.Tel)
		o.Premium = last(held.Premium, o.Premium)
	}
	return &o, nil
}

func last[T any](held, v codecs.Null[T]) codecs.Null[T] {
	if v.Valid {
		return v
	}
	return held
}

func (o Order) premium() (decimal.Decimal, bool) { return o.Premium.V, o.Premium.Valid }
func (o Order) policy() (string, bool)           { return o.No.V, o.No.Valid }
func (o Order) holder() (string, bool)           { return o.Tel.V, o.Tel.Valid }

// OrderKey is the key of an order: its id or its order_no (see Identity).
type OrderKey string

var (
	errNoID      = errors.New("id is missing")
	errNoOrderNo = errors.New("order_no is missing")
)

func (o Order) byID() (OrderKey, error) {
	if !o.ID.Valid {
		return "", errNoID
	}
	return OrderKey(strconv.FormatInt(o.ID.V, 10)), nil
}

func (o Order) byOrderNo() (OrderKey, error) {
	if !o.No.Valid {
		return "", errNoOrderNo
	}
	return OrderKey(o.No.V), nil
}
