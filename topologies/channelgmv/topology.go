// Package channelgmv totals what was paid per sales channel and day.
//
// One order is many records: each change of it comes as a new version. The topology keeps the newest version
// of each order, adds up orders per payer and payers per channel, and corrects both when a version replaces
// another: an order that moves to another channel or day leaves the old row and joins the new one.
//
//	orders -> newest version per order -> per (day, channel, payer) -> per (day, channel) -> trade_channel_collect
//
// Read on in order.go (what comes in) and totals.go (what goes out).
package channelgmv

import (
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Config holds what differs between installations. Its zero value is one that works.
type Config struct {
	// Zone is where the shop's clock hangs: order_time and pay_time are its local times. nil: Asia/Shanghai.
	Zone *time.Location
	// From leaves out payments made before it, before anything else looks at them. Zero: all are kept.
	From time.Time
	// Retain is for how long after it was paid an order can still be corrected; what comes later is a dead
	// letter. 0: for ever, and the state grows for ever. DefaultRetain is what the binary uses.
	Retain time.Duration
}

// DefaultRetain is a week of corrections.
const DefaultRetain = 7 * day

const day = 24 * time.Hour

// shanghai is Asia/Shanghai since 1991; as a value, so that nothing has to be read from a disk.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Orders is the input: order versions, as other programs write them.
func Orders(zone *time.Location) stream.Topic[stream.Unkeyed, OrderDetail] {
	paidAt := func(d OrderDetail) (time.Time, error) { return d.paidAt(zone) }
	return stream.NewTopic[stream.Unkeyed]("trade_order_detail_info", OrderDetails, paidAt)
}

// The topics and tables between input and output, and the output.
var (
	OrdersByID      = stream.NewTopic[OrderID]("channelgmv-orders-by-id", codecs.Compact[Order](1), nil)
	LatestOrders    = tables.New[OrderID]("channelgmv-orders", codecs.Compact[Order](1))
	OrdersByPayer   = stream.NewChangeTopic[PayerDay]("channelgmv-orders-by-payer", codecs.Compact[Order](1))
	Payers          = tables.New[PayerDay]("channelgmv-payers", codecs.Compact[Payer](1))
	PayersByChannel = stream.NewChangeTopic[ChannelDay]("channelgmv-payers-by-channel", codecs.Compact[Spending](1))
	ChannelDays     = tables.New[ChannelDay]("channelgmv-channels", codecs.Compact[Totals](1))

	TradeChannelCollect = stream.NewTopic[ChannelDay]("trade_channel_collect", codecs.JSON[ChannelTotal](), nil)
)

// Topology reads Orders and keeps TradeChannelCollect.
func Topology(c Config) (*stream.Topology, error) {
	if c.Zone == nil {
		c.Zone = shanghai
	}
	t := stream.New("channelgmv")

	paid := stream.From(t, Orders(c.Zone)).Filter(OrderDetail.paid)
	orders := stream.MapValues(paid, newOrder).Filter(c.since)
	byID := stream.KeyBy(orders, OrdersByID, Order.key)
	latest := stream.Latest(byID, retain(LatestOrders, c, 0), newer)

	byPayer := stream.GroupBy(latest, OrdersByPayer, Order.payer)
	payers := stream.Aggregate(byPayer, retain(Payers, c, 1),
		stream.Sum("paid", (*Payer).paid, Order.realPay),
		stream.Count[Order]("orders", (*Payer).orders),
		stream.Max("last-paid", (*Payer).lastPaid, Order.paidAt, codecs.OrderedString()),
	)

	byChannel := stream.GroupBy(stream.MapRows(payers, spending), PayersByChannel, Spending.channel)
	totals := stream.Aggregate(byChannel, retain(ChannelDays, c, 2),
		stream.Sum("gmv", (*Totals).gmv, Spending.paid),
		stream.CountIf("payers", (*Totals).payers, Spending.known),
		stream.SumInt("orders", (*Totals).orders, Spending.orders),
		stream.Max("last-paid", (*Totals).lastPaid, Spending.lastPaid, codecs.OrderedString()),
	)
	stream.MapRows(totals, c.channelTotal).To(TradeChannelCollect)

	return t.Build()
}

// since reports whether an order counts from c.From on.
func (c Config) since(o Order) bool {
	return c.From.IsZero() || o.PaidAt >= c.From.In(c.Zone).Format(clockLayout)
}

// retain gives a table its retention. Each level keeps a day more than the one above it, whose changes it
// takes in: a correction must still find what it corrects.
func retain[K stream.Key, A any](t tables.Table[K, A], c Config, level int) tables.Table[K, A] {
	if c.Retain > 0 {
		t.Retain = c.Retain + time.Duration(level)*day
	}
	return t
}
