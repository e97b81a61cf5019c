package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/task"
)

func TestCountsAndSumsOverARestartAndARebuild(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	dir := t.TempDir()
	for round := range 3 {
		s.produce(2000)
		if round == 2 {
			dir = t.TempDir() // an empty store: everything comes back from the changelog
		}
		r := s.run(config(t, c, func(cfg *engine.Config) { cfg.StateDir = dir }))
		r.drain()
		r.stop()
	}
	s.check()
}

// An engine that is stopped at any moment of its start, recovery included, ends without an error.
func TestAStopAtAnyMomentLosesNothing(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	dir := t.TempDir()
	for range 12 {
		s.produce(500)
		r := s.run(config(t, c, func(cfg *engine.Config) { cfg.StateDir, cfg.FlushEvery = dir, 10*time.Millisecond }))
		time.Sleep(rand.N(300 * time.Millisecond)) // any moment, not a signal
		r.stop()
	}
	r := s.run(config(t, c, func(cfg *engine.Config) { cfg.StateDir = dir }))
	r.drain()
	s.check()
}

// A panic of the engine's own ends a life; the next goes on from what is committed.
func TestAnErrorEndsALifeAndTheNextGoesOn(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	s.produce(3000)
	failures := 0
	cfg := config(t, c, func(cfg *engine.Config) {
		cfg.Controls.BeforeCommit = func(records int) {
			if failures < 3 && records > 0 {
				failures++
				panic("out of the blue")
			}
		}
	})
	r := s.run(cfg)
	r.drain()
	s.check()
	if n := metric(t, cfg.Metrics, "tributary_restarts_total", s.group); n != 3 {
		t.Errorf("%v restarts for 3 failures", n)
	}
}

func TestWhatIsProcessedAndNotCommittedIsBounded(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	s.produce(20_000)
	const bound, hold = 500, 256 // each of the four partitions may be in the middle of a hold
	held, release := make(chan struct{}), make(chan struct{})
	first := true
	cfg := config(t, c, func(cfg *engine.Config) {
		cfg.MaxOpen = bound
		cfg.Controls.BeforeCommit = func(int) {
			if first {
				first = false
				close(held)
				<-release
			}
		}
	})
	r := s.run(cfg)
	<-held
	open := func() float64 { return metric(t, cfg.Metrics, "tributary_open_records", s.group) }
	waitFor(t, "a full buffer", func() bool { return open() >= bound })
	for range 20 {
		if n := open(); n > bound+4*hold {
			t.Fatalf("%v records are open, the bound is %d", n, bound)
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(release)
	r.drain()
	s.check()
}

// Watermark records are records that nobody counts: they must not fill the buffer.
func TestWatermarksDoNotUseUpTheBound(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 1)
	cfg := config(t, c, func(cfg *engine.Config) { cfg.MaxOpen, cfg.Partitions = 10, 4 })
	r := start(t, v.plan, cfg)
	for i := range int64(6) { // each makes a watermark record for three of four partitions
		v.visit(0, fmt.Sprint("u", i), i)
		r.drain()
		waitFor(t, "a moment without open records", func() bool { return metric(t, cfg.Metrics, "tributary_open_records", v.group) == 0 })
	}
	visits, _ := v.counts()
	if len(visits) != 6 {
		t.Errorf("%d users of 6", len(visits))
	}
}

func TestABadRecordIsADeadLetterInTheSameTransaction(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	dir := t.TempDir()
	bad := 0
	for range 5 {
		s.produce(200)
		c.ProduceTo(t, s.in, brokers.Record{Partition: 1, Key: []byte("u1"), Value: []byte("{")},
			brokers.Record{Partition: 2, Key: []byte("u2"), Value: []byte(`{"user_id":"u2"}`)})
		bad += 2
		r := s.run(config(t, c, func(cfg *engine.Config) { cfg.StateDir = dir }))
		r.drain()
		r.stop()
	}
	s.check()
	letters := c.ReadCommitted(t, s.plan.Dead.Name)
	if len(letters) != bad {
		t.Fatalf("%d dead letters for %d bad records", len(letters), bad)
	}
	for _, x := range letters {
		if x.Headers[task.HeaderReason] == "" || x.Headers[task.HeaderTopic] != s.in || x.Headers[task.HeaderOffset] == "" {
			t.Errorf("a dead letter does not say where it comes from and why: %v", x.Headers)
		}
	}
}

func TestDrainReturnsWhenAllThatWasThereCanBeRead(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 2)
	r := start(t, v.plan, config(t, c))
	r.drain() // nothing is there
	for i := range int64(50) {
		v.visit(int32(i%2), fmt.Sprint("u", i%7), i)
		if i%10 == 9 {
			r.drain()
			visits, _ := v.counts()
			if n := sum(visits); n != i+1 {
				t.Fatalf("%d of %d visits are told", n, i+1)
			}
		}
	}
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func TestDrainSaysWhatItWaitedFor(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	s.produce(10)
	e, err := engine.Open(context.Background(), s.plan, config(t, c))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	err = e.Drain(ctx) // nobody runs
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), s.in) {
		t.Errorf("got %v", err)
	}
}

func TestStateOfANewerVersionIsRefused(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 1)
	v.visit(0, "u", 1)
	cfg := config(t, c)
	r := start(t, v.topology(codecs.Compact[counted](2)), cfg)
	r.drain()
	r.stop()
	cfg.Metrics = engine.NewMetrics()
	older := start(t, v.topology(codecs.Compact[counted](1)), cfg)
	if err := older.wait(); !errors.Is(err, task.ErrNewer) {
		t.Errorf("got %v", err)
	}
}

// Committed offsets that are lost or set back are one thing, what the table holds is another.
func TestOffsetsThatWereSetBackCountNothingTwice(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	dir := t.TempDir()
	s.produce(2000)
	r := s.run(config(t, c, func(cfg *engine.Config) { cfg.StateDir = dir }))
	r.drain()
	r.stop()
	for _, again := range []struct {
		dir  string // with the local store, and from the changelog alone
		more int    // 0: all that comes is skipped, and nothing but that is to be committed
	}{{dir, 500}, {t.TempDir(), 500}, {dir, 0}} {
		s.awaitNoMembers() // offsets of a group with members can't be set
		for p := range int32(4) {
			c.Commit(t, s.group, s.in, p, 0, "")
		}
		before := s.produced
		s.produce(again.more)
		cfg := config(t, c, func(cfg *engine.Config) { cfg.StateDir = again.dir })
		r := s.run(cfg)
		r.drain()
		r.stop()
		s.check()
		if n := metric(t, cfg.Metrics, "tributary_repeated_total", s.group); again.more > 0 && n != float64(before) {
			t.Errorf("%v records were skipped, %d were in the table", n, before)
		}
	}
}
