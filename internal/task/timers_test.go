package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// alarms is a group in which a record's value, "name@time ...", sets timers; a timer that fires says so, as
// key@time, and does what do says.
func alarms(do func(c *Context) error) *Group {
	g := newGroup(func(c *Context) error {
		for text := range strings.FieldsSeq(string(c.Record().Value)) {
			name, at, _ := strings.Cut(text, "@")
			n, err := strconv.ParseInt(at, 10, 64)
			if err == nil {
				err = c.SetTimer(name, TimeOf(n))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	fire := func(c *Context) error {
		if err := c.Emit(out, c.Key, fmt.Appendf(c.Buffer(), "%s@%d", c.Timer, c.Event)); err != nil || do == nil {
			return err
		}
		return do(c)
	}
	g.Timers["a"], g.Timers["b"] = fire, fire
	return g
}

// fired puts all results into one partition, so that their order shows.
func onePartition(e *Env) { e.Partitions = func(string) int32 { return 1 } }

func TestTimersFireInTheOrderOfTimeThenNameThenKey(t *testing.T) {
	b := newBench(t, alarms(nil), onePartition)
	b.send("y", "b@20 a@30 a@20")
	b.send("x", "a@30 a@10 a@31")
	b.advance(30)
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@10", "y=a@20", "y=b@20", "x=a@30", "y=a@30")
	wantTexts(t, "left", b.stored(), timerName(31, "a", "x"))
}

func TestATimerFiresBeforeTheRecordThatBringsItsTime(t *testing.T) {
	b := newBench(t, alarms(nil), onePartition)
	b.send("x", "a@10")
	b.advance(9)
	b.process(b.record(0, 50, 10, "x", "a@10"), b.record(1, 50, 10, "x", ""))
	b.advance(11)
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@10")
	b.advance(12)
	wantTexts(t, "fired later", texts(b.commit()["out"]))
}

func TestATimerSetTwiceFiresOnceAndADeletedOneNever(t *testing.T) {
	g := alarms(nil)
	set := g.Inputs[0].Handle
	g.Inputs[0].Handle = func(c *Context) error {
		if text := string(c.Record().Value); text == "delete a@10" {
			return errors.Join(c.DeleteTimer("a", TimeOf(10)), c.DeleteTimer("a", TimeOf(11)))
		}
		return set(c)
	}
	b := newBench(t, g, onePartition)
	b.send("x", "a@10 a@10")
	b.send("x", "a@10 b@12")
	b.send("y", "a@10")
	b.send("y", "delete a@10")
	b.advance(20)
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@10", "x=b@12")
	wantTexts(t, "left", b.stored())
}

func TestATimerMayDeleteALaterOneAndSetOthersThatAreDue(t *testing.T) {
	b := newBench(t, alarms(func(c *Context) error {
		if c.Timer != "a" || c.Event != 10 {
			return nil
		}
		return errors.Join(c.DeleteTimer("a", TimeOf(20)), c.SetTimer("b", TimeOf(15)), c.SetTimer("b", TimeOf(5)))
	}), onePartition)
	b.send("x", "a@10 a@20 a@30")
	b.advance(30)
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@10", "x=b@5", "x=b@15", "x=a@30")
}

func TestATimerWhoseHandlerFailsIsOneDeadLetter(t *testing.T) {
	b := newBench(t, alarms(func(c *Context) error {
		if c.Key == "x" {
			panic("broken handler")
		}
		return nil
	}), onePartition)
	b.send("x", "a@10")
	b.send("y", "a@10")
	b.advance(20)
	b.advance(30)
	outs := b.commit()
	wantTexts(t, "fired", texts(outs["out"]), "y=a@10")
	wantTexts(t, "dead letters", texts(outs["dead"]), "x=")
	wantTexts(t, "left", b.stored())
	h := outs["dead"][0].Headers
	if string(h[0].Value) != "panic: broken handler" || string(h[1].Value) != "g-table" || string(h[3].Value) != "-1" {
		t.Errorf("headers %q", h)
	}
}

func TestATimerWithoutAHandlerStopsTheTask(t *testing.T) {
	g := alarms(nil)
	b := newBench(t, g)
	b.send("x", "a@10")
	b.commit()
	g = alarms(nil)
	delete(g.Timers, "a")
	b.start(g)
	_, err := b.Process([]Record{b.record(0, 10, 10, WatermarkKey, ""), b.record(1, 10, 10, WatermarkKey, "")})
	if err == nil || !strings.Contains(err.Error(), `timer "a" of key "x" has no handler`) {
		t.Errorf("%v", err)
	}
}

func TestTimersSurviveARestart(t *testing.T) {
	b := newBench(t, alarms(nil), onePartition)
	b.send("x", "a@10 a@20")
	b.advance(10)
	b.commit()
	b.start(b.Group, onePartition)
	if b.nextTimer != 20 {
		t.Errorf("the next timer stands at %d", b.nextTimer)
	}
	b.advance(20)
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@20")
}

func TestTimersThatWereDueWhenTheProgramStoppedFireAtItsStart(t *testing.T) {
	b := newBench(t, alarms(nil), onePartition)
	b.send("x", "a@10")
	b.commit()
	b.advance(5)
	b.clock.now = 10 // as if it had stopped between the clock and the timers
	b.clock.dirty = true
	b.commit()
	b.start(b.Group, onePartition)
	if err := b.Fire(); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@10")
}

// next, the internal topic, is told of time stamp by stamp.
func watermarks(t *testing.T, outs []Out) (ws []int64) {
	t.Helper()
	for _, o := range outs {
		var st stamp
		if err := readStamp(&Record{Headers: o.Headers}, &st); err != nil {
			t.Fatal(err)
		}
		ws = append(ws, st.watermark)
	}
	return ws
}

func TestOneCommitFiresAtMostItsBudgetAndTimeWaitsForTheRest(t *testing.T) {
	g := alarms(func(c *Context) error { return c.Emit(next, c.Key, c.Buffer()) })
	b := newBench(t, g, onePartition)
	const n = 2*timerBudget + 5
	for i := range n {
		b.send("k", "a@"+strconv.Itoa(100+i))
	}
	b.commit()
	end := int64(100 + n)
	rs := []Record{b.record(0, end, end, WatermarkKey, ""), b.record(1, end, end, WatermarkKey, ""), b.record(0, end, end, "late", "b@7")}
	for round, want := range []int{timerBudget, timerBudget, 5} {
		took, err := b.Process(rs)
		if err != nil {
			t.Fatal(err)
		}
		rs = rs[took:]
		if waiting := round < 2; waiting != (len(rs) > 0) || waiting != b.firing {
			t.Fatalf("round %d: %d records left, waiting %v", round, len(rs), b.firing)
		}
		b.now += announceEvery
		outs := b.commit()
		if round == 2 { // the commit before let the rest fire
			want++
		}
		if got := len(outs["out"]); got != want {
			t.Errorf("round %d: %d timers fired, want %d", round, got, want)
		}
		for i, wm := range watermarks(t, outs["next"])[:min(want, 5)] {
			at := int64(100 + round*timerBudget + i)
			if wm >= at {
				t.Errorf("round %d: the record of timer %d says that time is %d: it would be late", round, at, wm)
			}
		}
	}
	b.now += announceEvery
	b.advance(end + 1)
	ws := watermarks(t, b.commit()["next"])
	if len(ws) != 1 || ws[0] != end+1 {
		t.Errorf("when all have fired, time is said to be %d", ws)
	}
	if b.env.Counters.Timers.Load() != n+1 {
		t.Errorf("%d timers were counted", b.env.Counters.Timers.Load())
	}
}

func TestWhatTimersEmitIsNotLateDownstreamAndTheirTimeIsSaidAfterwards(t *testing.T) {
	g := alarms(func(c *Context) error { return c.Emit(next, c.Key, c.Buffer()) })
	b := newBench(t, g, onePartition)
	b.send("x", "a@10 a@20")
	b.advance(25)
	got := watermarks(t, b.commit()["next"])
	if fmt.Sprint(got) != "[9 19 25]" { // two records and one stand-alone watermark
		t.Errorf("watermarks said: %d", got)
	}
}

func TestTimeGoesOnThroughATaskThatGetsNothingButWatermarks(t *testing.T) {
	b := newBench(t, newGroup(nil))
	for at := int64(1000); at < 5000; at += 1000 {
		b.now += announceEvery
		b.advance(at)
		if ws := watermarks(t, b.commit()["next"]); len(ws) != 2 || ws[0] != at || ws[1] != at {
			t.Errorf("at %d both partitions are told %d", at, ws)
		}
	}
}

func TestTimeWithoutEndFiresEveryTimer(t *testing.T) {
	b := newBench(t, alarms(nil), onePartition)
	b.send("x", "a@10")
	b.advance(EndOfTime)
	wantTexts(t, "fired", texts(b.commit()["out"]), "x=a@10")
}

func TestTimeThatTimersHaveNotSeenYetIsNotSaid(t *testing.T) {
	b := newBench(t, alarms(nil), onePartition)
	b.send("x", "a@10")
	b.advance(5)
	b.commit()
	for from := range int32(2) { // as if a commit came between a sender's silence and the timers
		b.clock.hear("in", &stamp{group: SenderID("up"), partition: from, of: 2, watermark: 20})
	}
	b.now += announceEvery
	c, err := b.Cut(b.now)
	if err != nil {
		t.Fatal(err)
	}
	if c != nil {
		for _, o := range c.Outputs {
			if o.Topic == next && len(o.Parts[0]) > 0 {
				t.Errorf("times said: %d", watermarks(t, o.Parts[0]))
			}
		}
		b.Committed(c, 0)
	}
	if err := b.Fire(); err != nil {
		t.Fatal(err)
	}
	b.now += announceEvery
	outs := b.commit()
	wantTexts(t, "fired", texts(outs["out"]), "x=a@10")
	if got := fmt.Sprint(watermarks(t, outs["next"])); got != "[20]" {
		t.Errorf("then times said: %s", got)
	}
}
