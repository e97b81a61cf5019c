package coupon_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// entries draws entries of a few orders, copies among them.
func entries(t *rapid.T) []coupon.Entry {
	var all []coupon.Entry
	for range rapid.IntRange(1, 25).Draw(t, "entries") {
		e := coupon.Entry{
			Order:    one(t, "biz_order_id", "1", "2", "3"),
			Status:   one(t, "pay_status", "2", "6"),
			Buyer:    one(t, "buyer_id", "7", "007", "10", "9"),
			PayTime:  one(t, "pay_time", "2021-03-25 10:00:00", "2021-03-24 23:59:60", "2021-3-24", "soon", ""),
			Created:  one(t, "gmt_create", "2021-03-24", "2021-03-25", "\uff21", "\U0001f600"),
			Modified: one(t, "gmt_modified", "2021-03-24", "2021-03-25", "\uff21", "\U0001f600"),
		}
		if rapid.IntRange(0, 5).Draw(t, "fee is there") > 0 {
			e.Fee = codecs.NotNull(decimal.New(rapid.Int64Range(-50000, 100000).Draw(t, "fee"), -2))
		}
		for range rapid.IntRange(1, 2).Draw(t, "copies") {
			all = append(all, e)
		}
	}
	return all
}

// one draws a value; often the first, seldom none.
func one(t *rapid.T, what string, values ...string) codecs.Text {
	i := rapid.IntRange(-1, len(values)+1).Draw(t, what)
	switch {
	case i < 0:
		return codecs.Text{}
	case i < len(values):
		return codecs.NotNull(values[i])
	}
	return codecs.NotNull(values[0])
}

// groups are the entries by order and status.
func groups(all []coupon.Entry) map[[2]codecs.Text][]coupon.Entry {
	m := map[[2]codecs.Text][]coupon.Entry{}
	for _, e := range all {
		m[[2]codecs.Text{e.Order, e.Status}] = append(m[[2]codecs.Text{e.Order, e.Status}], e)
	}
	return m
}

// units is the order of code units of the few texts that are drawn.
func units(a, b codecs.Text) int {
	rank := strings.NewReplacer("\U0001f600", "\uf000")
	return strings.Compare(rank.Replace(a.V), rank.Replace(b.V))
}

// least is the smallest that is not null.
func least[T any](es []coupon.Entry, of func(coupon.Entry) codecs.Null[T], compare func(a, b codecs.Null[T]) int) codecs.Null[T] {
	var vs []codecs.Null[T]
	for _, e := range es {
		if v := of(e); v.Valid {
			vs = append(vs, v)
		}
	}
	if len(vs) == 0 {
		return codecs.Null[T]{}
	}
	return slices.MinFunc(vs, compare)
}

// merged is one entry per order and status.
func merged(all []coupon.Entry) (ms []coupon.Entry) {
	for k, es := range groups(all) {
		ms = append(ms, coupon.Entry{
			Order: k[0], Status: k[1],
			Buyer:    least(es, func(e coupon.Entry) codecs.Text { return e.Buyer }, units),
			PayTime:  least(es, func(e coupon.Entry) codecs.Text { return e.PayTime }, units),
			Created:  least(es, func(e coupon.Entry) codecs.Text { return e.Created }, units),
			Modified: least(es, func(e coupon.Entry) codecs.Text { return e.Modified }, units),
			Fee:      least(es, func(e coupon.Entry) codecs.Decimal { return e.Fee }, func(a, b codecs.Decimal) int { return a.V.Cmp(b.V) }),
		})
	}
	return ms
}

// days are the pay days of the texts that are drawn; "": none can be read.
var days = map[string]string{"2021-03-25 10:00:00": "20210325", "2021-03-24 23:59:60": "20210325", "2021-3-24": "20210324"}

// recount adds up merged entries, and nothing is ever taken out again.
func recount(ms []coupon.Entry) (want table, held map[coupon.Lack]int64) {
	want, held = table{}, map[coupon.Lack]int64{}
	rows := map[coupon.BuyerDay][]coupon.Entry{}
	for _, e := range ms {
		switch buyer, err := strconv.Atoi(e.Buyer.V); {
		case err != nil:
			held[coupon.NoBuyer]++
		case days[e.PayTime.V] == "":
			held[coupon.NoPayDay]++
		default:
			k := coupon.BuyerDay(strconv.Itoa(buyer) + "|" + days[e.PayTime.V])
			rows[k] = append(rows[k], e)
		}
	}
	for k, es := range rows {
		amount := int64(0)
		for _, e := range es {
			amount += e.Fee.V.Div(decimal.New(100, 0)).IntPart()
		}
		if amount > 0 {
			most := func(a, b codecs.Text) int { return units(b, a) }
			want[k] = spend{
				amount,
				least(es, func(e coupon.Entry) codecs.Text { return e.Created }, units).Or(null),
				least(es, func(e coupon.Entry) codecs.Text { return e.Modified }, most).Or(null),
			}
		}
	}
	return want, held
}

