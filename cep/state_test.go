package cep_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// one sends one event.
func one(d *streamtest.Driver, id int, who session, kind string, at time.Duration) {
	streamtest.Send(d, clicks, "", click{fmt.Sprint(id), who, kind, noon.Add(at)})
}

// TRIBUTARY_LONG=1: a million.
func TestSessionsThatComeAndGoLeaveNothing(t *testing.T) {
	sessions := 20_000
	if os.Getenv("TRIBUTARY_LONG") != "" {
		sessions = 1_000_000
	}
	next := strict()
	next.Pattern = next.Pattern.Within(time.Minute)
	d := streamtest.New(t, build(t, detected, bought(), next), streamtest.Start(noon.Add(1000*24*time.Hour)), streamtest.CommitEvery(5000))
	const wave = 10_000
	most, found := 0, 0
	for i := range sessions {
		at := time.Duration(i) * 10 * time.Millisecond
		who := session(fmt.Sprint("s", i))
		one(d, i, who, "cart", at)
		if i%4 == 0 {
			one(d, i, who, "view", at+time.Second)
		}
		if (i+1)%wave == 0 {
			d.Run()
			most = max(most, len(d.StateKeys("shop-runs")))
			found += len(streamtest.Read(d, alerts))
		}
	}
	one(d, 0, "clock", "none", 365*24*time.Hour)
	d.Run()
	found += len(streamtest.Read(d, alerts))
	if found != sessions {
		t.Errorf("%d sessions have timed out, want %d", found, sessions)
	}
	if most < 3*wave {
		t.Errorf("at most %d rows, sub-rows and timers: sessions were not open", most)
	}
	for _, key := range d.StateKeys("shop-runs") {
		if !strings.Contains(key, "clock") {
			t.Fatalf("key %q is left", key)
		}
	}
}

// stored are the bytes that the changelog of the runs holds for keys, and how many rows, sub-rows and timers they are.
func stored(d *streamtest.Driver, of string) (bytes, entries int) {
	latest := map[string]int{}
	for _, r := range d.ReadRaw("shop-runs-table") {
		if !strings.Contains(string(r.Key), of) || r.Value == nil {
			delete(latest, string(r.Key))
			continue
		}
		latest[string(r.Key)] = len(r.Key) + len(r.Value)
	}
	for _, n := range latest {
		bytes += n
	}
	return bytes, len(latest)
}

// A loop takes every event once, however long it gets: what is stored grows with the events and not faster. One that
// is not greedy has a partial match for each of its lengths.
func TestALoopOverManyEventsStaysLinear(t *testing.T) {
	views := cep.Begin("cart", is("cart")).FollowedBy("views", is("view")).OneOrMore()
	linear(t, views.Greedy().FollowedBy("purchase", is("purchase")), 10_000)
	linear(t, views.FollowedBy("purchase", is("purchase")), 3_000)
}

func linear(t *testing.T, p cep.Pattern[click], events int) {
	t.Helper()
	held := func(events int) int {
		d := streamtest.New(t, build(t, detected, cep.Rule[click, string]{Name: "loop", OnMatch: say("found"), Pattern: p}), now, streamtest.CommitEvery(1000))
		one(d, 0, "ann", "cart", 0)
		for i := range events {
			one(d, i+1, "ann", "view", time.Duration(i+1)*time.Second)
		}
		one(d, 0, "eve", "none", 24*time.Hour)
		d.Run()
		n, entries := stored(d, "ann")
		if entries < events || entries > events+10 {
			t.Errorf("%d events are %d entries", events, entries)
		}
		return n
	}
	few, many := held(events/10), held(events)
	t.Logf("%d events: %d bytes, %d events: %d bytes", events/10, few, events, many)
	if many > 11*few {
		t.Errorf("%d events take %d bytes, %d take %d", events/10, few, events, many)
	}
}

// BenchmarkOpenRuns tells what an open run costs in the changelog and the local store: a cart that waits for its
// purchase, one of each session.
func BenchmarkOpenRuns(b *testing.B) {
	for _, rules := range []struct {
		name string
		of   []cep.Rule[click, string]
	}{{"one rule", []cep.Rule[click, string]{bought()}}, {"two rules", []cep.Rule[click, string]{bought(), strict()}}} {
		b.Run(rules.name, func(b *testing.B) { openRuns(b, build(b, detected, rules.of...), len(rules.of)) })
	}
}

func openRuns(b *testing.B, topology *stream.Topology, each int) {
	const sessions = 10_000
	var bytes, entries int
	for b.Loop() {
		d := streamtest.New(b, topology, now, streamtest.CommitEvery(5000))
		for i := range sessions {
			one(d, i, session(fmt.Sprintf("session-%08d", i)), "cart", time.Duration(i)*time.Millisecond)
		}
		one(d, 0, "eve", "none", time.Minute)
		d.Run()
		bytes, entries = stored(d, "session-")
	}
	runs := float64(sessions * each)
	b.ReportMetric(float64(bytes)/runs, "bytes/run")
	b.ReportMetric(float64(entries)/runs, "entries/run")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/sessions, "ns/event")
}

// BenchmarkRunsThatEnd is what an event costs whose runs all end: a cart and its purchase, one of each session.
func BenchmarkRunsThatEnd(b *testing.B) {
	const sessions = 10_000
	topology := build(b, detected, bought(), strict())
	for b.Loop() {
		d := streamtest.New(b, topology, now, streamtest.CommitEvery(5000))
		for i := range sessions {
			at, who := time.Duration(i)*time.Millisecond, session(fmt.Sprintf("session-%08d", i))
			one(d, i, who, "cart", at)
			one(d, i, who, "purchase", at+10*time.Millisecond)
		}
		one(d, 0, "eve", "none", time.Minute)
		d.Run()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(2*sessions), "ns/event")
}
