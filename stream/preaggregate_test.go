package stream_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

var (
	differences = stream.NewTopic[channel]("shop-differences", codecs.Compact[totals](1), nil)
	summed      = tables.New[channel]("shop-summed", codecs.Compact[totals](1))
)

func addOrder(p totals, o order) totals { return totals{p.Orders + 1, p.Paid + o.Paid} }
func subOrder(p totals, o order) totals { return totals{p.Orders - 1, p.Paid - o.Paid} }

// addUp folds differences.
func addUp(_ stream.Record, held *totals, p totals) (*totals, error) {
	if held != nil {
		p = totals{held.Orders + p.Orders, held.Paid + p.Paid}
	}
	if p.Orders == 0 {
		return nil, nil
	}
	return &p, nil
}

func knownOrders(t *stream.Topology) stream.Changes[orderID, order] {
	return stream.Latest(stream.KeyBy(stream.From(t, orders), byOrder, idOf), latest, newer)
}

// preAggregated is the shop with one small change per commit and channel.
func preAggregated() *stream.Topology {
	t := stream.New("shop")
	stream.Fold(stream.PreAggregate(knownOrders(t), differences, channelOf, addOrder, subOrder), summed, addUp).To(results)
	return t
}

// sentDifferences is the differences that went to their topic since it was last asked.
func sentDifferences(t testing.TB, d *streamtest.Driver) (ss []string) {
	for _, r := range d.ReadRaw(differences.Name) {
		p, err := differences.Codec.Decode(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		ss = append(ss, fmt.Sprint(string(r.Key), " ", p))
	}
	return ss
}

func TestPreAggregateSendsOneDifferencePerCommitAndKey(t *testing.T) {
	d := run(t, preAggregated(), streamtest.CommitEvery(100))
	send(d, order{ID: "a", Channel: "web", Paid: 5, Version: 1}, order{ID: "b", Channel: "app", Paid: 1, Version: 1},
		order{ID: "c", Channel: "web", Paid: 7, Version: 1}, order{ID: "n", Channel: "", Paid: 7, Version: 1})
	want(t, "differences", sentDifferences(t, d), "web {2 12}", "app {1 1}")
	want(t, "results", written(d, results), "web {2 12}", "app {1 1}")

	send(d, order{ID: "a", Channel: "app", Paid: 6, Version: 2}, order{ID: "b", Channel: "app", Paid: 2, Version: 2})
	want(t, "differences", sentDifferences(t, d), "web {-1 -5}", "app {1 7}")
	want(t, "results", written(d, results), "web {1 7}", "app {2 8}")

	send(d, order{ID: "c", Channel: "", Version: 2})
	want(t, "the last one of a channel", written(d, results), "web")
	want(t, "state", d.StateKeys("shop-summed"), "app")
	wantNoDeadLetters(t, d)
}

func TestADifferenceOfNothingIsNotSent(t *testing.T) {
	d := run(t, preAggregated(), streamtest.CommitEvery(100))
	send(d, order{ID: "a", Channel: "web", Paid: 5, Version: 1})
	sentDifferences(t, d)
	send(d, order{ID: "a", Channel: "app", Paid: 5, Version: 2}, order{ID: "a", Channel: "web", Paid: 5, Version: 3},
		order{ID: "a", Channel: "web", Paid: 5, Version: 4, Title: "another"})
	want(t, "differences", sentDifferences(t, d))
}

// pair is a difference that knows itself when it is zero.
type pair struct {
	Orders int64 `cbor:"1,keyasint,omitzero"`
	Digits []int `cbor:"2,keyasint,omitzero"`
}

func (p pair) IsZero() bool { return p.Orders == 0 }

func TestADifferenceMaySayItselfThatItIsZero(t *testing.T) {
	x := stream.New("shop")
	pairs := stream.NewTopic[channel]("shop-differences", codecs.Compact[pair](1), nil)
	grow := func(n int64) func(pair, order) pair {
		return func(p pair, o order) pair { return pair{p.Orders + n, append(slices.Clone(p.Digits), int(o.Version))} }
	}
	stream.Fold(stream.PreAggregate(knownOrders(x), pairs, channelOf, grow(1), grow(-1)),
		tables.New[channel]("shop-pairs", codecs.Compact[pair](1)), func(_ stream.Record, _ *pair, p pair) (*pair, error) { return &p, nil })
	d := run(t, x, streamtest.CommitEvery(100))
	send(d, order{ID: "a", Channel: "web", Version: 1}, order{ID: "a", Channel: "app", Version: 2})
	for _, r := range d.ReadRaw("shop-differences") {
		if string(r.Key) != "app" {
			t.Errorf("a difference was sent to %s", r.Key)
		}
	}
}

func TestARecordThatFailsTakesItsContributionBack(t *testing.T) {
	x := stream.New("shop")
	rows := knownOrders(x)
	stream.Fold(stream.PreAggregate(rows, differences, channelOf, addOrder, subOrder), summed, addUp).To(results)
	// What hangs from the rows after the differences fails, when those have taken the record in already.
	refused := stream.NewTopic[orderID]("shop-refused", codecs.Compact[order](1), nil)
	stream.MapRows(rows, func(r tables.Row[orderID, order]) (order, error) {
		switch r.Value.Title {
		case "bad":
			return order{}, errors.New("bad title")
		case "panic":
			panic("bad title")
		}
		return r.Value, nil
	}).To(refused)
	d := run(t, x, streamtest.CommitEvery(100))
	send(d,
		order{ID: "new", Channel: "tv", Paid: 100, Version: 1, Title: "bad"}, // the only one of its channel
		order{ID: "a", Channel: "web", Paid: 5, Version: 1},
		order{ID: "a", Channel: "app", Paid: 100, Version: 2, Title: "panic"},
		order{ID: "b", Channel: "app", Paid: 1, Version: 1},
		order{ID: "a", Channel: "web", Paid: 6, Version: 3},
		order{ID: "c", Channel: "x\x00y", Paid: 1, Version: 1},
	)
	want(t, "differences", sentDifferences(t, d), "web {1 6}", "app {1 1}")
	if n := len(d.DeadLetters()); n != 3 {
		t.Errorf("%d dead letters", n)
	}
}

func TestADifferenceTooLargeToSendBlamesTheRecordThatMadeItSo(t *testing.T) {
	x := stream.New("shop")
	long := stream.NewTopic[channel]("shop-differences", codecs.String(), nil)
	add := func(p string, o order) string { return p + strings.Repeat("x", int(o.Paid)) }
	stream.Fold(stream.PreAggregate(knownOrders(x), long, channelOf, add, func(p string, _ order) string { return p }),
		tables.New[channel]("shop-long", codecs.Int64()), func(_ stream.Record, _ *int64, p string) (*int64, error) {
			n := int64(len(p))
			return &n, nil
		})
	d := run(t, x, streamtest.CommitEvery(100))
	send(d, order{ID: "a", Channel: "web", Paid: 500 << 10, Version: 1}, order{ID: "b", Channel: "web", Paid: 500 << 10, Version: 1},
		order{ID: "c", Channel: "web", Paid: 1, Version: 1})
	if ls := d.DeadLetters(); len(ls) != 1 || !strings.Contains(ls[0].Reason, "for topic shop-differences would have") || string(ls[0].Key) != "b" {
		t.Fatalf("%d dead letters", len(ls))
	}
	if n := streamtest.Rows(d, tables.New[channel]("shop-long", codecs.Int64()))["web"].Value; n != 500<<10+1 {
		t.Errorf("%d bytes were sent", n)
	}
}

func TestPreAggregatedSumsEqualARecountWhateverIsCommittedWhen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := run(t, preAggregated(), streamtest.Partitions(rapid.IntRange(1, 4).Draw(t, "partitions")),
			streamtest.InputPartitions("orders", rapid.IntRange(1, 3).Draw(t, "inputs")), streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
		current := map[string]order{}
		for version := range rapid.Int64Range(1, 40).Draw(t, "changes") {
			o := order{
				ID:      rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id"),
				Channel: rapid.SampledFrom([]string{"", "web", "app"}).Draw(t, "channel"),
				Paid:    rapid.Int64Range(-2, 6).Draw(t, "paid"), Version: version + 1,
			}
			current[o.ID] = o
			streamtest.Send(d, orders, "", o)
			if rapid.IntRange(0, 7).Draw(t, "crash") == 0 {
				for range rapid.IntRange(0, 20).Draw(t, "steps") {
					d.Step()
				}
				d.Restart()
			}
		}
		d.Run()
		want := map[channel]totals{}
		for _, o := range current {
			if o.Channel != "" {
				want[channel(o.Channel)] = addOrder(want[channel(o.Channel)], o)
			}
		}
		if got := streamtest.Table(d, results); !maps.Equal(got, want) {
			t.Fatalf("rows %v, want %v", got, want)
		}
		if keys := d.StateKeys("shop-summed"); len(keys) != len(want) {
			t.Fatalf("state %q", keys)
		}
		wantNoDeadLetters(t, d)
	})
}

