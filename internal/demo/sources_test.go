package demo

import (
	"slices"
	"testing"
	"time"

	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

var (
	noon     = time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)
	settings = Config{Zone: time.FixedZone("Asia/Shanghai", 8*60*60), Retain: 168 * time.Hour, Rate: 40}
)

// fromNoon are the records of a source from noon on, ten a second.
func fromNoon(e entry, seed uint64, n int) (before, all []record) {
	s := e.source(newChance(seed, e.name), settings.Zone)
	before = s.before(noon)
	for i := range n {
		all = append(all, s.next(noon.Add(time.Duration(i)*100*time.Millisecond)))
	}
	return before, all
}

// stageOf is a use case in memory, with what its source writes.
func stageOf(t *testing.T, e entry, n int) (*streamtest.Driver, *stream.Topology, []record) {
	t.Helper()
	topology, err := e.topology(settings)
	if err != nil {
		t.Fatal(err)
	}
	options := []streamtest.Option{streamtest.Start(noon), streamtest.Partitions(2), streamtest.CommitEvery(20)}
	for topic, partitions := range e.inputs {
		options = append(options, streamtest.InputPartitions(topic, int(partitions)))
	}
	d := streamtest.New(t, topology, options...)
	before, all := fromNoon(e, 1, n)
	for _, r := range before {
		d.SendRaw(r.topic, -1, keyOf(r), r.value)
	}
	d.Run()
	for i, r := range all {
		d.SendRaw(r.topic, -1, keyOf(r), r.value)
		if i%40 == 39 { // sooner than a partition is idle: what it holds would be late
			d.Advance(4 * time.Second)
		}
	}
	d.Run()
	return d, topology, append(before, all...)
}

func keyOf(r record) []byte {
	if r.key == "" {
		return nil
	}
	return []byte(r.key)
}

func TestWhatASourceWritesIsTakenInExceptTheRubbish(t *testing.T) {
	for _, e := range entries() {
		t.Run(e.name, func(t *testing.T) {
			d, topology, all := stageOf(t, e, 800)
			rubbish := map[string]int{}
			for _, r := range all {
				if r.broken {
					rubbish[string(r.value)]++
				}
			}
			if len(rubbish) == 0 {
				t.Error("no record is broken")
			}
			for _, l := range d.DeadLetters() {
				if rubbish[string(l.Value)]--; rubbish[string(l.Value)] < 0 {
					t.Fatalf("a dead letter of a record that is not broken: %s: %q", l.Reason, l.Value)
				}
			}
			for value, n := range rubbish {
				if n != 0 {
					t.Errorf("%q was taken in %d times", value, n)
				}
			}
			for _, spec := range view.Specs(topology.Plan()) {
				if len(d.ReadRaw(spec.Info.Topic)) == 0 {
					t.Errorf("nothing was written to %s", spec.Info.Topic)
				}
			}
		})
	}
}

func TestASourceRepeatsItselfBySeed(t *testing.T) {
	same := func(a, b record) bool {
		return a.topic == b.topic && a.key == b.key && string(a.value) == string(b.value)
	}
	for _, e := range entries() {
		before, all := fromNoon(e, 7, 300)
		before2, all2 := fromNoon(e, 7, 300)
		if !slices.EqualFunc(before, before2, same) || !slices.EqualFunc(all, all2, same) {
			t.Errorf("%s: the same seed gives other records", e.name)
		}
		if _, other := fromNoon(e, 8, 300); slices.EqualFunc(all, other, same) {
			t.Errorf("%s: another seed gives the same records", e.name)
		}
	}
}

func TestASourceRepeatsRecords(t *testing.T) {
	for _, e := range entries() {
		seen, twice := map[string]bool{}, false
		_, all := fromNoon(e, 1, 500)
		for _, r := range all {
			twice = twice || !r.broken && r.value != nil && seen[string(r.value)]
			seen[string(r.value)] = true
		}
		if !twice {
			t.Errorf("%s: no record comes twice", e.name)
		}
	}
}

func TestCouponsAreIssuedTakenBackAndInTheEndDenied(t *testing.T) {
	d, _, _ := stageOf(t, coupons(), 4000)
	b := streamtest.Table(d, coupon.CampaignBudgets)[campaign.Name]
	if b.Issued == 0 || b.Revoked == 0 || b.Denied == 0 || b.Remaining > campaign.Budget/10 {
		t.Errorf("the budget in the end: %+v", b)
	}
}

func TestOrdersLeaveTheHoursBeforeThisOne(t *testing.T) {
	d, _, _ := stageOf(t, hourlyPremiums(), 1500)
	most, last := map[hourlypremium.Hour]int64{}, streamtest.Table(d, hourlypremium.HourlyPremiums)
	for _, r := range streamtest.Read(d, hourlypremium.HourlyPremiums) {
		if r.Value != nil {
			most[r.Key] = max(most[r.Key], r.Value.Policies)
		}
	}
	first := hourlypremium.Hour(noon.Add(-5 * time.Hour).In(settings.Zone).Format("2006010215"))
	if most[first] == 0 || last[first].Policies >= most[first] {
		t.Errorf("%s had %d policies and has %d", first, most[first], last[first].Policies)
	}
}

func TestEveryCustomerIsKnownBeforeTheFirstTrace(t *testing.T) {
	before, all := fromNoon(premiumDrops(), 1, 10)
	if len(before) != knownCustomers || slices.ContainsFunc(before, func(r record) bool { return r.topic != customersTopic }) {
		t.Errorf("%d records before, want %d customers", len(before), knownCustomers)
	}
	if !slices.ContainsFunc(all, func(r record) bool { return r.topic == tracesTopic }) {
		t.Error("no trace among the first ten records")
	}
	d, _, _ := stageOf(t, premiumDrops(), 300)
	if alerts := streamtest.Table(d, premiumdrop.Alerts); len(alerts) < 10 {
		t.Errorf("%d alerts", len(alerts))
	}
}
