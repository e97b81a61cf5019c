package streamtest

import (
	"sync"

	"github.com/tributary-go/tributary/internal/task"
)

// group is a processor group with what it has committed: it survives Restart.
type group struct {
	*task.Group
	counters *task.Counters
	held     bool
	heldOnly map[int32]bool   // by partition, before held
	stores   map[int32]*store // by partition
	commits  map[place]int64  // offset to go on from
	metas    map[place]string
}

// place is a partition of an input topic.
type place struct {
	topic     string
	partition int32
}

// run is one task as it runs.
type run struct {
	*task.Task
	group *group
	store *store           // nil: stateless
	next  map[string]int64 // input topic: offset of the next record to process
	idle  map[string]int64 // external input: ms without a record; -1: declared idle
	open  *task.Cut        // being committed
	input int              // whose turn it is
}

func (d *Driver) newRun(g *group, p, n int32) *run {
	d.tb.Helper()
	r := &run{group: g, next: map[string]int64{}, idle: map[string]int64{}}
	if g.Table != nil {
		r.store = d.recover(g, p)
	}
	for _, in := range g.Inputs {
		r.next[in.Topic.Name] = g.commits[place{in.Topic.Name, p}]
		if in.Topic.Kind == task.External {
			r.idle[in.Topic.Name] = 0
		}
	}
	env := task.Env{
		Partitions: d.partitions, InputOf: n, Now: func() int64 { return d.wall }, MaxAhead: d.opts.maxAhead,
		CacheRows: 1, Counters: g.counters, Log: d.logger, Global: d.global,
	}
	var err error
	if r.Task, err = task.New(g.Group, p, env, r.db(), g.metas[place{g.Inputs[0].Topic.Name, p}]); err != nil {
		d.tb.Fatalf("start: %v", err)
	}
	return r
}

// db is the store, or a nil interface.
func (r *run) db() task.DB {
	if r.store == nil {
		return nil
	}
	return r.store
}

// recover brings the store of a partition up to the end of its changelog.
func (d *Driver) recover(g *group, p int32) *store {
	d.grow(g.Table.Topic(), p+1)
	s := g.stores[p]
	if s == nil {
		s = &store{offset: -1}
		g.stores[p] = s
	}
	for _, r := range d.topics[g.Table.Topic()].parts[p][s.offset+1:] {
		s.put(string(r.Key), r.Value)
		s.offset = r.Offset
	}
	return s
}

// take processes the next record of an input; false: there is none, or it has to wait for a commit.
func (d *Driver) take(r *run) bool {
	d.tb.Helper()
	for range r.group.Inputs {
		name := r.group.Inputs[r.input%len(r.group.Inputs)].Topic.Name
		r.input++
		part := d.topics[name].parts[r.Partition]
		if r.next[name] >= int64(len(part)) || !r.Takes(name) {
			continue
		}
		if _, external := r.idle[name]; external {
			r.idle[name] = 0
		}
		n, err := r.Process([]task.Record{part[r.next[name]].Record})
		if err != nil {
			d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
		}
		r.next[name] += int64(n)
		return n == 1
	}
	return false
}

// cut closes what the task has collected, unless the last cut is still open.
func (d *Driver) cut(r *run) bool {
	d.tb.Helper()
	if r.open != nil {
		return false
	}
	c, err := r.Cut(d.wall + d.spent)
	if err != nil {
		d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
	}
	r.open = c
	return c != nil
}

// commit makes the open cut part of the topics.
func (d *Driver) commit(r *run) bool {
	d.tb.Helper()
	c := r.open
	if c == nil {
		return false
	}
	for _, o := range c.Outputs {
		for p, outs := range o.Parts {
			for _, out := range outs {
				d.append(o.Topic.Name, int32(p), out)
			}
		}
	}
	last := int64(-1)
	for _, w := range c.Table {
		name := r.group.Table.Topic()
		d.append(name, r.Partition, w)
		last = int64(len(d.topics[name].parts[r.Partition])) - 1
	}
	r.group.note(r, c)
	r.open = nil
	r.Committed(c, last)
	if err := r.Fire(); err != nil { // those that waited for the commit
		d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
	}
	return true
}

// note remembers the positions of a commit.
func (g *group) note(r *run, c *task.Cut) {
	if g.commits == nil {
		g.commits, g.metas = map[place]int64{}, map[place]string{}
	}
	for topic, next := range c.Next {
		g.commits[place{topic, r.Partition}] = next
	}
	if c.Meta != "" {
		g.metas[place{g.Inputs[0].Topic.Name, r.Partition}] = c.Meta
	}
}

// sweep forgets the rows that are due. In production that is done bit by bit.
func (d *Driver) sweep(r *run) bool {
	d.tb.Helper()
	did, err := r.SweepAll()
	if err != nil {
		d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
	}
	return did
}

// flush writes what was committed to the local store; the task forgets the rows, and decodes them again.
func (d *Driver) flush(r *run) bool {
	d.tb.Helper()
	if r.store == nil || r.Unflushed() == 0 {
		return false
	}
	var lock sync.Mutex
	if err := r.Flush(&lock, r.store.write); err != nil {
		d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
	}
	return true
}
