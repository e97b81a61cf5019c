package task

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sayAdvanced is say with a watermark of which so much is an idle advance.
func (c *clock) sayAdvanced(partition, of int32, plain, advance int64, idle bool) {
	c.hear("in", &stamp{group: SenderID("w"), partition: partition, of: of, watermark: plain + advance, advance: advance, idle: idle})
}

func TestWithoutItsAdvancesAClockShowsWhatItWouldWithoutThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		advanced, plain := heard(), heard()
		of := int32(1)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "scale out") == 0 {
				of++
			}
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				again := heard()
				if err := again.restore(advanced.encode()); err != nil {
					t.Fatal(err)
				}
				advanced = again
			}
			partition := rapid.Int32Range(0, of-1).Draw(t, "partition")
			at := rapid.Int64Range(0, 20).Draw(t, "time")
			advance := max(0, rapid.Int64Range(-10, 10).Draw(t, "advance"))
			idle := advance > 0 || rapid.IntRange(0, 2).Draw(t, "idle") == 0
			before := advanced.now
			advanced.sayAdvanced(partition, of, at, advance, idle)
			plain.say(partition, of, at, idle)
			if advanced.plain != plain.now || advanced.now < plain.now || advanced.idle != plain.idle || advanced.now < before {
				t.Fatalf("at %d, without advances %d, before %d; the clock without them stands at %d", advanced.now, advanced.plain, before, plain.now)
			}
		}
	})
}