// A commit may span hours of event time when much has to be caught up with.
func TestADifferenceIsNotLateThoughTimeWentOnWhileItWasGathered(t *testing.T) {
	x := stream.New("shop")
	known := tables.New[orderID]("shop-latest", codecs.Compact[order](1), tables.Retain(24*time.Hour))
	rows := stream.Latest(stream.KeyBy(stream.From(x, orders), byOrder, idOf), known, newer)
	brief := tables.New[channel]("shop-summed", codecs.Compact[totals](1), tables.Retain(48*time.Hour))
	stream.Fold(stream.PreAggregate(rows, differences, channelOf, addOrder, subOrder), brief, addUp).To(results)
	d := run(t, x, streamtest.CommitEvery(100), streamtest.MaxAhead(0))
	for h := range int64(50) {
		streamtest.Send(d, orders, "", order{ID: fmt.Sprint(h), Channel: fmt.Sprint("c", h), Minute: h * 60, Version: 1})
	}
	d.Run()
	if n := len(streamtest.Table(d, results)); n != 50 {
		t.Errorf("%d of 50 channels were counted", n)
	}
	if at := d.Watermark("shop-summed", 0); !at.Equal(minute(49 * 60)) {
		t.Errorf("in the end it is %s", at)
	}
	wantNoDeadLetters(t, d)
}

func TestBuildRefusesATableOfDifferencesThatForgetsTooEarly(t *testing.T) {
	x := stream.New("shop")
	brief := tables.New[channel]("shop-summed", codecs.Compact[totals](1), tables.Retain(48*time.Hour))
	stream.Fold(stream.PreAggregate(knownOrders(x), differences, channelOf, addOrder, subOrder), brief, addUp)
	if _, err := x.Build(); err == nil || !strings.Contains(err.Error(), "it must be a day longer at least") {
		t.Errorf("%v", err)
	}
}

func TestDifferencesLikeChangesAreNeverTooLate(t *testing.T) {
	for _, g := range build(t, preAggregated()).Plan().Groups {
		for _, in := range g.Inputs {
			if events := in.Topic.Name != differences.Name; in.Events != events {
				t.Errorf("group %s, topic %s: records that can be late: %v", g.Name, in.Topic.Name, in.Events)
			}
		}
	}
}
