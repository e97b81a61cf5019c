package channelgmv_test

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// shop is the topology with a few words to talk to it.
type shop struct {
	*streamtest.Driver
	t      streamtest.TB
	orders stream.Topic[stream.Unkeyed, channelgmv.OrderDetail]
}

func open(t streamtest.TB, c channelgmv.Config, opts ...streamtest.Option) shop {
	t.Helper()
	topology, err := channelgmv.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return shop{streamtest.New(t, topology, opts...), t, channelgmv.Orders(c.Zone)}
}

// with changes a field of an order version.
type with func(*channelgmv.OrderDetail)

func channel(c string) with { return func(d *channelgmv.OrderDetail) { d.Channel = codecs.NotNull(c) } }
func user(u string) with    { return func(d *channelgmv.OrderDetail) { d.UserID = codecs.NotNull(u) } }
func orderTime(at string) with {
	return func(d *channelgmv.OrderDetail) { d.OrderTime = codecs.NotNull(at) }
}
func payTime(at string) with {
	return func(d *channelgmv.OrderDetail) { d.PayTime = codecs.NotNull(at) }
}
func guest(d *channelgmv.OrderDetail)  { d.UserID = codecs.Text{} }
func unpaid(d *channelgmv.OrderDetail) { d.RealPay, d.PayTime = codecs.Decimal{}, codecs.Text{} }

// version is a version of an order: Alice's, in the webShop, on March 25th, unless fields say otherwise.
func version(id, paid string, fields ...with) channelgmv.OrderDetail {
	d := channelgmv.OrderDetail{
		OrderID: codecs.NotNull(id), Channel: codecs.NotNull("webShop"), UserID: codecs.NotNull("alice"),
		OrderTime: codecs.NotNull("2021-03-25 10:00:00"), PayTime: codecs.NotNull("2021-03-25 10:02:03"),
		RealPay: codecs.NotNull(decimal.RequireFromString(paid)),
	}
	for _, change := range fields {
		change(&d)
	}
	return d
}

// takes sends order versions and waits until the totals are what they come to.
func (s shop) takes(versions ...channelgmv.OrderDetail) {
	s.t.Helper()
	for _, v := range versions {
		streamtest.Send(s.Driver, s.orders, stream.Unkeyed(v.OrderID.V), v)
	}
	s.Run()
}

// figures are what a result row says besides its names and times.
type figures struct {
	gmv            string
	payers, orders int64
	last           string
}

func (s shop) totals() map[channelgmv.ChannelDay]figures {
	s.t.Helper()
	m := map[channelgmv.ChannelDay]figures{}
	for k, r := range streamtest.Table(s.Driver, channelgmv.TradeChannelCollect) {
		m[k] = figures{r.GMV.V.String(), r.Payers, r.Orders, r.LastPaid}
	}
	return m
}

// shows compares the totals.
func (s shop) shows(want map[channelgmv.ChannelDay]figures) {
	s.t.Helper()
	if got := s.totals(); !maps.Equal(got, want) {
		s.t.Fatalf("the totals are\n%v\nwant\n%v", got, want)
	}
}

// wrote compares the keys of the result records since it was last asked; "-" stands before a tombstone's.
func (s shop) wrote(want ...string) {
	s.t.Helper()
	var got []string
	for _, r := range streamtest.Read(s.Driver, channelgmv.TradeChannelCollect) {
		k := string(r.Key)
		if r.Value == nil {
			k = "-" + k
		}
		got = append(got, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Fatalf("result records %q, want %q", got, want)
	}
}

// refusedNothing checks that there are no dead letters.
func (s shop) refusedNothing() {
	s.t.Helper()
	for _, l := range s.DeadLetters() {
		s.t.Fatalf("dead letter: %s: %s", l.Value, l.Reason)
	}
}

const (
	web25  = "2021-03-25 00:00:00|webShop"
	app24  = "2021-03-24 00:00:00|appShop"
	app25  = "2021-03-25 00:00:00|appShop"
	mini25 = "2021-03-25 00:00:00|miniAppShop"
	rest25 = "2021-03-25 00:00:00|other"
)
