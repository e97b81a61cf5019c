package channelgmv_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// versions draws versions of a few orders. No two of one order have the same order_time unless they are
// equal, so that the order in which they arrive does not matter.
func versions(t *rapid.T) []channelgmv.OrderDetail {
	var all []channelgmv.OrderDetail
	for i := range rapid.IntRange(1, 30).Draw(t, "versions") {
		v := version(rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "order"), "0",
			orderTime(fmt.Sprintf("2021-03-25 10:%d:%02d", i, i)), // one digit and two: compared as time
			payTime(fmt.Sprintf("2021-03-%d 1%d:00:00", rapid.IntRange(23, 25).Draw(t, "day"), rapid.IntRange(0, 2).Draw(t, "hour"))),
			channel(rapid.SampledFrom([]string{"webShop", "appShop", "unknown"}).Draw(t, "channel")))
		if v.UserID.Valid = rapid.Bool().Draw(t, "known"); v.UserID.Valid {
			v.UserID.V = rapid.SampledFrom([]string{"alice", "bob", "c|d"}).Draw(t, "user")
		} else {
			v.UserID.V = ""
		}
		if v.RealPay.Valid = rapid.IntRange(0, 4).Draw(t, "paid") > 0; v.RealPay.Valid {
			v.RealPay.V = decimal.New(rapid.Int64Range(-500, 500).Draw(t, "amount"), -2)
		} else {
			v.RealPay.V = decimal.Decimal{}
		}
		for range rapid.IntRange(1, 2).Draw(t, "copies") {
			all = append(all, v)
		}
	}
	return all
}

// newest is the version of each order that counts.
func newest(all []channelgmv.OrderDetail) map[string]channelgmv.OrderDetail {
	m := map[string]channelgmv.OrderDetail{}
	for _, v := range all { // in the order of their order_time, as they were drawn
		if v.RealPay.Valid {
			m[v.OrderID.V] = v
		}
	}
	return m
}

// recount adds up the orders, and nothing is ever taken out again.
func recount(orders map[string]channelgmv.OrderDetail) table {
	sums, users := map[channelgmv.ChannelDay]decimal.Decimal{}, map[channelgmv.ChannelDay]map[string]bool{}
	want := table{}
	for _, o := range orders {
		code := o.Channel.V
		if code == "unknown" {
			code = "other"
		}
		k := channelgmv.ChannelDay(o.PayTime.V[:10] + " 00:00:00|" + code)
		if users[k] == nil {
			users[k] = map[string]bool{}
		}
		if o.UserID.Valid {
			users[k][o.UserID.V] = true
		}
		sums[k] = sums[k].Add(o.RealPay.V)
		want[k] = figures{sums[k].String(), int64(len(users[k])), want[k].orders + 1, max(want[k].last, o.PayTime.V)}
	}
	return want
}

const inputs = 3 // partitions of the input

// drawn is a shop with any number of partitions, any interleaving and any rhythm of commits.
func drawn(t *rapid.T, c channelgmv.Config) shop {
	return open(t, c, streamtest.MaxAhead(0), streamtest.InputPartitions(input, inputs),
		streamtest.Partitions(rapid.IntRange(1, 3).Draw(t, "partitions")),
		streamtest.CommitEvery(rapid.IntRange(1, 9).Draw(t, "commit every")),
		streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
}

// takesSomehow sends versions in any order to any partitions, with a crash somewhere among them.
func (s shop) takesSomehow(t *rapid.T, all []channelgmv.OrderDetail) {
	crash := rapid.IntRange(0, len(all)).Draw(t, "crash after")
	for i, v := range rapid.Permutation(all).Draw(t, "arrival") {
		streamtest.Send(s.Driver, s.orders, stream.Unkeyed(v.OrderID.V), v, streamtest.ToPartition(rapid.IntRange(0, inputs-1).Draw(t, "to")))
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			s.Step()
		}
		if i == crash {
			s.Restart()
		}
	}
	s.Run()
}

func TestTheTotalsAreThoseOfTheNewestVersionsHoweverTheyArrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := versions(t)
		s := drawn(t, channelgmv.Config{Retain: channelgmv.DefaultRetain})
		s.takesSomehow(t, all)
		s.shows(recount(newest(all)))
		s.refusedNothing()
	})
}

var stateful = []string{channelgmv.LatestOrders.Name, channelgmv.Payers.Name, channelgmv.ChannelDays.Name}

// What was added and has moved away must leave nothing behind: the state is that of a shop which has only
// ever seen the versions that count.
func TestOrdersThatMovedAwayLeaveNoState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := versions(t)
		for id := range newest(all) {
			all = append(all, version(id, "1", orderTime("2021-03-25 23:00:00"), payTime("2021-03-25 12:00:00"), user("zoe")))
		}
		config := channelgmv.Config{}
		if rapid.Bool().Draw(t, "retain") {
			config.Retain = channelgmv.DefaultRetain
		}
		moved, fresh := drawn(t, config), open(t, config, streamtest.MaxAhead(0))
		moved.takesSomehow(t, all)
		for _, v := range newest(all) {
			fresh.takes(v)
		}
		moved.shows(fresh.totals())
		for _, name := range stateful {
			got, want := slices.Sorted(slices.Values(moved.StateKeys(name))), slices.Sorted(slices.Values(fresh.StateKeys(name)))
			if !slices.Equal(got, want) {
				t.Fatalf("table %s holds\n%q\na fresh one\n%q", name, got, want)
			}
		}
	})
}
