package stream_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// A shop in which orders change: the tests' own small topology.

type (
	orderID string
	channel string
)

type order struct {
	ID      string `json:"id" cbor:"1,keyasint,omitzero"`
	Channel string `json:"channel" cbor:"2,keyasint,omitzero"` // "": none
	Version int64  `json:"version" cbor:"3,keyasint,omitzero"`
	Paid    int64  `json:"paid" cbor:"4,keyasint,omitzero"`
	User    string `json:"user" cbor:"5,keyasint,omitzero"` // "": nobody
	Minute  int64  `json:"minute" cbor:"6,keyasint,omitzero"`
	Title   string `json:"title" cbor:"7,keyasint,omitzero"`
}

// noon is where minutes are counted from, and where the driver's wall clock starts.
var noon = time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)

func minute(n int64) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func orderTime(o order) (time.Time, error) {
	if o.Title == "no time" {
		return time.Time{}, errors.New("has no time")
	}
	return minute(o.Minute), nil
}

type totals struct {
	Orders int64 `json:"orders" cbor:"1,keyasint,omitzero"`
	Paid   int64 `json:"paid" cbor:"2,keyasint,omitzero"`
}

var (
	orders    = stream.NewTopic[stream.Unkeyed]("orders", codecs.JSON[order](), orderTime)
	byOrder   = stream.NewTopic[orderID]("shop-by-order", codecs.Compact[order](1), orderTime)
	latest    = tables.New[orderID]("shop-latest", codecs.Compact[order](1))
	byChannel = stream.NewChangeTopic[channel]("shop-by-channel", codecs.Compact[order](1))
	perShop   = tables.New[channel]("shop-channels", codecs.Compact[totals](1))
	results   = stream.NewTopic[channel]("shop-results", codecs.JSON[totals](), nil)
)

func idOf(o order) (orderID, error) { return orderID(o.ID), nil }

func newer(held, o order) bool { return o.Version > held.Version }

func channelOf(o order) (channel, error) {
	if o.Channel == "" {
		return "", stream.ErrNoGroup
	}
	return channel(o.Channel), nil
}

func countOrders() stream.Measure[order, totals] {
	return stream.Count[order]("orders", func(a *totals) *int64 { return &a.Orders })
}

func sumPaid() stream.Measure[order, totals] {
	return stream.SumInt("paid", func(a *totals) *int64 { return &a.Paid }, func(o order) int64 { return o.Paid })
}

// shop describes: per channel, how many orders there are and what was paid.
func shop() *stream.Topology {
	t := stream.New("shop")
	keyed := stream.KeyBy(stream.From(t, orders), byOrder, idOf)
	grouped := stream.GroupBy(stream.Latest(keyed, latest, newer), byChannel, channelOf)
	stream.Aggregate(grouped, perShop, countOrders(), sumPaid()).To(results)
	return t
}

func build(tb streamtest.TB, t *stream.Topology) *stream.Topology {
	tb.Helper()
	built, err := t.Build()
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return built
}

func run(tb streamtest.TB, t *stream.Topology, opts ...streamtest.Option) *streamtest.Driver {
	tb.Helper()
	return streamtest.New(tb, build(tb, t), opts...)
}

func send(d *streamtest.Driver, os ...order) {
	for _, o := range os {
		streamtest.Send(d, orders, "", o)
	}
	d.Run()
}

// written is what the topology wrote to a topic since it was last asked, as "key value"; a tombstone has no
// value.
func written[K stream.Key, V any](d *streamtest.Driver, x stream.Topic[K, V]) []string {
	var ss []string
	for _, r := range streamtest.Read(d, x) {
		if r.Value == nil {
			ss = append(ss, string(r.Key))
			continue
		}
		ss = append(ss, strings.TrimSpace(fmt.Sprint(string(r.Key), " ", *r.Value)))
	}
	return ss
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func wantNoDeadLetters(tb streamtest.TB, d *streamtest.Driver) {
	tb.Helper()
	if ls := d.DeadLetters(); len(ls) > 0 {
		tb.Fatalf("%d dead letters, the first: %+v", len(ls), ls[0])
	}
}
