package task

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// effects does everything that a handler can do, then what the record's value says.
func effects(c *Context) error {
	v := string(c.Record().Value)
	err := errors.Join(
		c.SetRow("row of "+v, 1, false),
		c.SetSub("sub", v, []byte("x")),
		c.SetTimer("later", TimeOf(5_000)),
		c.Emit(out, c.Key, append(c.Buffer(), v...)),
		c.Emit(next, c.Key, append(c.Buffer(), v...)),
	)
	switch v {
	case "error":
		return errors.New("refused")
	case "panic":
		var m map[string]int
		//lint:ignore SA5000 a handler that panics is what is tested
		m[v]++
	case "skip":
		return fmt.Errorf("not for us: %w", ErrSkip)
	case "large record":
		return c.Emit(out, c.Key, make([]byte, 2000))
	case "large row":
		return c.SetRow(strings.Repeat("r", 2000), 1, false)
	case "large sub-row":
		return c.SetSub("sub", "x", make([]byte, 2000))
	case "delete":
		return errors.Join(c.DeleteRow(), c.DeleteTimer("later", TimeOf(5_000)), errors.New("refused"))
	case "sub-row nobody declared":
		return c.SetSub("other", "x", nil)
	case "timer nobody declared":
		return c.SetTimer("other", TimeOf(1))
	case "topic nobody declared":
		return c.Emit(&Topic{Name: "other"}, c.Key, nil)
	}
	return err
}

func newEffects(t *testing.T) *bench {
	g := newGroup(effects)
	g.Timers["later"] = func(*Context) error { return nil }
	return newBench(t, g, func(e *Env) { e.MaxRecord = 1000 })
}

func TestARecordThatFailsLeavesNothingButOneDeadLetter(t *testing.T) {
	for value, reason := range map[string]string{
		"error":                   "refused",
		"panic":                   "assignment to entry in nil map",
		"large record":            "the record for topic out would have 2001 bytes, the limit is 1000",
		"large row":               "the record for topic g-table would have 2033 bytes, the limit is 1000",
		"large sub-row":           "the record for topic g-table would have 2007 bytes, the limit is 1000",
		"delete":                  "refused",
		"sub-row nobody declared": `sub-rows "other" are not declared`,
		"timer nobody declared":   `timer "other" is not declared`,
		"topic nobody declared":   "topic other is not an output",
	} {
		t.Run(value, func(t *testing.T) {
			b := newEffects(t)
			b.send("k", "before")
			b.send("k", value)
			b.send("k", "after")
			outs := b.commit()

			if len(outs["dead"]) != 1 {
				t.Fatalf("%d dead letters", len(outs["dead"]))
			}
			letter := outs["dead"][0]
			if string(letter.Key) != "k" || string(letter.Value) != value {
				t.Errorf("the dead letter is %q=%q", letter.Key, letter.Value)
			}
			h := map[string]string{}
			for _, x := range letter.Headers {
				h[string(x.Key)] = string(x.Value)
			}
			if !strings.Contains(h["reason"], reason) || h["topic"] != "in" || h["partition"] != "0" || h["offset"] != "1" || h["group"] != "g" || len(h) != 5 {
				t.Errorf("headers %v", h)
			}
			wantTexts(t, "results", texts(outs["out"]), "k=before", "k=after")
			wantTexts(t, "records sent on", texts(outs["next"]), "k=before", "k=after")
			wantTexts(t, "keys", b.stored(), timerName(5000, "later", "k"), "k", "k\x00sub\x00after", "k\x00sub\x00before")
			if n := b.env.Counters.DeadLetters.Load(); n != 1 {
				t.Errorf("%d dead letters were counted", n)
			}
			if len(b.store.undo) != 0 || len(b.store.dirty) != 0 {
				t.Error("the store holds changes that no commit has seen")
			}
		})
	}
}

func TestASkippedRecordLeavesNothingAtAll(t *testing.T) {
	b := newEffects(t)
	b.send("k", "skip")
	outs := b.commit()
	if len(outs["dead"])+len(outs["out"])+len(b.stored()) != 0 || b.env.Counters.Skipped.Load() != 1 {
		t.Errorf("wrote %v, holds %q, counted %d", outs, b.stored(), b.env.Counters.Skipped.Load())
	}
}

func TestATombstoneInATopicOfEventsIsSkippedAndCounted(t *testing.T) {
	b := newEffects(t)
	r := b.record(0, 0, NoTime, "k", "")
	r.Value = nil
	b.process(r)
	if outs := b.commit(); len(outs["dead"])+len(outs["out"]) != 0 || b.env.Counters.Skipped.Load() != 1 {
		t.Errorf("wrote %v, counted %d", outs, b.env.Counters.Skipped.Load())
	}
}

