package main

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

const (
	partitions = 2
	portion    = 256     // records that a task is given at a time, as by the product's engine
	cacheRows  = 400_000 // of all tasks of a group, and
	flushAbove = 50_000  // keys of a task that wait for the local store: the product's defaults
	sweeps     = 2       // keys that are visited for each record, in search of rows that are forgotten
)

// engine runs the tasks of a topology. What a task writes goes to its readers when it is cut, and nowhere else.
type engine struct {
	plan     *task.Topology
	nodes    map[string][]*node       // by group
	readers  map[string][]*task.Group // by topic
	offsets  map[place]int64          // of the next record
	cutEvery int
	results  int // records for nobody here
	counters task.Counters
	now      int64 // what records get as their Kafka timestamp, ms
}

type place struct {
	topic     string
	partition int32
}

// node is a task with its local store.
type node struct {
	*task.Task
	store *memory // nil: stateless
	last  int64   // offset of the last record of a changelog that nobody keeps
}

func newEngine(plan *task.Topology, cutEvery int) (*engine, error) {
	e := &engine{plan: plan, nodes: map[string][]*node{}, readers: map[string][]*task.Group{}, offsets: map[place]int64{}, cutEvery: cutEvery, now: time.Now().UnixMilli()}
	env := task.Env{
		Partitions: func(string) int32 { return partitions }, InputOf: partitions, Now: func() int64 { return e.now },
		CacheRows: cacheRows / partitions, Counters: &e.counters, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	for _, g := range plan.Groups {
		for _, in := range g.Inputs {
			e.readers[in.Topic.Name] = append(e.readers[in.Topic.Name], g)
		}
		for p := range int32(partitions) {
			n := &node{last: -1}
			var db task.DB
			if g.Table != nil {
				n.store = &memory{}
				db = n.store
			}
			var err error
			if n.Task, err = task.New(g, p, env, db, ""); err != nil {
				return nil, err
			}
			e.nodes[g.Name] = append(e.nodes[g.Name], n)
		}
	}
	return e, nil
}

// run takes in everything, and returns how many records that were.
func (e *engine) run(in *clicks) (records int, err error) {
	for {
		some := false
		for p := range int32(partitions) {
			rs, err := in.next(p)
			if err != nil {
				return records, err
			}
			some = some || len(rs) > 0
			records += len(rs)
			e.number(inputTopic, p, rs)
			for _, g := range e.readers[inputTopic] {
				if err := e.feed(e.nodes[g.Name][p], rs); err != nil {
					return records, err
				}
			}
		}
		if !some {
			return records, e.finish()
		}
	}
}

func (e *engine) number(topic string, partition int32, rs []task.Record) {
	at := place{topic, partition}
	for i := range rs {
		rs[i].Topic, rs[i].Partition, rs[i].Offset = topic, partition, e.offsets[at]
		if rs[i].Timestamp == 0 {
			rs[i].Timestamp = e.now
		}
		e.offsets[at]++
	}
}

// feed has a task process records, and cuts it when it is time.
func (e *engine) feed(n *node, rs []task.Record) error {
	for len(rs) > 0 {
		some := rs[:min(portion, len(rs))]
		done, err := n.Process(some)
		if err != nil {
			return err
		}
		rs = rs[done:]
		if done < len(some) || n.Pending() >= e.cutEvery { // timers wait for a cut too
			if err := e.cut(n, time.Now().UnixMilli()); err != nil {
				return err
			}
		}
		if err := n.Sweep(done * sweeps); err != nil {
			return err
		}
	}
	return nil
}

// cut passes on what a task has to say, and commits it.
func (e *engine) cut(n *node, now int64) error {
	c, err := n.Cut(now)
	if c == nil || err != nil {
		return err
	}
	for _, o := range c.Outputs {
		for p, outs := range o.Parts {
			if err := e.pass(o.Topic.Name, int32(p), outs); err != nil {
				return err
			}
		}
	}
	n.last += int64(len(c.Table))
	n.Committed(c, n.last)
	if err := n.Fire(); err != nil {
		return err
	}
	if n.store == nil || n.Unflushed() < flushAbove {
		return nil
	}
	var lock sync.Mutex
	return n.Flush(&lock, n.store.write)
}

func (e *engine) pass(topic string, partition int32, outs []task.Out) error {
	readers := e.readers[topic]
	if len(readers) == 0 {
		e.results += len(outs)
		return nil
	}
	rs := make([]task.Record, len(outs))
	for i, o := range outs {
		rs[i] = task.Record{Key: o.Key, Value: o.Value, Headers: o.Headers, Timestamp: o.Time}
	}
	e.number(topic, partition, rs)
	for _, g := range readers {
		if err := e.feed(e.nodes[g.Name][partition], rs); err != nil {
			return err
		}
	}
	return nil
}

// finish cuts until nobody has anything to say. Watermarks that stand alone wait a while, which is skipped.
func (e *engine) finish() error {
	const quiet, most = 1000, 100_000 // ms; rounds
	for now, rounds := time.Now().UnixMilli(), 0; rounds < most; now, rounds = now+quiet, rounds+1 {
		restless := false
		for _, g := range e.plan.Groups {
			for _, n := range e.nodes[g.Name] {
				if err := e.cut(n, now); err != nil {
					return err
				}
				restless = restless || n.Due(math.MaxInt64/2)
			}
		}
		if !restless {
			return nil
		}
	}
	return fmt.Errorf("topology %s does not come to rest", e.plan.Name)
}

// keys are those of all local stores, with what waits for them.
func (e *engine) keys() (keys int) {
	for _, ns := range e.nodes {
		for _, n := range ns {
			if n.store != nil {
				keys += n.store.rows.Len() + n.Unflushed()
			}
		}
	}
	return keys
}

// dead is an error if records were dead letters or late: there should be none.
func (e *engine) dead() error {
	if n := e.counters.DeadLetters.Load(); n > 0 {
		return fmt.Errorf("%d %w, %d of them late", n, errDead, e.counters.Late.Load())
	}
	return nil
}
