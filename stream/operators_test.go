package stream_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

type (
	name string
	none = stream.Unkeyed
)

var (
	words = stream.NewTopic[name]("words", codecs.String(), nil, stream.Partitioned())
	more  = stream.NewTopic[name]("more", codecs.String(), nil, stream.Partitioned())
	said  = stream.NewTopic[name]("t-said", codecs.String(), nil, stream.Events(0))
	other = stream.NewTopic[name]("t-other", codecs.String(), nil, stream.Events(0))
	via   = stream.NewTopic[name]("t-via", codecs.String(), nil)
	texts = tables.New[name]("t-texts", codecs.String())
)

// speak sends "key value" records to topic words.
func speak(d *streamtest.Driver, records ...string) {
	for _, r := range records {
		k, v, _ := strings.Cut(r, " ")
		streamtest.Send(d, words, name(k), v)
	}
	d.Run()
}

func upper(s string) (string, error) {
	if s == "bad" {
		return "", errors.New("bad word")
	}
	return strings.ToUpper(s), nil
}

func TestMapValuesReplacesEachValueAndRefusesSome(t *testing.T) {
	x := stream.New("t")
	stream.MapValues(stream.From(x, words), upper).To(said)
	d := run(t, x)
	speak(d, "k one", "k bad", "k two")
	want(t, "said", written(d, said), "k ONE", "k TWO")
	if ls := d.DeadLetters(); len(ls) != 1 || ls[0].Reason != "bad word" {
		t.Errorf("dead letters %+v", ls)
	}
}

func TestFilterKeepsSome(t *testing.T) {
	x := stream.New("t")
	stream.From(x, words).Filter(func(s string) bool { return s != "no" }).To(said)
	d := run(t, x)
	speak(d, "k yes", "k no", "j yes")
	want(t, "said", written(d, said), "k yes", "j yes")
}

func TestFlatMapMakesAnyNumberOfRecords(t *testing.T) {
	x := stream.New("t")
	stream.FlatMap(stream.From(x, words), func(s string) ([]string, error) { return strings.Split(s, ","), nil }).To(said)
	d := run(t, x)
	speak(d, "k a,b,c", "k d")
	want(t, "said", written(d, said), "k a", "k b", "k c", "k d")
}

func TestBranchSendsEachRecordToTheFirstThatTakesIt(t *testing.T) {
	x := stream.New("t")
	b := stream.From(x, words).Branch(
		func(s string) bool { return strings.HasPrefix(s, "a") },
		func(s string) bool { return strings.HasSuffix(s, "z") },
	)
	b[0].To(said)
	b[2].To(other)
	d := run(t, x)
	speak(d, "k a-z", "k b-z", "k c")
	want(t, "the first branch", written(d, said), "k a-z")
	want(t, "the rest", written(d, other), "k c")
}

func TestMergeIsTheRecordsOfSeveralStreams(t *testing.T) {
	x := stream.New("t")
	first := stream.MapValues(stream.From(x, words), upper)
	both := first.Merge(stream.From(x, more))
	stream.KeyBy(both, via, func(s string) (name, error) { return name(s), nil }).To(said)
	d := run(t, x, streamtest.InputPartitions("more", 3), streamtest.Partitions(2))
	streamtest.Send(d, more, "k", "b")
	speak(d, "k a")
	got := written(d, said)
	slices.Sort(got)
	want(t, "said", got, "A A", "b b")
}

func TestPeekSeesWhatFlowsBy(t *testing.T) {
	x := stream.New("t")
	var seen []string
	stream.From(x, words).Peek(func(k name, v string) { seen = append(seen, string(k)+" "+v) }).To(said)
	d := run(t, x)
	speak(d, "k a")
	want(t, "seen", seen, "k a")
	want(t, "said", written(d, said), "k a")
}

