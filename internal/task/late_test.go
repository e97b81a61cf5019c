package task

import (
	"testing"
	"time"
)

// remembering keeps rows for a second; a record is refused if it is too late.
func remembering(events bool) *Group {
	g := newGroup(func(c *Context) error {
		if c.TooLate() {
			return ErrLate
		}
		return c.SetRow(string(c.Record().Value), 1, true)
	})
	g.Inputs[0].Events = events
	g.Table.Retain = time.Second
	g.Timers[ExpiryTimer] = Expire
	return g
}

func TestEventsAreTooLateOnceTheTableHasForgottenTheirTimeAndChangesNeverAre(t *testing.T) {
	for _, events := range []bool{true, false} {
		b := newBench(t, remembering(events))
		b.process(b.record(0, 4000, NoTime, "before any time", "v"))
		b.advance(5000)
		b.process(b.record(0, 4001, 5000, "just remembered", "v"), b.record(0, 4000, 5000, "just forgotten", "v"))
		b.commit()
		late := b.env.Counters.Late.Load()
		if want := map[bool]int64{true: 1, false: 0}[events]; late != want || b.env.Counters.DeadLetters.Load() != want {
			t.Errorf("events %v: %d were late, %d dead letters", events, late, b.env.Counters.DeadLetters.Load())
		}
	}
}

func TestARowExpiresByTheTimeOfItsLatestVersionAndNothingIsSaid(t *testing.T) {
	b := newBench(t, remembering(true))
	b.process(b.record(0, 1000, NoTime, "k", "1"), b.record(0, 1500, NoTime, "k", "2"))
	b.advance(2499)
	b.commit()
	wantTexts(t, "a millisecond before", b.stored(), timerName(2500, ExpiryTimer, "k"), "k")
	b.advance(2500)
	outs := b.commit()
	wantTexts(t, "then", b.stored())
	if len(outs["out"])+len(outs["dead"]) != 0 || b.env.Counters.Expired.Load() != 1 {
		t.Errorf("said %v, counted %d", outs, b.env.Counters.Expired.Load())
	}
}

func TestARowThatGetsAnOlderVersionKeepsItsTimerAndExpiresOnTime(t *testing.T) {
	b := newBench(t, remembering(true))
	b.process(b.record(0, 1500, NoTime, "k", "1"), b.record(0, 1000, NoTime, "k", "2"))
	b.advance(2500)
	b.commit()
	wantTexts(t, "state", b.stored())
}

func TestADeletedRowLeavesNoTimerAndANewOneHasItsOwn(t *testing.T) {
	g := remembering(true)
	set := g.Inputs[0].Handle
	g.Inputs[0].Handle = func(c *Context) error {
		if string(c.Record().Value) == "delete" {
			return c.DeleteRow()
		}
		return set(c)
	}
	b := newBench(t, g)
	b.process(b.record(0, 1000, NoTime, "k", "1"), b.record(0, 1000, NoTime, "k", "delete"))
	b.commit()
	wantTexts(t, "deleted", b.stored())
	b.process(b.record(0, 1200, NoTime, "k", "2"))
	b.commit()
	wantTexts(t, "made again", b.stored(), timerName(2200, ExpiryTimer, "k"), "k")
}

func TestTimersOfATableThatForgetsAreNeverLate(t *testing.T) {
	g := remembering(true)
	var late bool
	g.Timers["bell"] = func(c *Context) error {
		late = c.TooLate()
		return c.SetRow("rung", 1, true)
	}
	g.Inputs[0].Handle = func(c *Context) error { return c.SetTimer("bell", TimeOf(1000)) }
	b := newBench(t, g)
	b.send("k", "v")
	b.advance(9000)
	if outs := b.commit(); late || len(outs["dead"]) != 0 || b.env.Counters.Timers.Load() == 0 {
		t.Errorf("late %v, dead letters %q", late, texts(outs["dead"]))
	}
}
