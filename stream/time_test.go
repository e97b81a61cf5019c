package stream_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// forgetful is the shop, with tables that forget: what comes too late is lost. So these tests see every
// record that time has run away from.
func forgetful(keep time.Duration) *stream.Topology {
	t := stream.New("shop")
	known := tables.New[orderID]("shop-latest", codecs.Compact[order](1), tables.Retain(keep))
	keyed := stream.KeyBy(stream.From(t, orders), byOrder, idOf)
	grouped := stream.GroupBy(stream.Latest(keyed, known, newer), byChannel, channelOf)
	stream.Aggregate(grouped, perShopFor(keep+24*time.Hour), countOrders(), sumPaid()).To(results)
	return t
}

// hours sends, to each partition, an order for every ten minutes of some hours.
func hours(d *streamtest.Driver, from, to int64, partitions ...int) (sent int64) {
	for m := from * 60; m < to*60; m += 10 {
		for _, p := range partitions {
			o := order{ID: fmt.Sprint("o", p, "-", m), Channel: []string{"web", "app", "tv"}[m/10%3], Minute: m, Paid: 1, Version: 1}
			streamtest.Send(d, orders, "", o, streamtest.ToPartition(p))
			sent++
		}
	}
	return sent
}

func total(d *streamtest.Driver) (n int64) {
	for _, r := range streamtest.Table(d, results) {
		n += r.Orders
	}
	return n
}

func late(d *streamtest.Driver) int64 { return d.Counters("shop-latest").Late }

func wantAll(t *testing.T, d *streamtest.Driver, sent int64) {
	t.Helper()
	if n := total(d); n != sent || late(d) != 0 {
		t.Errorf("%d of %d orders were counted, %d were late", n, sent, late(d))
	}
}

var fourInputs = streamtest.InputPartitions("orders", 4)

func TestAPartitionThatIsReadAnHourLaterIsNotLate(t *testing.T) {
	for seed := range uint64(8) {
		d := run(t, forgetful(20*time.Minute), fourInputs, streamtest.Partitions(1+int(seed%3)), streamtest.MaxAhead(0), streamtest.Shuffle(seed))
		d.Hold("shop-orders", true, 3)
		sent := hours(d, 0, 4, 0, 1, 2, 3)
		d.Advance(time.Hour)
		if !d.Watermark("shop-latest", 0).IsZero() {
			t.Error("time went on without a partition that has records")
		}
		d.Hold("shop-orders", false, 3)
		d.Run()
		wantAll(t, d, sent)
		if at := d.Watermark("shop-latest", 0); !at.Equal(minute(230)) {
			t.Errorf("in the end it is %s", at)
		}
	}
}

// The same, done wrong: it shows that the test above can fail.
func TestAPartitionThatIsDeclaredIdleThoughItHasRecordsIsLate(t *testing.T) {
	d := run(t, forgetful(20*time.Minute), fourInputs, streamtest.MaxAhead(0))
	d.SetIdle("orders", 3, true)
	sent := hours(d, 0, 4, 0, 1, 2)
	d.Run()
	sent += hours(d, 0, 4, 3)
	d.Run()
	if late(d) == 0 || total(d)+late(d) != sent {
		t.Errorf("%d of %d orders were counted, %d were late", total(d), sent, late(d))
	}
	if l := d.DeadLetters()[0]; !strings.Contains(l.Reason, "too late: event time 2021-03-25T12:00:00Z, the watermark is 2021-03-25T15:50:00Z and the table retains rows for 20m0s") {
		t.Errorf("reason %q", l.Reason)
	}
}

func TestAGroupThatStandsStillDelaysAndLosesNothing(t *testing.T) {
	phone := stream.NewTopic[stream.Unkeyed]("phone-orders", codecs.JSON[order](), orderTime)
	x := stream.New("shop")
	known := tables.New[orderID]("shop-latest", codecs.Compact[order](1), tables.Retain(20*time.Minute))
	both := stream.From(x, orders).Merge(stream.From(x, phone))
	rows := stream.Latest(stream.KeyBy(both, byOrder, idOf), known, newer)
	stream.Aggregate(stream.GroupBy(rows, byChannel, channelOf), perShopFor(25*time.Hour), countOrders()).To(results)
	d := run(t, x, streamtest.MaxAhead(0), streamtest.Partitions(2))

	d.Hold("shop-phone-orders", true)
	sent := hours(d, 0, 3, 0)
	for m := range int64(180) {
		streamtest.Send(d, phone, "", order{ID: fmt.Sprint("p", m), Channel: "phone", Minute: m, Version: 1})
		sent++
	}
	d.Advance(time.Hour)
	d.Hold("shop-phone-orders", false)
	d.Run()
	wantAll(t, d, sent)
	if at := d.Watermark("shop-latest", 1); !at.Equal(minute(179)) { // the other topic is idle
		t.Errorf("in the end it is %s", at)
	}
}

