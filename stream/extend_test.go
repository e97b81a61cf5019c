package stream_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

type (
	noted  string
	marked string
)

var (
	notes    = stream.NewTopic[noted]("notes", codecs.String(), nil, stream.Partitioned())
	notebook = tables.New[noted]("pad-book", codecs.String())
	marks    = stream.NewTopic[marked]("marks", codecs.String(), nil)
)

// pad writes notes to marks under their own text. One that begins with ! is a dead letter besides, and one that
// ends with ! fails after that.
func pad(t *testing.T) *streamtest.Driver {
	t.Helper()
	x := stream.New("pad")
	in := stream.From(x, notes)
	p := stream.ProcessorOf(in, notebook)
	p.Describe("notes are taken")
	out := stream.On(p, in, func(c *stream.Context[noted, string], v string) ([]string, error) {
		c.Row = &v
		if strings.HasPrefix(v, "!") {
			c.DeadLetter([]byte("of "+v), errors.New("marked"))
		}
		c.Dropped(2)
		if strings.HasSuffix(v, "!") {
			return nil, errors.New("failed")
		}
		return []string{v}, nil
	})
	stream.ToKeyed(out, marks, func(v string) (marked, error) { return marked("of " + v), nil })
	topology, err := x.Build()
	if err != nil {
		t.Fatal(err)
	}
	if text := topology.Describe(); !strings.Contains(text, "  notes are taken\n") || !strings.Contains(text, "to marks, under another key") {
		t.Errorf("described as %s", text)
	}
	return streamtest.New(t, topology)
}

func TestAHandlerWritesDeadLettersAndGoesOn(t *testing.T) {
	d := pad(t)
	for _, v := range []string{"a", "!b", "!c!"} {
		streamtest.Send(d, notes, "k", v)
	}
	d.Run()
	var letters []string
	for _, l := range d.DeadLetters() {
		letters = append(letters, string(l.Key)+" "+string(l.Value)+": "+l.Reason)
	}
	if want := []string{"k of !b: marked", "k !c!: failed"}; !slices.Equal(letters, want) {
		t.Errorf("dead letters %q, want %q: what a handler that fails has written is taken back", letters, want)
	}
	if got := streamtest.Table(d, marks); len(got) != 2 || got["of a"] != "a" || got["of !b"] != "!b" {
		t.Errorf("marks %v", got)
	}
	if c := d.Counters("pad-book"); c.Dropped != 6 || streamtest.Rows(d, notebook)["k"].Value != "!b" {
		t.Errorf("%+v, rows %v", c, streamtest.Rows(d, notebook))
	}
}
