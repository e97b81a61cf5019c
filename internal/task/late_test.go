package task

import (
	"fmt"
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
	b.sweep(false)
	wantTexts(t, "a millisecond before", b.stored(), "k")
	b.advance(2500)
	b.commit()
	b.sweep(true)
	outs := b.commit()
	wantTexts(t, "then", b.stored())
	if len(outs["out"])+len(outs["dead"]) != 0 || b.env.Counters.Expired.Load() != 1 {
		t.Errorf("said %v, counted %d", outs, b.env.Counters.Expired.Load())
	}
}

func TestARowThatGetsAnOlderVersionExpiresByTheOlderTime(t *testing.T) {
	b := newBench(t, remembering(true))
	b.process(b.record(0, 1500, NoTime, "k", "1"), b.record(0, 1000, NoTime, "k", "2"))
	b.commit()
	b.advance(2500)
	b.sweep(true)
	b.commit()
	wantTexts(t, "state", b.stored())
}

// Nobody has swept yet when somebody asks for the row: it is not there, nor are its sub-rows.
func TestWhoAsksForAnExpiredRowFindsNone(t *testing.T) {
	g := remembering(false)
	var found []string
	g.Inputs[0].Handle = func(c *Context) error {
		row, err := c.Row()
		if err != nil {
			return err
		}
		sub, err := c.Sub("sub", "x")
		if err != nil {
			return err
		}
		found = append(found, fmt.Sprint(row, " ", string(sub)))
		if err := c.SetRow(string(c.Record().Value), 1, true); err != nil {
			return err
		}
		return c.SetSub("sub", "x", c.Record().Value)
	}
	b := newBench(t, g)
	b.process(b.record(0, 1000, NoTime, "k", "1"), b.record(0, 1000, NoTime, "k", "2"))
	b.commit()
	b.advance(2000)
	b.process(b.record(0, 2000, 2000, "k", "3"), b.record(0, 2000, 2000, "k", "4"))
	wantTexts(t, "found", found, "<nil> ", "1 1", "<nil> ", "3 3")
	if n := b.env.Counters.Expired.Load(); n != 1 {
		t.Errorf("%d rows have expired", n)
	}
}

// A row that expires at 2000 is there for a timer of 1999 and not for one of 2000, though time went on to 9000
// in one step.
func TestTimersFindRowsAsTheyWereAtTheirTime(t *testing.T) {
	g := remembering(false)
	set := g.Inputs[0].Handle
	g.Inputs[0].Handle = func(c *Context) error {
		if err := c.SetTimer("early", TimeOf(1999)); err != nil {
			return err
		}
		if err := c.SetTimer("late", TimeOf(2000)); err != nil {
			return err
		}
		return set(c)
	}
	var found []string
	look := func(c *Context) error {
		row, err := c.Row()
		found = append(found, fmt.Sprint(c.Timer, " ", row))
		return err
	}
	g.Timers["early"], g.Timers["late"] = look, look
	b := newBench(t, g)
	b.process(b.record(0, 1000, NoTime, "k", "1"))
	b.advance(9000)
	wantTexts(t, "found", found, "early 1", "late <nil>")
}

// A walk of a few keys at a time finds all rows that are forgotten, however far memory is ahead of the store.
func TestASweepGoesOnWhereItStood(t *testing.T) {
	b := newBench(t, remembering(false), func(e *Env) { e.CacheRows = 50 })
	const rows = 5000
	for i := range rows {
		b.process(b.record(0, 1000+int64(i%2)*500, NoTime, fmt.Sprint("k", i), "v"))
		if i%100 == 0 {
			b.commit()
		}
	}
	b.commit()
	b.advance(2000)
	for range 3 * rows {
		if err := b.Sweep(1); err != nil {
			t.Fatal(err)
		}
		if b.Due(b.now) {
			b.commit()
		}
	}
	if n := len(b.stored()); n != rows/2 {
		t.Errorf("%d rows are left", n)
	}
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

// sweep walks over the whole store.
func (b *bench) sweep(want bool) {
	b.tb.Helper()
	if did, err := b.SweepAll(); did != want || err != nil {
		b.tb.Fatal("swept ", did, ", want ", want, ": ", err)
	}
}