const inputs = 3 // partitions of each input

// drawn is a shop with any number of partitions, any interleaving and any rhythm of commits.
func drawn(t *rapid.T, c coupon.Config) shop {
	return open(t, c, streamtest.InputPartitions(sources[0].topic, inputs), streamtest.InputPartitions(sources[1].topic, inputs),
		streamtest.Partitions(rapid.IntRange(1, 3).Draw(t, "partitions")),
		streamtest.CommitEvery(rapid.IntRange(1, 9).Draw(t, "commit every")),
		streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
}

// takesSomehow sends entries in any order to any partitions, with a crash somewhere among them.
func (s shop) takesSomehow(t *rapid.T, all []coupon.Entry) {
	crash := rapid.IntRange(0, len(all)).Draw(t, "crash after")
	for i, e := range rapid.Permutation(all).Draw(t, "arrival") {
		streamtest.Send(s.Driver, s.topic(e), "", e, streamtest.ToPartition(rapid.IntRange(0, inputs-1).Draw(t, "to")))
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			s.Step()
		}
		if i == crash {
			s.Restart()
		}
	}
	s.Run()
}

func config(t *rapid.T) coupon.Config {
	if rapid.Bool().Draw(t, "retain") {
		return coupon.Config{Retain: coupon.DefaultRetain}
	}
	return coupon.Config{}
}

func TestTheSpendsAreThoseOfTheMinimaHoweverEntriesArrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := entries(t)
		s := drawn(t, config(t))
		s.takesSomehow(t, all)
		want, held := recount(merged(all))
		s.shows(want)
		s.holdsBack(held)
		s.refusedNothing()
	})
}

var stateful = []string{coupon.Entries.Name, coupon.Spends.Name, coupon.HeldBack.Name}

// What was added and has moved away must leave nothing behind: the state is that of a shop which has only
// ever seen the minima.
func TestEntriesThatMovedAwayLeaveNoState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := entries(t)
		for _, e := range merged(all) { // all move to one buyer and day
			e.Buyer, e.PayTime = codecs.NotNull("+1"), codecs.NotNull("")
			if rapid.Bool().Draw(t, "completed") {
				e.PayTime = codecs.NotNull("2021-03-23")
			}
			all = append(all, e)
		}
		c := config(t)
		moved, fresh := drawn(t, c), open(t, c)
		moved.takesSomehow(t, all)
		fresh.takes(merged(all)...)
		moved.shows(fresh.spends())
		for _, name := range stateful {
			got, want := moved.keys(name), fresh.keys(name)
			if !slices.Equal(got, want) {
				t.Fatalf("table %s holds\n%q\na fresh one\n%q", name, got, want)
			}
		}
	})
}

// Payments that were all refunded leave no row.
func TestWhatIsRefundedInFullLeavesNoRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []coupon.Entry
		for i := range rapid.IntRange(1, 8).Draw(t, "orders") {
			fee := strconv.Itoa(rapid.IntRange(1, 9999).Draw(t, "fee"))
			fields := []with{buyer(rapid.SampledFrom([]string{"7", "8"}).Draw(t, "buyer")), payTime(rapid.SampledFrom([]string{"2021-03-24", "2021-03-25"}).Draw(t, "day"))}
			all = append(all, paid(strconv.Itoa(i), fee, fields...), refunded(strconv.Itoa(i), fee, fields...))
		}
		s := drawn(t, config(t))
		s.takesSomehow(t, all)
		s.shows(table{})
		s.refusedNothing()
	})
}

// timerHead is how long the part of a timer's key is that holds its time.
const timerHead = 2 + 8

// keys are the keys of a table's state, of timers without their times.
func (s shop) keys(table string) []string {
	keys := s.StateKeys(table)
	for i, k := range keys {
		if k[0] == 0 {
			keys[i] = "timer " + k[timerHead:]
		}
	}
	slices.Sort(keys)
	return keys
}