func TestKeyBySendsARecordToThePartitionOfItsKey(t *testing.T) {
	x := stream.New("t")
	stream.KeyBy(stream.From(x, words), via, func(s string) (name, error) { return name(s), nil }).To(said)
	d := run(t, x, streamtest.Partitions(4))
	speak(d, "k a", "k b", "k c", "k d", "k e", "j a")
	where := map[name]int32{}
	for _, r := range streamtest.Read(d, said) {
		if p, seen := where[r.Key]; seen && p != r.Partition {
			t.Errorf("key %s is in partitions %d and %d", r.Key, p, r.Partition)
		}
		where[r.Key] = r.Partition
	}
	if len(where) != 5 || where["a"] == where["b"] && where["b"] == where["c"] && where["c"] == where["d"] {
		t.Errorf("keys are in partitions %v", where)
	}
}

func TestErrSkipIsNoDeadLetter(t *testing.T) {
	x := stream.New("t")
	stream.MapValues(stream.From(x, words), func(s string) (string, error) { return s, fmt.Errorf("not ours: %w", stream.ErrSkip) }).To(said)
	d := run(t, x)
	speak(d, "k a")
	want(t, "said", written(d, said))
	wantNoDeadLetters(t, d)
	if n := d.Counters("t-words").Skipped; n != 1 {
		t.Errorf("%d skipped", n)
	}
}

func TestFoldMakesARowOfItsRecords(t *testing.T) {
	x := stream.New("t")
	var times []time.Time
	stream.Fold(stream.From(x, words), texts, func(r stream.Record, held *string, v string) (*string, error) {
		times = append(times, r.EventTime)
		switch {
		case v == "forget":
			return nil, nil
		case v == "again":
			return held, nil
		case held != nil:
			v = *held + v
		}
		return &v, nil
	}).To(said2)
	d := run(t, x)
	speak(d, "k a", "k b", "j c", "k again", "k forget", "k forget", "k d")
	want(t, "said", written(d, said2), "k a", "k ab", "j c", "k", "k d")
	if len(times) != 7 || !times[0].Equal(noon) {
		t.Errorf("times %v", times)
	}
	if got := streamtest.Rows(d, texts)["k"]; got.Value != "d" || !got.EventTime.Equal(noon) {
		t.Errorf("row %+v", got)
	}
}

var said2 = stream.NewTopic[name]("t-said", codecs.String(), nil)

func TestFilteredAndMappedChangesAreATableOfTheirOwn(t *testing.T) {
	x := stream.New("t")
	rows := stream.Fold(stream.From(x, words), texts, func(_ stream.Record, _ *string, v string) (*string, error) { return &v, nil })
	long := rows.Filter(func(s string) bool { return len(s) > 1 })
	stream.MapRows(long, func(r tables.Row[name, string]) (string, error) {
		return fmt.Sprint(r.Key, ":", r.Value[:2], " ", r.EventTime.Format("15:04:05"), " ", r.UpdatedAt.Format("15:04:05")), nil
	}).To(said2)
	d := run(t, x)
	speak(d, "k a", "k abc", "k b", "k c", "k abc")
	want(t, "said", written(d, said2), "k k:ab 12:00:00 12:00:00", "k", "k k:ab 12:00:00 12:00:00")
	speak(d, "k abd")
	want(t, "the same two letters", written(d, said2))
	d.Advance(time.Second)
	speak(d, "k abe")
	want(t, "a second later", written(d, said2)) // another time alone is no change
	speak(d, "k acd")
	want(t, "other letters", written(d, said2), "k k:ac 12:00:01 12:00:01")
}

// A processor that says what it sees; "bell@3" sets a timer to minute 3.
func bells(x *stream.Topology) stream.Processor[name, string] {
	p := stream.NewProcessor(x, texts)
	stream.WithSubs(p, "notes")
	out := stream.OutputOf(p, other)
	notes := tables.NewSub("notes", codecs.String())
	handled := stream.On(p, stream.From(x, words), func(c *stream.Context[name, string], v string) ([]string, error) {
		subs := stream.SubsOf(c, notes)
		if at, ok := strings.CutPrefix(v, "bell@"); ok {
			var m int64
			if _, err := fmt.Sscan(at, &m); err != nil {
				return nil, err
			}
			return nil, c.SetTimer("bell", minute(m))
		}
		if v == "end" {
			c.Row = nil
			return []string{"ended"}, out.Delete(c, c.Key)
		}
		if err := subs.Set(v, fmt.Sprint(len(v))); err != nil {
			return nil, err
		}
		c.Row = &v
		return []string{"heard " + v}, out.Send(c, c.Key, "note "+v)
	})
	rung := stream.OnTimer(p, "bell", func(c *stream.Context[name, string], at time.Time) ([]string, error) {
		text := fmt.Sprint("bell ", at.Format("15:04"))
		err := stream.SubsOf(c, notes).Each(func(k, n string) bool {
			text += fmt.Sprint(" ", k, n)
			return true
		})
		return []string{text}, err
	})
	handled.Merge(rung).To(said)
	return p
}

