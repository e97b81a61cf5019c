package stream_test

import (
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

func TestATableFollowsItsRecordsAsTheyChange(t *testing.T) {
	d := run(t, shop())
	a := order{ID: "a", Channel: "web", Version: 1, Paid: 5}
	b := order{ID: "b", Channel: "web", Version: 1, Paid: 7}
	send(d, a, b)
	want(t, "two orders", written(d, results), "web {1 5}", "web {2 12}")

	a.Version, a.Paid = 2, 6
	send(d, a)
	want(t, "another amount", written(d, results), "web {2 13}")

	a.Version, a.Channel = 3, "app"
	send(d, a)
	want(t, "another channel", written(d, results), "web {1 7}", "app {1 6}")

	b.Version, b.Channel = 2, ""
	send(d, b)
	want(t, "no channel any more", written(d, results), "web")

	a.Version = 2
	send(d, a)
	want(t, "an old version", written(d, results))
	wantNoDeadLetters(t, d)
}

func TestAChangeWhoseResultIsEqualEmitsNothing(t *testing.T) {
	d := run(t, shop())
	a := order{ID: "a", Channel: "web", Version: 1, Paid: 5}
	send(d, a)
	written(d, results)
	d.ReadRaw("shop-by-channel")
	d.Advance(0)
	updated := streamtest.Rows(d, perShop)["web"].UpdatedAt

	d.Advance(1e9)
	a.Version, a.Title = 2, "another"
	send(d, a)
	want(t, "results", written(d, results))
	if n := len(d.ReadRaw("shop-by-channel")); n != 1 {
		t.Errorf("%d records for one change", n)
	}
	if at := streamtest.Rows(d, perShop)["web"].UpdatedAt; !at.After(updated) {
		t.Errorf("the row is said to be updated at %s, as before", at)
	}
}

func TestOneChangeUnderOneKeyIsOneRecordAndOneUpdate(t *testing.T) {
	d := run(t, shop())
	a := order{ID: "a", Channel: "web", Version: 1, Paid: 5}
	send(d, a)
	written(d, results)
	d.ReadRaw("shop-by-channel")
	before := d.Counters("shop-channels").Records
	a.Version, a.Paid = 2, 6
	send(d, a)
	if n := len(d.ReadRaw("shop-by-channel")); n != 1 {
		t.Errorf("%d records for one change", n)
	}
	if n := d.Counters("shop-channels").Records - before; n != 1 {
		t.Errorf("%d records were taken in", n)
	}
	want(t, "results", written(d, results), "web {1 6}")
}

func TestOneBadRecordIsOneDeadLetterAndTheNextOneIsFine(t *testing.T) {
	d := run(t, shop())
	d.SendRaw("orders", -1, nil, []byte("no JSON"))
	d.SendRaw("orders", -1, []byte("key"), nil)
	d.SendRaw("orders", -1, []byte("key"), []byte{})
	send(d, order{ID: "", Channel: "web"}, order{ID: "t", Channel: "web", Title: "no time"}, order{ID: "f", Channel: "web", Minute: 61})
	send(d, order{ID: "a", Channel: "web", Version: 1, Paid: 5})
	want(t, "results", written(d, results), "web {1 5}")

	var reasons []string
	for _, l := range d.DeadLetters() {
		if l.Topic != "orders" || l.Group != "shop-orders" || len(l.Value) == 0 {
			t.Errorf("dead letter %+v", l)
		}
		reasons = append(reasons, l.Reason)
	}
	want(t, "reasons", reasons[1:], "key for topic shop-by-order: the key is empty", "has no time",
		"event time 2021-03-25T13:01:00Z is more than 1h0m0s ahead of the time of arrival 2021-03-25T12:00:00Z (--max-ahead)")
	if c := d.Counters("shop-orders"); c.Records != 7 || c.DeadLetters != 4 || c.Skipped != 2 {
		t.Errorf("counted %+v", c)
	}
}

func TestARestartLosesNothingAndRepeatsNothing(t *testing.T) {
	for steps := range 40 {
		d := run(t, shop(), streamtest.CommitEvery(3), streamtest.Partitions(2))
		for i := range 8 {
			streamtest.Send(d, orders, "", order{ID: string(rune('a' + i%4)), Channel: "web", Version: int64(i), Paid: int64(i)})
		}
		for range steps {
			d.Step()
		}
		d.Restart()
		d.Run()
		got := streamtest.Table(d, results)
		if len(got) != 1 || got["web"] != (totals{4, 4 + 5 + 6 + 7}) {
			t.Fatalf("restarted after %d steps: %v", steps, got)
		}
	}
}

func TestDescribeShowsWhatFlowsWhere(t *testing.T) {
	const golden = `topology shop

topics
  orders                                   external
  shop-by-order                            repartition
  shop-by-channel                          changes
  shop-results                             result, compacted
  shop-dead-letters                        dead letters

group shop-orders
  from orders
    key by, to shop-by-order

group shop-latest
  table shop-latest-table, row version 1, retained for ever
  from shop-by-order
    latest, table shop-latest
      group by, to shop-by-channel

group shop-channels
  table shop-channels-table, row version 1, retained for ever
  from shop-by-channel
    aggregate, table shop-channels, count orders, sum paid
      to shop-results
`
	if got := build(t, shop()).Describe(); got != golden {
		t.Errorf("got:\n%s", got)
	}
}

func TestTheSameTableServesTwoReaders(t *testing.T) {
	other := stream.NewTopic[orderID]("shop-orders-now", byOrder.Codec, nil)
	topology := stream.New("shop")
	rows := stream.Latest(stream.KeyBy(stream.From(topology, orders), byOrder, idOf), latest, newer)
	rows.To(other)
	stream.Aggregate(stream.GroupBy(rows, byChannel, channelOf), perShop, countOrders(), sumPaid()).To(results)
	d := run(t, topology)
	send(d, order{ID: "a", Channel: "web", Paid: 5, Version: 1})
	want(t, "results", written(d, results), "web {1 5}")
	want(t, "orders", written(d, other), "a {a web 1 5  0 }")
}

func TestARowThatIsFoldedToAnEqualOneIsNoChange(t *testing.T) {
	x := stream.New("t")
	changes := stream.NewChangeTopic[name]("t-changes", codecs.String())
	rows := stream.Fold(stream.From(x, words), texts, func(_ stream.Record, _ *string, v string) (*string, error) {
		v = v[:1]
		return &v, nil
	})
	stream.Aggregate(stream.GroupBy(rows, changes, func(s string) (name, error) { return name(s), nil }),
		tables.New[name]("t-counts", codecs.Compact[totals](1)), stream.Count[string]("count", func(a *totals) *int64 { return &a.Orders }))
	d := run(t, x)
	speak(d, "k ab", "k ac", "k b", "k bc")
	if n := len(d.ReadRaw("t-changes")); n != 3 { // a is new; a is gone, b is new
		t.Errorf("%d records for two changes", n)
	}
}
