package hourlypremium_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

// records draws records of a few orders, copies among them.
func records(t *rapid.T) []hourlypremium.OrderRecord {
	var all []hourlypremium.OrderRecord
	for range rapid.IntRange(1, 30).Draw(t, "records") {
		r := record(rapid.Int64Range(-1, 3).Draw(t, "id"), "0", modified(at(rapid.IntRange(8, 11).Draw(t, "hour"), 30)))
		r.OrderNo = sometimes(t, "order_no", "P-1", "P-2", "")
		r.Tel = sometimes(t, "customer_tel", "138", "139")
		r.Modified.Valid = rapid.IntRange(0, 5).Draw(t, "dated") > 0
		if !r.Modified.Valid {
			r.Modified.V = 0
		}
		if r.Premium.Valid = rapid.IntRange(0, 3).Draw(t, "priced") > 0; r.Premium.Valid {
			r.Premium.V = decimal.New(rapid.Int64Range(-500, 500).Draw(t, "premium"), -2)
		}
		for range rapid.IntRange(1, 2).Draw(t, "copies") {
			all = append(all, r)
		}
	}
	return all
}

func sometimes(t *rapid.T, what string, values ...string) codecs.Text {
	if !rapid.Bool().Draw(t, what+" is there") {
		return codecs.Text{}
	}
	return codecs.NotNull(rapid.SampledFrom(values).Draw(t, what))
}

// merged is the last value of each field of each order, as one record.
func merged(all []hourlypremium.OrderRecord) map[int64]hourlypremium.OrderRecord {
	m := map[int64]hourlypremium.OrderRecord{}
	for _, r := range all {
		if !r.Modified.Valid {
			continue
		}
		if held, ok := m[r.ID.V]; ok {
			if !r.OrderNo.Valid {
				r.OrderNo = held.OrderNo
			}
			if !r.Tel.Valid {
				r.Tel = held.Tel
			}
			if !r.Premium.Valid {
				r.Premium = held.Premium
			}
		}
		m[r.ID.V] = r
	}
	return m
}

// recount adds up the orders, and nothing is ever taken out again.
func recount(orders map[int64]hourlypremium.OrderRecord) table {
	type hour struct {
		sum           decimal.Decimal
		policies, tel map[string]bool
	}
	hours := map[hourlypremium.Hour]hour{}
	for _, r := range orders {
		k := hourlypremium.Hour(time.UnixMilli(r.Modified.V).In(shanghai).Format("2006010215"))
		h, ok := hours[k]
		if !ok {
			h = hour{policies: map[string]bool{}, tel: map[string]bool{}}
		}
		h.sum = h.sum.Add(r.Premium.V)
		if r.OrderNo.Valid {
			h.policies[r.OrderNo.V] = true
		}
		if r.Tel.Valid {
			h.tel[r.Tel.V] = true
		}
		hours[k] = h
	}
	want := table{}
	for k, h := range hours {
		want[k] = figures{h.sum.String(), int64(len(h.policies)), int64(len(h.tel))}
	}
	return want
}

const inputs = 3 // partitions of the input

// drawn is an office with any number of partitions, any interleaving and any rhythm of commits.
func drawn(t *rapid.T, c hourlypremium.Config) office {
	return open(t, c, streamtest.InputPartitions(input, inputs),
		streamtest.Partitions(rapid.IntRange(1, 3).Draw(t, "partitions")),
		streamtest.CommitEvery(rapid.IntRange(1, 9).Draw(t, "commit every")),
		streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
}

// takesSomehow sends records, those of an order in their order and in one partition, and crashes somewhere
// among them.
func (o office) takesSomehow(t *rapid.T, all []hourlypremium.OrderRecord) {
	crash := rapid.IntRange(0, len(all)).Draw(t, "crash after")
	for i, r := range all {
		streamtest.Send(o.Driver, hourlypremium.UserOrders, stream.Unkeyed(strconv.FormatInt(r.ID.V, 10)), r)
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			o.Step()
		}
		if i == crash {
			o.Restart()
		}
	}
	o.Run()
}

func config(t *rapid.T) hourlypremium.Config {
	if rapid.Bool().Draw(t, "retain") {
		return hourlypremium.Config{Retain: hourlypremium.DefaultRetain}
	}
	return hourlypremium.Config{}
}

func TestTheHoursAreThoseOfTheLastValuesHoweverRecordsInterleave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := records(t)
		o := drawn(t, config(t))
		o.takesSomehow(t, all)
		o.shows(recount(merged(all)))
		o.refusedNothing()
	})
}

var stateful = []string{hourlypremium.LastOrders.Name, hourlypremium.Hours.Name}

// What has moved away must leave nothing behind: the state is that of an office which has only ever seen the
// last values.
func TestOrdersThatMovedAwayLeaveNoState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := records(t)
		for id := range merged(all) {
			all = append(all, record(id, "1", number("P-9"), tel("130"), modified(at(11, 45))))
		}
		c := config(t)
		moved, fresh := drawn(t, c), open(t, c)
		moved.takesSomehow(t, all)
		for _, r := range merged(all) {
			fresh.takes(r)
		}
		moved.shows(fresh.hours())
		if got := len(moved.hours()); got > 1 {
			t.Fatalf("%d hours are left of one", got)
		}
		for _, name := range stateful {
			got, want := slices.Sorted(slices.Values(moved.StateKeys(name))), slices.Sorted(slices.Values(fresh.StateKeys(name)))
			if !slices.Equal(got, want) {
				t.Fatalf("table %s holds\n%q\na fresh one\n%q", name, got, want)
			}
		}
	})
}
