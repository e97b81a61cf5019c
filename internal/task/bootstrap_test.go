package task

import (
	"encoding/hex"
	"strings"
	"testing"
)

// besides is the clock of a task on "raw", which is bootstrapped, and beside it on events.
func besides() (*Task, *clock) {
	g := &Group{Name: "g", Inputs: []*Input{
		{Topic: &Topic{Name: "raw", Kind: Repartition, Writers: []string{"w"}, Bootstrap: true}},
		{Topic: &Topic{Name: "events", Kind: Repartition, Writers: []string{"e"}}},
	}}
	c := newClock(g)
	return &Task{Group: g, clock: c}, c
}

func TestOtherInputsWaitForEverySenderOfABootstrappedOne(t *testing.T) {
	task, c := besides()
	say := func(topic, group string, partition, of int32, complete bool) {
		c.hear(topic, &stamp{group: SenderID(group), partition: partition, of: of, watermark: NoTime, complete: complete})
	}
	for i, step := range []struct {
		say   func()
		takes bool
	}{
		{func() {}, false},
		{func() { say("raw", "w", 0, 3, true) }, false},
		{func() { say("raw", "w", 2, 3, false) }, false},
		{func() { say("raw", "w", 2, 3, true) }, false},
		{func() { say("events", "e", 0, 1, true) }, false},
		{func() { say("raw", "w", 0, 3, false) }, false}, // a sender that has begun anew
		{func() { say("raw", "w", 1, 3, true) }, true},
		{func() { say("raw", "w", 1, 3, false) }, true},
		{func() { say("raw", "w", 4, 5, false) }, true}, // partitions that came later
	} {
		step.say()
		if !task.Takes("raw") || task.Takes("events") != step.takes || task.complete() != step.takes {
			t.Errorf("step %d: takes %v, is complete %v, want %v", i, task.Takes("events"), task.complete(), step.takes)
		}
		back := newClock(task.Group)
		if err := back.restore(c.encode()); err != nil || back.whole != c.whole || hex.EncodeToString(back.encode()) != hex.EncodeToString(c.encode()) {
			t.Errorf("step %d: the stored clock came back otherwise: %v, %v", i, back.whole, err)
		}
	}
}

func TestCompleteIsPartOfTheStoredClockAndOfTheStamp(t *testing.T) {
	_, c := besides()
	c.hear("raw", &stamp{group: SenderID("w"), partition: 0, of: 1, watermark: 1000, complete: true})
	const want = "01ffffffffffffffffff01" + "03726177" + "f20c3f36" + "01" + "05d00f" + "066576656e7473" + "e00c22e0" + "00"
	if got := hex.EncodeToString(c.encode()); got != want {
		t.Errorf("the clock is %s, was %s", got, want)
	}
	s := stamp{event: 5, ingest: 6, group: 7, of: 1, watermark: NoTime, complete: true}
	const bytes = "0108" + "0a02" + "00000007" + "0001"
	b := s.append(nil)
	if got := hex.EncodeToString(b); got != bytes {
		t.Errorf("the stamp is %s, was %s", got, bytes)
	}
	var back stamp
	if err := back.parse(b); err != nil || back != s {
		t.Errorf("the stamp came back as %+v, %v", back, err)
	}
}

func outside() *Task {
	g := &Group{Name: "g", Inputs: []*Input{{Topic: &Topic{Name: "ext", Bootstrap: true}}}}
	return &Task{Group: g, clock: newClock(g)}
}

func TestATopicFromOutsideIsCompleteAtTheEndItHad(t *testing.T) {
	x := outside()
	ext := x.Group.Inputs[0].Topic
	steps := []struct {
		do       func()
		complete bool
	}{
		{func() { x.reach(ext, 100) }, false}, // nobody has said where it ends
		{func() { x.Bootstrap("ext", 3, 10) }, false},
		{func() { x.reach(ext, 9) }, false},
		{func() { x.Bootstrap("ext", 9, 20) }, false},
		{func() { x.reach(ext, 10) }, true},
		{func() { x.Bootstrap("ext", 0, 30) }, true},
	}
	for i, step := range steps {
		step.do()
		if x.Complete() != step.complete {
			t.Errorf("step %d: complete is %v", i, x.Complete())
		}
	}
	empty := outside()
	empty.Bootstrap("ext", 0, 0)
	if !empty.Complete() {
		t.Error("an empty topic is not complete")
	}
	compacted := outside()
	compacted.Bootstrap("ext", 0, 10)
	compacted.reach(ext, 8)
	compacted.Bootstrap("ext", 8, 8) // offsets 8 and 9 are gone
	if !compacted.Complete() {
		t.Error("a topic whose end was compacted is never complete")
	}
}

func TestCompleteIsPartOfTheOffsetMetadata(t *testing.T) {
	x := outside()
	x.Bootstrap("ext", 0, 0)
	for _, want := range []string{"wm=;complete", "wm=1616673780000;complete"} {
		if got := x.clock.meta(); got != want {
			t.Errorf("the metadata is %q, was %q", got, want)
		}
		back := outside()
		if err := back.clock.restoreMeta(want); err != nil || !back.Complete() || back.clock.meta() != want {
			t.Errorf("%s came back as %q, complete %v, %v", want, back.clock.meta(), back.Complete(), err)
		}
		x.clock.external("ext", 1616673780000, false)
	}
}

func TestAnEventThatComesTooEarlyEndsTheTask(t *testing.T) {
	task, _ := besides()
	_, err := task.Process([]Record{{Topic: "events"}})
	if err == nil || !strings.Contains(err.Error(), "a record of topic events came before the bootstrapped inputs were complete") {
		t.Errorf("error %v", err)
	}
}