func TestAnAdvanceHasTheseBytes(t *testing.T) {
	s := stamp{event: 1616673780000, ingest: 1616673781500, group: 0x01020304, partition: 3, of: 12, watermark: 1616673779000, advance: 300, idle: true}
	b := s.append(nil)
	if got, want := hex.EncodeToString(b), "0113c0c4a1948d5eb81701020304030cd00fac02"; got != want {
		t.Errorf("stamp %s, was %s", got, want)
	}
	var back stamp
	if err := back.parse(b); err != nil || back != s {
		t.Errorf("%+v became %+v, %v", s, back, err)
	}
	for n := range b {
		if err := new(stamp).parse(b[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a stamp", n, len(b))
		}
	}
	c := heard()
	c.sayAdvanced(0, 1, 1000, 300, true)
	if got, want := hex.EncodeToString(c.encode()), "02a814d00f"+"02696e"+"f20c3f36"+"01"+"0ba814ac02"; got != want {
		t.Errorf("clock %s, was %s", got, want)
	}
}

// quiet is a group that reads topic "ext", whose time may go on by a minute, and tells topic "next" of it.
func quiet() *Group {
	g := newGroup(func(c *Context) error { return c.EventTime(TimeOf(c.Record().Timestamp)) })
	g.Table, g.Outputs = nil, []*Topic{next}
	g.Inputs[0].Topic = &Topic{Name: "ext", Advance: time.Minute}
	return g
}

// ext is a record of topic ext.
func (b *bench) ext(at int64) {
	b.tb.Helper()
	b.taken++
	b.process(Record{Topic: "ext", Offset: b.taken - 1, Timestamp: at, Key: []byte("k"), Value: []byte("v")})
}

func TestTimeGoesOnWhileAllIsIdleAndNoFurtherThanDeclared(t *testing.T) {
	b := newBench(t, quiet())
	if b.SetIdle("ext", true); b.Advance("ext", time.Second) {
		t.Error("time went on from nowhere")
	}
	b.ext(1000)
	if b.Advance("ext", time.Second) {
		t.Error("time went on though the topic is not idle")
	}
	b.SetIdle("ext", true)
	for i, want := range []int64{41_000, 61_000, 61_000} {
		b.Advance("ext", 40*time.Second)
		if now, idle := b.Watermark(); now != want || !idle {
			t.Errorf("after %d times 40 s: %d, idle %v; want %d", i+1, now, idle, want)
		}
	}
	b.ext(61_500)
	if now, _ := b.Watermark(); now != 61_500 || b.clock.plain != 61_500 {
		t.Errorf("a record before which nothing is advanced: %d, %d", now, b.clock.plain)
	}
	if b.Advance("elsewhere", time.Second) {
		t.Error("a topic that nobody reads went on")
	}
}

func TestAnAdvanceIsToldDownstreamAndCommitted(t *testing.T) {
	b := newBench(t, quiet())
	b.ext(1000)
	b.SetIdle("ext", true)
	first, err := b.Cut(b.now)
	if err != nil || first == nil {
		t.Fatalf("cut %+v, %v", first, err)
	}
	b.Committed(first, -1)
	b.now += announceEvery
	b.Advance("ext", 30*time.Second)
	cut, err := b.Cut(b.now)
	if err != nil || cut == nil || cut.Meta != "wm=31000;advance=30000" {
		t.Fatalf("cut %+v, %v", cut, err)
	}
	told := 0
	for _, part := range cut.Outputs[slices.IndexFunc(cut.Outputs, func(o *Output) bool { return o.Topic == next })].Parts {
		for _, o := range part {
			var st stamp
			if err := st.parse(o.Headers[0].Value); err != nil || st.watermark != 31_000 || st.advance != 30_000 || !st.idle {
				t.Errorf("told %+v, %v", st, err)
			}
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d of 2 partitions were told", told)
	}
	again, err := New(b.Group, 0, b.env, nil, cut.Meta)
	if err != nil {
		t.Fatal(err)
	}
	again.SetIdle("ext", true)
	again.Advance("ext", time.Hour)
	if now, _ := again.Watermark(); now != 61_000 || again.clock.plain != 1000 {
		t.Errorf("after a restart time goes on up to %d, plain %d", now, again.clock.plain)
	}
}

func TestAnAdvanceIsCommittedThoughNobodyIsTold(t *testing.T) {
	g := newGroup(func(c *Context) error { return c.EventTime(TimeOf(c.Record().Timestamp)) })
	g.Inputs[0].Topic = &Topic{Name: "ext", Advance: time.Minute}
	g.Outputs = []*Topic{out}
	b := newBench(t, g)
	b.ext(1000)
	b.SetIdle("ext", true)
	b.commit()
	b.now += controlPatience
	b.Advance("ext", time.Second)
	b.commit()
	if b.now += controlPatience; b.Due(b.now) {
		t.Error("a commit makes another due")
	}
	b.start(g)
	if now, _ := b.Watermark(); now != 2000 {
		t.Errorf("a restart went back to %d", now)
	}
}

func TestEventsBehindAnAdvanceAreCounted(t *testing.T) {
	g := newGroup(func(*Context) error { return nil })
	b := newBench(t, g)
	rec := func(event int64) Record {
		st := stamp{event: event, ingest: event, group: SenderID("up"), of: 1, watermark: 5000, advance: 3000, idle: true}
		b.taken++
		return Record{Topic: "in", Offset: b.taken - 1, Timestamp: event, Key: []byte("k"), Value: []byte("v"), Headers: []Header{{headerName, st.append(nil)}}}
	}
	for event, want := range map[int64]int64{1999: 0, 2000: 0, 2001: 1, 5000: 1, 5001: 0} {
		before := b.env.Counters.Behind.Load()
		b.process(rec(event))
		if got := b.env.Counters.Behind.Load() - before; got != want {
			t.Errorf("an event at %d was counted %d times, want %d", event, got, want)
		}
	}
	g.Inputs[0].Events = false
	before := b.env.Counters.Behind.Load()
	b.process(rec(3000))
	if got := b.env.Counters.Behind.Load() - before; got != 0 {
		t.Errorf("a change, which is never late, was counted %d times", got)
	}
	if got := fmt.Sprint(b.Watermark()); got != "5000 true" {
		t.Errorf("watermark %s", got)
	}
}
