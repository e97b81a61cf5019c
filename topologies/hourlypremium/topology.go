// Package hourlypremium totals insurance premiums, policies and policyholders per hour.
//
// One policy order is many records: each change of it comes as a new one, with the fields that changed. The
// topology keeps the last value of each field, and counts each order in the hour of its last change: a later
// record moves it there, and an hour that nothing is left in is deleted.
//
//	user_order -> last values per order -> per hour -> adm_pfm_zy_order_gmv_msx_hs
//
// Read on in order.go (what comes in) and hour.go (what goes out).
package hourlypremium

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Config holds what differs between installations. Its zero value is one that works.
type Config struct {
	// Zone is where hours begin and end. nil: Asia/Shanghai.
	Zone *time.Location
	// From leaves out records modified before it, before anything else looks at them. Zero: all are kept.
	From time.Time
	// Retain is for how long after its last change an order can still be corrected; what comes later is a
	// dead letter. 0: for ever, and the state grows for ever. DefaultRetain is what the binary uses.
	Retain time.Duration
	// Identity says which records are about the same order. "": ByID. It is part of what is stored: with
	// another one, start empty.
	Identity Identity
}

// DefaultRetain is a week of corrections.
const DefaultRetain = 7 * day

const day = 24 * time.Hour

// Identity names the field that tells orders apart.
type Identity string

// The identities. The reference groups by id, which its table calls the user's and its text the order's: if
// it is the user's, a user's next order takes the place of the one before.
const (
	ByID      Identity = "id"
	ByOrderNo Identity = "order_no"
)

// shanghai is Asia/Shanghai since 1991; as a value, so that nothing has to be read from a disk.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// UserOrders is the input: changes of orders, as other programs write them.
var UserOrders = stream.NewTopic[stream.Unkeyed]("user_order", OrderRecords, OrderRecord.modifiedAt)

// The topics and tables between input and output, and the output.
var (
	OrdersByIdentity = stream.NewTopic[OrderKey]("hourlypremium-orders-by-identity", codecs.Compact[Order](1), nil)
	LastOrders       = tables.New[OrderKey]("hourlypremium-orders", codecs.Compact[Order](1))
	OrdersByHour     = stream.NewChangeTopic[Hour]("hourlypremium-orders-by-hour", codecs.Compact[Order](1))
	Hours            = tables.New[Hour]("hourlypremium-hours", codecs.Compact[Totals](1))

	HourlyPremiums = stream.NewTopic[Hour]("adm_pfm_zy_order_gmv_msx_hs", codecs.JSON[HourlyPremium](), nil)
)

// Topology reads UserOrders and keeps HourlyPremiums.
func Topology(c Config) (*stream.Topology, error) {
	if c.Zone == nil {
		c.Zone = shanghai
	}
	identity, err := c.Identity.key()
	if err != nil {
		return nil, err
	}
	t := stream.New("hourlypremium")

	dated := stream.From(t, UserOrders).Filter(OrderRecord.dated).Filter(c.since)
	orders := stream.KeyBy(stream.MapValues(dated, newOrder), OrdersByIdentity, identity)
	last := stream.Fold(orders, retain(LastOrders, c, 0), lastValues)

	byHour := stream.GroupBy(last, OrdersByHour, c.hour)
	totals := stream.Aggregate(byHour, retain(Hours, c, 1),
		stream.Sum("premium", (*Totals).premium, Order.premium),
		stream.CountDistinct("policies", (*Totals).policies, Order.policy),
		stream.CountDistinct("holders", (*Totals).holders, Order.holder),
	)
	stream.MapRows(totals, c.hourlyPremium).To(HourlyPremiums)

	return t.Build()
}

// since reports whether a record counts from c.From on.
func (c Config) since(r OrderRecord) bool {
	return c.From.IsZero() || r.Modified.V >= c.From.UnixMilli()
}

// retain gives a table its retention. Each level keeps a day more than the one above it, whose changes it
// takes in: a correction must still find what it corrects.
func retain[K stream.Key, A any](t tables.Table[K, A], c Config, level int) tables.Table[K, A] {
	if c.Retain > 0 {
		t.Retain = c.Retain + time.Duration(level)*day
	}
	return t
}

// key finds the field that is the identity.
func (i Identity) key() (func(Order) (OrderKey, error), error) {
	switch i {
	case ByID, "":
		return Order.byID, nil
	case ByOrderNo:
		return Order.byOrderNo, nil
	}
	return nil, fmt.Errorf("topology hourlypremium: the identity is %q: it must be %s or %s", string(i), ByID, ByOrderNo)
}
