package coupon

import (
	"slices"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/stream"
)

// Buyer is the key of a buyer: buyer_id in decimal.
type Buyer string

func (d Decision) buyer() (Buyer, error) { return Buyer(strconv.FormatInt(d.Buyer, 10)), nil }

// moves reports whether the event changes what a buyer holds.
func (d Decision) moves() bool { return d.Event != Denied }

// Holding is the row of a buyer: the coupons that were issued and not revoked, in the order in which they were
// issued. A coupon leaves it when its pay day is closed.
type Holding struct {
	Coupons []Coupon  `cbor:"1,keyasint"`
	Updated time.Time `cbor:"2,keyasint"` // when the newest record that led to a coupon arrived
}

// BuyerLedger is a row of coupon_ledger.
type BuyerLedger struct {
	Buyer     int64    `json:"buyer_id"`
	FaceValue int64    `json:"face_value"` // of all coupons, yuan
	Coupons   []Coupon `json:"coupons"`
	UpdatedAt string   `json:"updated_at"`
}

type buyerContext = stream.Context[Buyer, Holding]

// ledger keeps what buyers hold.
type ledger struct {
	Config
	out stream.Output[Buyer, BuyerLedger]
}

func (l ledger) enter(x *buyerContext, d Decision) ([]Decision, error) {
	var row Holding
	if x.Row != nil {
		row = *x.Row
	}
	if at := x.Record().Arrived; at.After(row.Updated) {
		row.Updated = at
	}
	closes := l.closes(d.Day, deciderLevel)
	if d.Event == Issued {
		row.Coupons = append(slices.Clone(row.Coupons), d.Coupon)
		if !closes.IsZero() {
			if err := x.SetTimer(closing, closes); err != nil {
				return nil, err
			}
		}
		return nil, l.put(x, row)
	}
	row.Coupons = without(row.Coupons, func(c Coupon) bool { return c.ID == d.ID })
	if !closes.IsZero() && !slices.ContainsFunc(row.Coupons, func(c Coupon) bool { return c.Day == d.Day }) {
		if err := x.DeleteTimer(closing, closes); err != nil {
			return nil, err
		}
	}
	return nil, l.put(x, row)
}

// forget drops coupons that can't be revoked any more: the buyer's row would grow for ever.
func (l ledger) forget(x *buyerContext, at time.Time) ([]Decision, error) {
	if x.Row == nil {
		return nil, nil
	}
	row := *x.Row
	row.Coupons = without(row.Coupons, func(c Coupon) bool { return l.closed(c.Day, deciderLevel, at) })
	return nil, l.put(x, row)
}

// without returns a list of its own.
func without(cs []Coupon, gone func(Coupon) bool) []Coupon {
	return slices.DeleteFunc(slices.Clone(cs), gone)
}

// put stores a row and writes it to coupon_ledger. Who holds nothing has no row.
func (l ledger) put(x *buyerContext, row Holding) error {
	if len(row.Coupons) == 0 {
		x.Row = nil
		return l.out.Delete(x, x.Key)
	}
	x.Row = &row
	r := BuyerLedger{Buyer: row.Coupons[0].Buyer, Coupons: row.Coupons, UpdatedAt: l.rfc3339(row.Updated)}
	for _, c := range row.Coupons {
		r.FaceValue += c.FaceValue
	}
	return l.out.Send(x, x.Key, r)
}
