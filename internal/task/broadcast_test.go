package task

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// teller is a group whose events are broadcast to topic next, and written to topic out.
func teller(h Handler) *Group {
	g := newGroup(h)
	g.Table = nil
	return g
}

func tell(c *Context) error {
	if err := c.Broadcast(next, c.Key, c.Record().Value); err != nil {
		return err
	}
	if c.Key == "bad" {
		return errors.New("refused")
	}
	return nil
}

func parts(t *testing.T, b *bench, topic string) [][]string {
	t.Helper()
	c, err := b.Cut(b.now)
	if err != nil || c == nil {
		t.Fatalf("cut %v, %v", c, err)
	}
	var all [][]string
	for _, o := range c.Outputs {
		for _, part := range o.Parts {
			if o.Topic.Name == topic {
				all = append(all, texts(part))
			}
		}
	}
	b.Committed(c, 0)
	return all
}

func TestABroadcastGoesToEveryPartitionInOneCutWithTheSendersTime(t *testing.T) {
	b := newBench(t, teller(tell))
	b.send("rule", "1")
	c, err := b.Cut(b.now)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, o := range c.Outputs {
		for p, part := range o.Parts {
			if o.Topic != next {
				continue
			}
			seen++
			var st stamp
			if len(part) != 1 || string(part[0].Key) != "\x00rrule" || string(part[0].Value) != "1" || st.parse(part[0].Headers[0].Value) != nil {
				t.Fatalf("partition %d: %q", p, texts(part))
			}
			if st.group != SenderID("g") || st.of != 2 || st.watermark != NoTime {
				t.Errorf("partition %d: stamp %+v", p, st)
			}
		}
	}
	if seen != 2 {
		t.Errorf("topic next has %d partitions", seen)
	}
}

func TestABroadcastThatFailsReachesNoPartition(t *testing.T) {
	b := newBench(t, teller(tell))
	b.send("bad", "1")
	b.send("good", "2")
	want := [][]string{{"\x00rgood=2"}, {"\x00rgood=2"}}
	if got := parts(t, b, "next"); !reflect.DeepEqual(got, want) {
		t.Errorf("partitions %q, want %q", got, want)
	}
}

func TestABroadcastGoesToInternalOutputsOnly(t *testing.T) {
	b := newBench(t, teller(func(c *Context) error { return c.Broadcast(out, c.Key, nil) }))
	b.send("rule", "1")
	wantTexts(t, "dead letters", slices.Concat(parts(t, b, "dead")...), "rule=1")
}

// keeper is a group whose tasks keep the last broadcast of all, and whose rows are what that was when an event came.
func keeper() *Group {
	text := func(b []byte) (any, error) {
		if strings.HasPrefix(string(b), "damaged") {
			return nil, errors.New("damaged")
		}
		return string(b), nil
	}
	g := newGroup(func(c *Context) error {
		v, err := c.Shared("last", text)
		if err != nil {
			return err
		}
		s, _ := v.(string)
		return c.SetRow(s, 1, false)
	})
	g.Inputs[0].Broadcast = func(c *Context) error {
		s := c.Key + ":" + string(c.Record().Value)
		if err := c.SetShared("last", []byte(s), s); err != nil {
			return err
		}
		if c.Key == "bad" {
			return errors.New("refused")
		}
		return nil
	}
	return g
}

func (b *bench) row(key string) string {
	b.tb.Helper()
	e, err := b.store.row(key)
	if err != nil {
		b.tb.Fatal(err)
	}
	s, _ := e.row.(string)
	return s
}

func TestWhatATaskKeepsOfABroadcastIsCommittedAndRolledBackLikeItsRows(t *testing.T) {
	b := newBench(t, keeper())
	b.send("before", "x")
	b.send("\x00rrule", "1")
	b.send("between", "x")
	b.send("\x00rbad", "2")
	b.send("behind", "x")
	for key, want := range map[string]string{"before": "", "between": "rule:1", "behind": "rule:1"} {
		if got := b.row(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	outs := b.commit()
	wantTexts(t, "dead letters", texts(outs["dead"]), "\x00rbad=2")
	wantTexts(t, "stored", b.stored(), "\x00slast", "before", "behind", "between")
	b.send("\x00rrule", "3") // not committed
	b.start(keeper())
	b.send("again", "x")
	if got := b.row("again"); got != "rule:1" {
		t.Errorf("after a restart: %q", got)
	}
}

func TestABroadcastThatNobodyTakesIsPassedOver(t *testing.T) {
	g := keeper()
	g.Inputs[0].Broadcast = nil
	b := newBench(t, g)
	b.send("\x00rrule", "1")
	b.send("key", "x")
	wantTexts(t, "stored", append(b.stored(), texts(b.commit()["dead"])...))
	wantTexts(t, "stored", b.stored(), "key")
}

func TestAValueThatCanNotBeReadEndsTheTask(t *testing.T) {
	b := newBench(t, keeper())
	b.db.rows["\x00slast"] = "damaged"
	_, err := b.Process([]Record{b.record(0, 0, NoTime, "key", "x")})
	if err == nil || !strings.Contains(err.Error(), `table g, value "last" of partition 0: damaged`) {
		t.Errorf("error %v", err)
	}
}
