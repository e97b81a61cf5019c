package lastpage_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

// visits draws visits of a few devices, copies among them. Unless they may tie, no two have the same
// log_time and none lacks it.
func visits(t *rapid.T, ties bool) []lastpage.Visit {
	maybe := func(what string, values ...string) string {
		return rapid.SampledFrom(append(values, null)).Draw(t, what)
	}
	var all []lastpage.Visit
	for i := range rapid.IntRange(1, 30).Draw(t, "visits") {
		v := visitOf(maybe("account", "a1", "a2", "|", ""), maybe("device", "d1", "d2", ""), int64(i), maybe("kind", "page", "click", ""), maybe("page", "/1", "/2", "/3"))
		if ties {
			v.LogTime.V = noon + rapid.Int64Range(0, 5).Draw(t, "log_time")
			if rapid.IntRange(0, 4).Draw(t, "dated") == 0 {
				v = undated(v)
			}
		}
		for range rapid.IntRange(1, 2).Draw(t, "copies") {
			all = append(all, v)
		}
	}
	return all
}

// recount looks for the last values in the order in which they count.
func recount(t *rapid.T, ordered []lastpage.Visit) table {
	pages := map[lastpage.Device][2]string{}
	for _, v := range ordered {
		if !v.Account.Valid {
			continue
		}
		k, err := tables.JoinKey[lastpage.Device](tables.Part(v.Account), tables.Part(v.Device))
		if err != nil {
			t.Fatal(err)
		}
		held, ok := pages[k]
		if !ok {
			held = [2]string{null, null}
		}
		pages[k] = [2]string{v.Kind.Or(held[0]), v.Page.Or(held[1])}
	}
	want := table{}
	for k, p := range pages {
		want[k] = p[0] + " " + p[1]
	}
	return want
}

// byLogTime sorts those without a time first, and leaves equal ones as they are.
func byLogTime(arrived []lastpage.Visit) []lastpage.Visit {
	sorted := slices.Clone(arrived)
	slices.SortStableFunc(sorted, func(a, b lastpage.Visit) int { return int(a.LogTime.V - b.LogTime.V) })
	return sorted
}

const inputs = 3 // partitions of the input

// drawn is a site with any number of partitions, any interleaving and any rhythm of commits.
func drawn(t *rapid.T, order lastpage.Order) site {
	c := lastpage.Config{Order: order}
	if rapid.Bool().Draw(t, "retain") {
		c.Retain = lastpage.DefaultRetain
	}
	return open(t, c, streamtest.InputPartitions(input, inputs),
		streamtest.Partitions(rapid.IntRange(1, 3).Draw(t, "partitions")),
		streamtest.CommitEvery(rapid.IntRange(1, 9).Draw(t, "commit every")),
		streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
}

// takesSomehow sends visits to the partitions that to says (-1: that of their account), with a crash
// somewhere among them.
func (s site) takesSomehow(t *rapid.T, all []lastpage.Visit, to func() int) {
	crash := rapid.IntRange(0, len(all)).Draw(t, "crash after")
	for i, v := range all {
		streamtest.Send(s.Driver, s.visits, stream.Unkeyed(v.Account.Or("-")+"."), v, streamtest.ToPartition(to()))
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			s.Step()
		}
		if i == crash {
			s.Restart()
		}
	}
	s.Run()
}

func TestByLogTimeTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := visits(t, false)
		s := drawn(t, lastpage.ByLogTime)
		s.takesSomehow(t, rapid.Permutation(all).Draw(t, "arrival"), func() int { return rapid.IntRange(0, inputs-1).Draw(t, "to") })
		s.shows(recount(t, all))
		s.refusedNothing()
	})
}

func TestTimesThatAreEqualOrMissingGoByArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := visits(t, true)
		s := drawn(t, lastpage.ByLogTime)
		s.takesSomehow(t, all, func() int { return -1 })
		s.shows(recount(t, byLogTime(all)))
		s.refusedNothing()
	})
}

func TestByArrivalTimesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := visits(t, true)
		s := drawn(t, lastpage.ByArrival)
		s.takesSomehow(t, all, func() int { return -1 })
		s.shows(recount(t, all))
		s.refusedNothing()
	})
}
