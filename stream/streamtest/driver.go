// Package streamtest runs a topology in memory, so that a test can send records, turn the clock and look at
// everything the topology wrote.
//
//	d := streamtest.New(t, topology)
//	streamtest.Send(d, orders, "o1", Order{Paid: 5})
//	d.Run()
//	for _, r := range streamtest.Read(d, totals) { ... }
//
// It executes the code that runs in production, one task for each partition of each processor group, and
// passes every record and every row through its bytes: what a codec loses is lost in the test too. A run is
// deterministic; [Shuffle] makes another interleaving of tasks, commits and flushes for each seed.
//
// The program starts with the first step: a topic that is declared Bootstrap holds at that moment what its readers
// take in before anything else.
//
// There are two clocks. Event time comes from the records, as always. The wall clock stands still but for
// [Driver.Advance]: it stamps the records that are sent, and after a while without any it declares their
// partition idle. A topic with an IdleAdvance lets event time go on with it from then on.
package streamtest

import (
	"log/slog"
	"time"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// TB is what a Driver needs of a test: *testing.T, *testing.B and *rapid.T have it.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Driver runs one topology. It is not safe for concurrent use.
type Driver struct {
	tb     TB
	plan   *task.Topology
	opts   options
	logger *slog.Logger
	topics map[string]*log
	groups []*group
	runs   []*run // the tasks of all groups, upstream first
	wall   int64  // the wall clock as records see it, ms
	spent  int64  // what Run let pass besides, for stand-alone watermarks, ms
	turn   int    // whose turn it is
	order  int    // of all records, across topics
	begun  bool   // a step was taken since the start
}

// New makes a driver for a built topology.
func New(tb TB, t *stream.Topology, opts ...Option) *Driver {
	tb.Helper()
	d := &Driver{tb: tb, plan: t.Plan(), opts: defaults(), topics: map[string]*log{}}
	if d.plan == nil {
		tb.Fatalf("topology %s was not built: call Build first", t.Name())
		return nil
	}
	d.logger = slog.New(slog.NewTextHandler(logWriter{tb}, nil))
	d.opts.apply(opts)
	d.wall = d.opts.start.UnixMilli()
	for _, g := range d.plan.Groups {
		d.groups = append(d.groups, &group{Group: g, stores: map[int32]*store{}})
	}
	d.start()
	return d
}

// Restart stops the program as a crash would and starts it again: tasks are built anew from what was
// committed, and what was not is processed again. Options change what they name; topics never lose
// partitions.
func (d *Driver) Restart(opts ...Option) {
	d.tb.Helper()
	d.opts.apply(opts)
	d.start()
}

// start makes the topics that are missing and a task for every partition of every group.
func (d *Driver) start() {
	d.tb.Helper()
	for _, x := range d.plan.Topics {
		d.grow(x.Name, d.opts.partitionsOf(x))
	}
	d.runs, d.turn, d.begun = nil, 0, false
	for _, g := range d.groups {
		n := d.inputOf(g)
		g.counters = &task.Counters{}
		for p := range n {
			d.runs = append(d.runs, d.newRun(g, p, n))
		}
	}
}

func (d *Driver) grow(topic string, n int32) {
	l := d.topics[topic]
	if l == nil {
		l = &log{}
		d.topics[topic] = l
	}
	for int32(len(l.parts)) < n {
		l.parts = append(l.parts, nil)
	}
}

// inputOf is the number of partitions that a group's inputs have.
func (d *Driver) inputOf(g *group) int32 {
	d.tb.Helper()
	first := g.Inputs[0].Topic.Name
	n := d.partitions(first)
	for _, in := range g.Inputs[1:] {
		if m := d.partitions(in.Topic.Name); m != n {
			d.tb.Fatalf("group %s reads topic %s with %d partitions and topic %s with %d: they must be equal (options Partitions and InputPartitions)",
				g.Name, first, n, in.Topic.Name, m)
		}
	}
	return n
}

func (d *Driver) partitions(topic string) int32 { return int32(len(d.topics[topic].parts)) }

// Now is the wall clock.
func (d *Driver) Now() time.Time { return task.TimeOf(d.wall) }

// Hold stops a group, or lets it go on: while stopped it neither reads nor commits nor says anything of time.
// Without partitions it is the whole group, also after a Restart.
func (d *Driver) Hold(group string, stop bool, partitions ...int) {
	d.tb.Helper()
	g := d.group(group)
	if g == nil {
		return
	}
	if len(partitions) == 0 {
		g.held, g.heldOnly = stop, nil
		return
	}
	for _, p := range partitions {
		if g.heldOnly == nil {
			g.heldOnly = map[int32]bool{}
		}
		g.heldOnly[int32(p)] = stop
	}
}

func (r *run) held() bool {
	if stop, named := r.group.heldOnly[r.Partition]; named {
		return stop
	}
	return r.group.held
}

func (d *Driver) group(name string) *group {
	d.tb.Helper()
	for _, g := range d.groups {
		if g.Name == name {
			return g
		}
	}
	d.tb.Fatalf("topology %s has no group %s", d.plan.Name, name)
	return nil
}

func (d *Driver) topic(name string) *log {
	d.tb.Helper()
	l := d.topics[name]
	if l == nil {
		d.tb.Fatalf("topology %s has no topic %s", d.plan.Name, name)
	}
	return l
}

// logWriter makes what a task logs part of the test's output.
type logWriter struct{ tb TB }

func (w logWriter) Write(b []byte) (int, error) {
	w.tb.Helper()
	w.tb.Logf("%s", b)
	return len(b), nil
}
