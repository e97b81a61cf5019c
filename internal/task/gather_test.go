package task

import (
	"errors"
	"fmt"
	"testing"
)

// gathered counts records per key, as the differences of a pre-aggregation do.
type gathered struct {
	counts map[string]int
	keys   []string
	undo   []string
	broken error
}

func (g *gathered) Keep() { g.undo = nil }

func (g *gathered) Rollback() {
	for _, k := range g.undo {
		g.counts[k]--
	}
	g.undo = nil
}

func (g *gathered) Flush(c *Context) error {
	for _, k := range g.keys {
		if err := c.EmitAt(next, k, fmt.Append(c.Buffer(), g.counts[k]), 1000, 1000); err != nil {
			return err
		}
	}
	g.counts, g.keys = map[string]int{}, nil
	return g.broken
}

func gathering(broken error) *Group {
	g := newGroup(func(c *Context) error {
		g := c.Gathered(0).(*gathered)
		if g.counts[c.Key] == 0 {
			g.keys = append(g.keys, c.Key)
		}
		g.counts[c.Key]++
		g.undo = append(g.undo, c.Key)
		if string(c.Record().Value) == "bad" {
			return errors.New("refused")
		}
		return nil
	})
	g.Gather = []func() Gatherer{func() Gatherer { return &gathered{counts: map[string]int{}, broken: broken} }}
	return g
}

func TestWhatIsGatheredIsEmittedWhenTheCutIsClosed(t *testing.T) {
	b := newBench(t, gathering(nil), onePartition)
	b.send("k", "v")
	b.send("k", "bad")
	b.send("k", "v")
	b.send("j", "v")
	wantTexts(t, "first cut", texts(b.commit()["next"]), "k=2", "j=1")
	b.send("k", "v")
	wantTexts(t, "second cut", texts(b.commit()["next"]), "k=1")
	wantTexts(t, "nothing came", texts(b.commit()["next"]))
	if n := len(b.out["dead"]); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

func TestWhatIsGatheredSaysTheTimeAsOfBeforeItAndTheRestIsSaidAfterwards(t *testing.T) {
	b := newBench(t, gathering(nil), onePartition)
	b.advance(900)
	b.commit()
	b.now += announceEvery
	b.send("k", "v") // of event time 1000
	b.advance(5000)
	b.send("j", "v")
	outs := b.commit()["next"]
	if got := fmt.Sprint(watermarks(t, outs)); got != "[900 900 5000]" {
		t.Errorf("times said: %s", got)
	}
	wantTexts(t, "records", texts(outs), "k=1", "j=1", WatermarkKey+"=")
	b.send("k", "v")
	if got := fmt.Sprint(watermarks(t, b.commit()["next"])); got != "[5000]" {
		t.Errorf("times said in the next cut: %s", got)
	}
}

func TestNothingGatheredIsLostWhileTheLastCutIsStillOpen(t *testing.T) {
	b := newBench(t, gathering(nil), onePartition)
	b.send("k", "v")
	first, err := b.Cut(b.now)
	if err != nil || first == nil {
		t.Fatal(first, err)
	}
	b.send("k", "v")
	b.send("k", "v")
	if none, err := b.Cut(b.now); none != nil || err != nil {
		t.Fatal(none, err)
	}
	b.Committed(first, 0)
	wantTexts(t, "second cut", texts(b.commit()["next"]), "k=2")
}

func TestAGathererThatFailsStopsTheTask(t *testing.T) {
	broken := errors.New("broken")
	b := newBench(t, gathering(broken), onePartition)
	b.send("k", "v")
	if c, err := b.Cut(b.now); c != nil || !errors.Is(err, broken) {
		t.Errorf("%v, %v", c, err)
	}
}