func TestATableThatStandsStillCatchesUp(t *testing.T) {
	for _, group := range []string{"shop-latest", "shop-channels"} {
		d := run(t, forgetful(20*time.Minute), fourInputs, streamtest.MaxAhead(0), streamtest.Partitions(2))
		d.Hold(group, true)
		sent := hours(d, 0, 2, 0, 1, 2, 3)
		d.Advance(time.Hour)
		sent += hours(d, 2, 4, 0, 1, 2, 3)
		d.Run()
		d.Hold(group, false)
		d.Run()
		wantAll(t, d, sent)
	}
}

func TestTimeWaitsForAnEmptyPartitionUntilItIsIdle(t *testing.T) {
	d := run(t, forgetful(20*time.Minute), fourInputs, streamtest.MaxAhead(0))
	sent := hours(d, 0, 2, 0, 1, 2)
	d.Advance(4 * time.Second)
	if at := d.Watermark("shop-latest", 0); !at.IsZero() {
		t.Errorf("after 4 s it is %s", at)
	}
	d.Advance(time.Second)
	if at := d.Watermark("shop-channels", 0); !at.Equal(minute(110)) {
		t.Errorf("after 5 s it is %s", at)
	}
	sent += hours(d, 2, 3, 3) // it has orders after all, and the others are idle now
	d.Run()
	wantAll(t, d, sent)
}

func TestAPartitionThatWasIdleHoldsTimeAgain(t *testing.T) {
	d := run(t, forgetful(20*time.Minute), fourInputs, streamtest.MaxAhead(0))
	sent := hours(d, 0, 1, 0, 1, 2, 3)
	d.Advance(5 * time.Second)
	sent += hours(d, 1, 2, 0)
	d.Run()
	if at := d.Watermark("shop-latest", 0); !at.Equal(minute(110)) {
		t.Errorf("with three of four idle it is %s", at)
	}
	sent += hours(d, 2, 3, 1)
	d.Run()
	sent += hours(d, 3, 4, 0)
	d.Run()
	if at := d.Watermark("shop-latest", 0); !at.Equal(minute(170)) {
		t.Errorf("with a slow one back it is %s", at)
	}
	wantAll(t, d, sent)
}

func TestRubbishDoesNotWakeAnIdlePartition(t *testing.T) {
	d := run(t, forgetful(20*time.Minute), streamtest.InputPartitions("orders", 2), streamtest.MaxAhead(0))
	hours(d, 0, 1, 0, 1)
	d.Advance(5 * time.Second)
	d.SendRaw("orders", 1, nil, []byte("rubbish"))
	d.Run()
	hours(d, 1, 2, 0)
	d.Run()
	if at := d.Watermark("shop-latest", 0); !at.Equal(minute(110)) {
		t.Errorf("it is %s", at)
	}
}

func TestWhenAnExternalTopicGrowsNothingIsLateAndTablesAreTheSame(t *testing.T) {
	scale := func(d *streamtest.Driver, restart bool) int64 {
		sent := hours(d, 0, 2, 0, 1, 2, 3)
		d.Run()
		if restart {
			d.Restart(streamtest.InputPartitions("orders", 8))
		}
		d.Hold("shop-orders", true, 6, 7) // not read at once
		sent += hours(d, 2, 5, 0, 1, 2, 3, 4, 5, 6, 7)
		d.Run()
		d.Hold("shop-orders", false, 6, 7)
		d.Run()
		return sent
	}
	for seed := range uint64(8) {
		opts := []streamtest.Option{streamtest.MaxAhead(0), streamtest.Partitions(3), streamtest.Shuffle(seed)}
		grown := run(t, forgetful(20*time.Minute), append(opts, fourInputs)...)
		sent := scale(grown, true)
		wantAll(t, grown, sent)
		if at := grown.Watermark("shop-channels", 2); !at.Equal(minute(290)) {
			t.Errorf("in the end it is %s", at)
		}
		always := run(t, forgetful(20*time.Minute), append(opts, streamtest.InputPartitions("orders", 8))...)
		scale(always, false)
		if got, want := streamtest.Table(grown, results), streamtest.Table(always, results); !maps.Equal(got, want) {
			t.Errorf("tables %v, want %v", got, want)
		}
	}
}

