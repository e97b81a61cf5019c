package premiumdrop_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// recount is what is known of one id, step by step.
type recount struct {
	premium, info string
	version       int64
	known         bool
	alert         string
}

func (r *recount) upsert(premium, info string, version int64) {
	if r.known && version > 0 && version <= r.version {
		return
	}
	if version == 0 {
		version = r.version
	}
	*r = recount{premium, info, version, true, r.alert}
}

func (r *recount) delete() { *r = recount{alert: r.alert} }

func (r *recount) trace(id int64, premium, info string) {
	if !r.known {
		return
	}
	now, raw := decimal.RequireFromString(premium), decimal.RequireFromString(r.premium)
	if now.Mul(decimal.New(100, 0)).LessThan(raw.Mul(decimal.New(85, 0))) {
		r.alert = fmt.Sprintf("%d: %s %s -> %s %s", id, r.premium, r.info, premium, info)
	}
	if r.premium != premium || r.info != info {
		r.premium, r.info, r.version = premium, info, r.version+1
	}
}

// The dimension is complete before the first trace. After that an id's traces are processed in their order, and
// so are its rows; between the two the order is that of arrival, which the test fixes by waiting.
func TestAnyInterleavingGivesWhatEachIDGivesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := open(t, premiumdrop.Config{}, streamtest.Partitions(rapid.IntRange(1, 4).Draw(t, "partitions")),
			streamtest.InputPartitions(rawInfo, rapid.IntRange(1, 3).Draw(t, "raw_info")), streamtest.InputPartitions(traces, 2),
			streamtest.CommitEvery(rapid.IntRange(1, 9).Draw(t, "commit every")), streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
		ids := make([]recount, 4)
		amount := func(what string) string {
			return rapid.SampledFrom([]string{"100", "85", "84.99", "72.25", "50"}).Draw(t, what)
		}
		traced := func() {
			for range rapid.IntRange(0, 12).Draw(t, "traces") {
				id, premium, info := rapid.Int64Range(0, 3).Draw(t, "id"), amount("premium"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "info")
				o.trace(id, premium, info)
				ids[id].trace(id, premium, info)
			}
		}
		changed := func() {
			for range rapid.IntRange(0, 8).Draw(t, "rows") {
				id := rapid.Int64Range(0, 3).Draw(t, "id")
				if rapid.IntRange(0, 5).Draw(t, "delete") == 0 {
					o.dismiss(id)
					ids[id].delete()
					continue
				}
				premium, version := amount("raw premium"), rapid.Int64Range(0, 6).Draw(t, "version")
				o.row(id, premium, "raw", version)
				ids[id].upsert(premium, "raw", version)
			}
		}
		changed()
		traced()
		for range rapid.IntRange(0, 2).Draw(t, "crashes") { // among them, or before the first
			for range rapid.IntRange(0, 40).Draw(t, "steps") {
				o.Step()
			}
			o.Restart()
		}
		for range rapid.IntRange(0, 3).Draw(t, "rounds") {
			o.Run()
			changed()
			o.Run()
			traced()
		}
		o.compare(ids)
	})
}

func (o office) compare(ids []recount) {
	o.t.Helper()
	want := known{}
	for id, r := range ids {
		if r.known {
			want[premiumdrop.ID(fmt.Sprint(id))] = fmt.Sprint(r.premium, " ", r.info, " ", r.version)
		}
	}
	o.knows(want)
	last := streamtest.Table(o.Driver, premiumdrop.Alerts)
	for id, r := range ids {
		a, ok := last[premiumdrop.ID(fmt.Sprint(id))]
		if ok != (r.alert != "") || ok && alert(a) != r.alert {
			o.t.Fatalf("the last alert of %d is %+v, want %q", id, a, r.alert)
		}
	}
	o.refusedNothing()
}