func TestALargeDeadLetterKeepsItsHead(t *testing.T) {
	for _, size := range []int{512<<10 - 1, 600 << 10} {
		b := newBench(t, newGroup(func(*Context) error { return errors.New("refused") }))
		value := bytes.Repeat([]byte("v"), size)
		r := b.record(0, 0, NoTime, "k", "")
		r.Value = value
		b.process(r)
		letter := b.commit()["dead"][0]
		truncated := ""
		for _, h := range letter.Headers {
			if string(h.Key) == HeaderTruncated {
				truncated = string(h.Value)
			}
		}
		switch whole := size+1 <= 512<<10; {
		case whole && (truncated != "" || !bytes.Equal(letter.Value, value)):
			t.Errorf("%d bytes became %d, header %q", size, len(letter.Value), truncated)
		case !whole && (truncated != strconv.Itoa(size+1) || len(letter.Value) != 4096 || string(letter.Key) != "k"):
			t.Errorf("%d bytes became %d, header %q", size, len(letter.Value), truncated)
		}
	}
}

func TestTheReasonOfADeadLetterIsShortAndText(t *testing.T) {
	b := newBench(t, newGroup(func(*Context) error { return errors.New(strings.Repeat("é", 600) + "\xff") }))
	b.send("k", "v")
	reason := string(b.commit()["dead"][0].Headers[0].Value)
	if want := strings.Repeat("é", 512); reason != want {
		t.Errorf("%d bytes: %q", len(reason), reason)
	}
	b = newBench(t, newGroup(func(*Context) error { return errors.New("not text: \xff") }))
	b.send("k", "v")
	if reason := string(b.commit()["dead"][0].Headers[0].Value); reason != "not text: \uFFFD" {
		t.Errorf("%q", reason)
	}
}

func TestARecordWithoutOurHeaderIsADeadLetterAtOnce(t *testing.T) {
	b := newEffects(t)
	b.commit() // the version record
	r := b.record(0, 0, NoTime, "k", "v")
	r.Headers = nil
	b.process(r)
	if !b.Due(b.now) {
		t.Error("the dead letter waits for something else to commit")
	}
	if outs := b.commit(); len(outs["dead"]) != 1 || len(outs["out"]) != 0 {
		t.Errorf("wrote %v", outs)
	}
}

func TestAKeyThatTheStoreGivesAnotherMeaningIsADeadLetter(t *testing.T) {
	for _, key := range []string{"", "__offset", "a\x00b"} {
		b := newEffects(t)
		b.send(key, "v")
		if outs := b.commit(); len(outs["dead"]) != 1 || len(outs["out"]) != 0 || len(b.stored()) != 0 {
			t.Errorf("key %q: wrote %v, holds %q", key, outs, b.stored())
		}
	}
}

func TestWhatARecordThatFailedSaidOfTimeIsSaidAgain(t *testing.T) {
	b := newEffects(t)
	b.advance(1000)
	b.process(b.record(0, 2000, 1000, "k", "error")) // its record for topic next would have told partition k's of time 1000
	if got := texts(b.commit()["next"]); len(got) != 2 {
		t.Errorf("partitions told of the time: %q, want both", got)
	}
}

func TestATaskThatSaidEverythingIsNotDue(t *testing.T) {
	b := newEffects(t)
	b.send("k", "v")
	b.advance(1000)
	b.commit()
	b.now += 1000
	b.commit() // stand-alone watermarks
	b.now += 1000
	if b.Due(b.now) {
		t.Errorf("it wants to write %v", b.commit())
	}
}

func TestABrokenStoreStopsTheTaskAndBlamesNoRecord(t *testing.T) {
	b := newEffects(t)
	b.db.rows["k"] = "\x09 written by nobody"
	n, err := b.Process([]Record{b.record(0, 0, NoTime, "k", "v")})
	if n != 0 || err == nil || !strings.Contains(err.Error(), `row of key "k"`) {
		t.Errorf("took %d, %v", n, err)
	}
	if b.env.Counters.DeadLetters.Load() != 0 {
		t.Error("the record became a dead letter")
	}
}

func TestAProgramRefusesTheStateOfANewerOne(t *testing.T) {
	b := newEffects(t)
	b.commit()
	for text, refused := range map[string]bool{"1 0": false, "2 0": true, "1 1": true, "what": true} {
		b.db.rows[versionKey] = text
		_, err := New(b.Group, 0, b.env, b.db, "")
		if (err != nil) != refused || errors.Is(err, ErrNewer) != (refused && text != "what") {
			t.Errorf("version %q: %v", text, err)
		}
	}
}
