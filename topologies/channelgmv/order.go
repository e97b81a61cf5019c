package channelgmv

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// OrderDetail is a version of an order as it comes in. Any field may be missing.
type OrderDetail struct {
	OrderID, Channel, OrderTime codecs.Text
	PayAmount                   codecs.Decimal // not used, but a record in which it is no number is damaged
	RealPay                     codecs.Decimal
	PayTime, UserID             codecs.Text
}

// OrderDetails reads and writes the JSON of the input topic.
var OrderDetails = codecs.Object(
	codecs.TextField("order_id", func(d *OrderDetail) *codecs.Text { return &d.OrderID }),
	codecs.TextField("order_channel", func(d *OrderDetail) *codecs.Text { return &d.Channel }),
	codecs.TextField("order_time", func(d *OrderDetail) *codecs.Text { return &d.OrderTime }),
	codecs.DecimalField("pay_amount", func(d *OrderDetail) *codecs.Decimal { return &d.PayAmount }),
	codecs.DecimalField("real_pay", func(d *OrderDetail) *codecs.Decimal { return &d.RealPay }),
	codecs.TextField("pay_time", func(d *OrderDetail) *codecs.Text { return &d.PayTime }),
	codecs.TextField("user_id", func(d *OrderDetail) *codecs.Text { return &d.UserID }),
)

// paid reports whether the version says what was paid. One that does not says nothing about payment: it
// neither counts nor takes back what an older version counted.
func (d OrderDetail) paid() bool { return d.RealPay.Valid }

// paidAt is the record's event time; of an unpaid version it is not known.
func (d OrderDetail) paidAt(zone *time.Location) (time.Time, error) {
	if !d.paid() {
		return time.Time{}, nil
	}
	return payTime(d.PayTime, zone)
}

// Order is a paid version of an order. Its times are what the shop's clock showed, in the form of
// clockLayout: they sort as text and need no zone.
type Order struct {
	ID        codecs.Text    `cbor:"1,keyasint,omitzero" json:"order_id"`
	Channel   string         `cbor:"2,keyasint" json:"channel_code"`
	User      codecs.Text    `cbor:"3,keyasint,omitzero" json:"user_id"`
	RealPay   codecs.Decimal `cbor:"4,keyasint" json:"real_pay"`
	PaidAt    string         `cbor:"5,keyasint" json:"pay_time"`
	OrderedAt codecs.Text    `cbor:"6,keyasint,omitzero" json:"order_time"` // as it came where it is no time
	Dated     bool           `cbor:"7,keyasint,omitempty" json:"-"`         // OrderedAt is a time
}

// newOrder checks a paid version. What it refuses is a dead letter.
func newOrder(d OrderDetail) (Order, error) {
	at, err := payTime(d.PayTime, time.UTC)
	if err != nil {
		return Order{}, err
	}
	o := Order{ID: d.OrderID, Channel: channelCode(d.Channel), User: d.UserID, RealPay: d.RealPay, PaidAt: at.Format(clockLayout), OrderedAt: d.OrderTime}
	if at, err := parseClock(d.OrderTime.V, time.UTC); err == nil {
		o.OrderedAt, o.Dated = codecs.NotNull(at.Format(clockLayout)), true
	}
	return o, nil
}

func (o Order) realPay() (decimal.Decimal, bool) { return o.RealPay.V, o.RealPay.Valid }
func (o Order) paidAt() (string, bool)           { return o.PaidAt, true }

// beginTime is the start of the day on which the order was paid.
func (o Order) beginTime() string { return o.PaidAt[:len(time.DateOnly)] + " 00:00:00" }

// newer reports whether o replaces held: the later order_time wins, and of equal ones the first to arrive. A
// text that is no time loses to every time, a missing one to everything.
//
//	2021-03-25 10:00:00  >  2021-03-25 9:30:00  >  2021/03/25  >  (empty text)  >  null
func newer(held, o Order) bool {
	switch {
	case o.Dated != held.Dated:
		return o.Dated
	case o.OrderedAt.Valid != held.OrderedAt.Valid:
		return o.OrderedAt.Valid
	}
	return o.OrderedAt.V > held.OrderedAt.V
}

// OrderID is the key of an order.
type OrderID string

var errNoOrderID = errors.New("order_id is missing")

// key is the order's id. It refuses an order whose payer can't be a key either: here, where the record came
// in, and not two topics further on.
func (o Order) key() (OrderID, error) {
	if !o.ID.Valid {
		return "", errNoOrderID
	}
	if _, err := o.payer(); err != nil {
		return "", fmt.Errorf("user_id: %w", err)
	}
	return OrderID(o.ID.V), nil
}

// PayerDay is the key of a payer in a channel on a day: begin_time|channel_code|user_id. Orders without a
// user have null there and a fourth part, the salt.
type PayerDay string

// guestSalts is over how many keys the guest orders of a channel and day are spread, so that they don't
// all load one partition.
const guestSalts = 64

func (o Order) payer() (PayerDay, error) {
	parts := []tables.Part{tables.Text(o.beginTime()), tables.Text(o.Channel), tables.Part(o.User)}
	if !o.User.Valid {
		parts = append(parts, tables.Text(salt(o.ID.V)))
	}
	return tables.JoinKey[PayerDay](parts...)
}

// salt is the same for all versions of an order.
func salt(orderID string) string {
	h := fnv.New32a()
	h.Write([]byte(orderID))
	return strconv.Itoa(int(h.Sum32() % guestSalts))
}

// The channels.
const (
	webShop     = "webShop"
	appShop     = "appShop"
	miniAppShop = "miniAppShop"
	otherShop   = "other"
)

// channelCode is the channel under which an order counts: any that is not known is "other", null too.
func channelCode(channel codecs.Text) string {
	switch channel.V {
	case webShop, appShop, miniAppShop:
		return channel.V
	}
	return otherShop
}

// clockLayout is how times are stored and written. The fraction is left out where it is zero.
const clockLayout = "2006-01-02 15:04:05.999999999"

// parseClock reads a date and a time of day: yyyy-MM-dd HH:mm:ss, where month, day and time may have one
// digit, a fraction of a second may follow and spaces may surround it. The day must exist (no February 30th),
// and so must the time (no 24:00:00). Text after it, such as a zone, is an error.
func parseClock(text string, zone *time.Location) (time.Time, error) {
	return time.ParseInLocation("2006-1-2 15:4:5", strings.TrimSpace(text), zone)
}

func payTime(text codecs.Text, zone *time.Location) (time.Time, error) {
	if !text.Valid {
		return time.Time{}, errors.New("pay_time is missing, though real_pay is there")
	}
	at, err := parseClock(text.V, zone)
	if err != nil {
		return at, fmt.Errorf("pay_time %.64q is not a time of the form yyyy-MM-dd HH:mm:ss", text.V)
	}
	return at, nil
}