func TestTimeSurvivesARestart(t *testing.T) {
	d := run(t, forgetful(20*time.Minute), fourInputs, streamtest.MaxAhead(0), streamtest.Partitions(2))
	hours(d, 0, 2, 0, 1, 2, 3)
	d.Run()
	d.Restart()
	for _, group := range []string{"shop-orders", "shop-latest", "shop-channels"} {
		for p := range 2 {
			if at := d.Watermark(group, p); !at.Equal(minute(110)) {
				t.Errorf("group %s, partition %d: it is %s", group, p, at)
			}
		}
	}
}

func TestAGroupWithoutATableRemembersTheTimeOfItsSenders(t *testing.T) {
	x := stream.New("t")
	id := func(s string) (name, error) { return name(s), nil }
	second := stream.NewTopic[name]("t-second", codecs.String(), nil)
	once := stream.KeyBy(stream.From(x, words), via, id)
	stream.Latest(stream.KeyBy(once, second, id), texts, func(_, _ string) bool { return true })
	d := run(t, x, streamtest.Partitions(3))
	speak(d, "k a", "k b")
	d.Hold("t-words", true)
	d.Restart()
	for p := range 3 {
		if at := d.Watermark("t-via-reader", p); !at.Equal(noon) {
			t.Errorf("partition %d: it is %s", p, at)
		}
	}
}

func TestTheOutOfOrdernessOfATopicHoldsItsTimeBack(t *testing.T) {
	x := stream.New("t")
	mixed := stream.NewTopic[name]("orders", codecs.JSON[order](), orderTime, stream.OutOfOrder(15*time.Minute), stream.Partitioned())
	stream.Latest(stream.From(x, mixed), tables.New[name]("t-latest", codecs.Compact[order](1)), newer)
	d := run(t, x)
	streamtest.Send(d, mixed, "k", order{Minute: 20})
	streamtest.Send(d, mixed, "k", order{Minute: 10})
	d.Run()
	if at := d.Watermark("t-latest", 0); !at.Equal(minute(5)) {
		t.Errorf("it is %s", at)
	}
}

func TestEachOfTwoExternalTopicsOfATableHasItsOwnTime(t *testing.T) {
	x := stream.New("t")
	stream.Latest(stream.From(x, words).Merge(stream.From(x, more)), texts, func(_, _ string) bool { return true })
	d := run(t, x)
	streamtest.Send(d, more, "k", "v", streamtest.Arrived(minute(-30)))
	speak(d, "k a")
	if at := d.Watermark("t-texts", 0); !at.Equal(minute(-30)) {
		t.Errorf("it is %s", at)
	}
}

func TestAResultHasTheTimeOfItsRowButNeverOneAheadOfTheWallClock(t *testing.T) {
	d := run(t, shop())
	send(d, order{ID: "a", Channel: "web", Minute: -20}, order{ID: "b", Channel: "web", Minute: 20}, order{ID: "c", Channel: "app", Minute: -10})
	var got []string
	for _, r := range streamtest.Read(d, results) {
		got = append(got, fmt.Sprint(r.Key, r.Value.Orders, " ", r.EventTime.Format("15:04")))
	}
	want(t, "results", got, "web1 11:40", "web2 12:00", "app1 11:50")
	row := streamtest.Rows(d, perShop)["web"]
	if !row.EventTime.Equal(minute(20)) || !row.UpdatedAt.Equal(noon) {
		t.Errorf("row %+v", row)
	}
}

func TestTheLargestTimeOfAMessageCountsAndRecordsWithoutTimeSayNothingOfIt(t *testing.T) {
	x := stream.New("t")
	at := func(w codecs.Text) (time.Time, error) {
		if w.V == "never" {
			return time.Time{}, nil
		}
		return time.Parse(time.RFC3339, w.V)
	}
	times := stream.NewTopic[name]("times", codecs.Object(codecs.TextField("at", func(o *codecs.Text) *codecs.Text { return o })), at, stream.Partitioned())
	stream.Fold(stream.From(x, times), texts, func(_ stream.Record, _ *string, w codecs.Text) (*string, error) { return &w.V, nil })
	d := run(t, x)
	d.SendRaw("times", 0, []byte("k"), []byte(`[{"at":"2021-03-25T11:00:00Z"},{"at":"2021-03-25T10:00:00Z"},{"at":"never"}]`))
	d.Run()
	if got := d.Watermark("t-texts", 0); !got.Equal(minute(-60)) {
		t.Errorf("it is %s", got)
	}
	d.SendRaw("times", 0, []byte("k"), []byte(`{"at":"never"}`))
	d.Run()
	if got := d.Watermark("t-texts", 0); !got.Equal(minute(-60)) {
		t.Errorf("then it is %s", got)
	}
	if got := streamtest.Rows(d, texts)["k"]; !got.EventTime.Equal(noon) {
		t.Errorf("row %+v", got) // without a time of its own it has that of its arrival
	}
	wantNoDeadLetters(t, d)
}