func TestAProcessorHasARowSubRowsTimersAndOutputs(t *testing.T) {
	x := stream.New("t")
	bells(x)
	d := run(t, x)
	speak(d, "k ab", "k bell@1", "k a", "j bell@2")
	want(t, "said", written(d, said), "k heard ab", "k heard a")
	want(t, "notes", written(d, other), "k note ab", "k note a")
	d.Advance(90 * time.Second)
	speak(d, "j x")
	want(t, "after 90 seconds", written(d, said), "j heard x", "k bell 12:01 a1 ab2")
	d.Advance(90 * time.Second)
	speak(d, "k end")
	want(t, "after 180 seconds", written(d, said), "k ended", "j bell 12:02 x1")
	want(t, "notes", written(d, other), "j note x", "k")
	want(t, "state", d.StateKeys("t-texts"), "j", "j\x00notes\x00x")
	wantNoDeadLetters(t, d)
}

func TestAHandlersRowIsItsOwnCopyUntilItSucceeds(t *testing.T) {
	x := stream.New("t")
	p := stream.NewProcessor(x, texts)
	stream.On(p, stream.From(x, words), func(c *stream.Context[name, string], v string) ([]string, error) {
		if c.Row == nil {
			c.Row = new(string)
		}
		*c.Row += v
		if v == "bad" {
			return nil, errors.New("bad word")
		}
		return []string{*c.Row}, nil
	}).To(said)
	d := run(t, x)
	speak(d, "k a", "k bad", "k b")
	want(t, "said", written(d, said), "k a", "k ab")
}

func TestOnChangeSeesTheRowBeforeAndAfter(t *testing.T) {
	x := stream.New("t")
	changes := stream.NewChangeTopic[name]("t-changes", codecs.String())
	rows := stream.Fold(stream.From(x, words), tables.New[name]("t-rows", codecs.String()), func(_ stream.Record, _ *string, v string) (*string, error) {
		if v == "gone" {
			return nil, nil
		}
		return &v, nil
	})
	p := stream.NewProcessor(x, texts)
	grouped := stream.GroupBy(rows, changes, func(s string) (name, error) { return name(s[:1]), nil })
	stream.OnChange(p, grouped, func(_ *stream.Context[name, string], ch stream.Change[string]) ([]string, error) {
		say := func(s *string) string {
			if s == nil {
				return "nothing"
			}
			return *s
		}
		return []string{say(ch.Before) + " to " + say(ch.After)}, nil
	}).To(said)
	d := run(t, x)
	speak(d, "k ab", "k ac", "k b", "k gone")
	want(t, "said", written(d, said), "a nothing to ab", "a ab to ac", "a ac to nothing", "b nothing to b", "b b to nothing")
}

func TestATopicMayHoldSeveralRecordsInOneMessage(t *testing.T) {
	x := stream.New("t")
	lines := stream.NewTopic[none]("lines", codecs.Object(
		codecs.TextField("word", func(o *codecs.Text) *codecs.Text { return o }),
	), nil)
	stream.KeyBy(stream.MapValues(stream.From(x, lines), func(w codecs.Text) (string, error) { return w.V, nil }), via,
		func(s string) (name, error) { return name(s), nil }).To(said)
	d := run(t, x)
	d.SendRaw("lines", -1, nil, []byte(`[{"word":"a"},{"word":"b"},{}]`))
	d.SendRaw("lines", -1, nil, []byte(`[{"word":"a"},{"word":"b"}]`))
	d.Run()
	want(t, "one bad record refuses its message", written(d, said), "a a", "b b")
	if len(d.DeadLetters()) != 1 {
		t.Errorf("dead letters %+v", d.DeadLetters())
	}
}
