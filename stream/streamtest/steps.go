package streamtest

import (
	"math"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

// Run processes until nothing is left to do. Time that has to propagate through several stages does so: Run
// lets a little wall-clock time pass for that, which records don't see and which makes no partition idle.
func (d *Driver) Run() {
	d.tb.Helper()
	for range maxRounds {
		for d.Step() {
		}
		if !d.restless() {
			return
		}
		d.spent += announceEvery
	}
	d.tb.Fatalf("topology %s does not come to rest", d.plan.Name)
}

const (
	announceEvery = 200 // ms between two stand-alone watermarks of a task
	maxRounds     = 1000
)

// restless tells whether a task would say something if only time went on.
func (d *Driver) restless() bool {
	for _, r := range d.runs {
		if !r.held() && r.Due(math.MaxInt64/2) {
			return true
		}
	}
	return false
}

// Step lets one task process one record, or one task commit. It returns false when there is nothing to do.
// A test that wants to crash in the middle takes a few steps, then calls Restart.
func (d *Driver) Step() bool {
	d.tb.Helper()
	d.begin()
	if d.opts.random != nil {
		return d.stepByChance()
	}
	for range d.runs {
		r := d.runs[d.turn%len(d.runs)]
		d.turn++
		if !r.held() && d.step(r) {
			return true
		}
	}
	return false
}

// begin is the moment in which the program starts: what topics hold now that are bootstrapped is read before
// the other inputs of their readers.
func (d *Driver) begin() {
	if d.begun {
		return
	}
	d.begun = true
	for _, r := range d.runs {
		for _, in := range r.group.Inputs {
			if x := in.Topic; x.Bootstrap && x.Kind == task.External {
				r.Bootstrap(x.Name, r.next[x.Name], int64(len(d.topics[x.Name].parts[r.Partition])))
			}
		}
	}
}

// step is a task's turn: a record, and a commit when it is time for one.
func (d *Driver) step(r *run) bool {
	d.tb.Helper()
	took := d.take(r)
	if took && r.Pending() < d.opts.commitEvery {
		return true
	}
	did := d.cut(r)
	did = d.commit(r) || did
	d.flush(r)
	return took || did || d.sweep(r)
}

// stepByChance takes any of the things that could happen next. Every so many tries it looks whether there
// is one at all.
func (d *Driver) stepByChance() bool {
	d.tb.Helper()
	for range 4 * len(d.runs) {
		r := d.runs[d.opts.random.IntN(len(d.runs))]
		if !r.held() && d.choose(r)() {
			return true
		}
	}
	for _, r := range d.runs {
		if !r.held() && (d.take(r) || d.cut(r) || d.commit(r)) {
			return true
		}
	}
	swept := false
	for _, r := range d.runs {
		if !r.held() {
			d.flush(r)
			swept = d.sweep(r) || swept
		}
	}
	return swept
}

func (d *Driver) choose(r *run) func() bool {
	switch n := d.opts.random.IntN(10); {
	case n < 6:
		return func() bool { return d.take(r) }
	case n < 8:
		return func() bool { return d.cut(r) }
	case n < 9:
		return func() bool { return d.commit(r) }
	}
	return func() bool { return d.flush(r) }
}

// Advance processes what is left, turns the wall clock, and processes what follows from that: a partition of
// an external topic that has had no records for long enough (IdleAfter) is idle from then on, and the event
// time of the others goes on without it. Where all partitions of a group's external topics are, event time goes on
// for the rest of by, if the topic declares it (stream.IdleAdvance).
func (d *Driver) Advance(by time.Duration) {
	d.tb.Helper()
	d.Run()
	d.wall += by.Milliseconds()
	quiet := d.quietFor(by.Milliseconds())
	for _, r := range d.runs {
		if !r.held() {
			d.age(r, by.Milliseconds())
		}
	}
	for _, r := range d.runs {
		if !r.held() {
			d.goOn(r, quiet[r.group])
		}
	}
	d.Run()
}

// quietFor is for how many of the ms to come all external inputs of each group are idle and read to their ends.
func (d *Driver) quietFor(by int64) map[*group]int64 {
	quiet := map[*group]int64{}
	for _, g := range d.groups {
		quiet[g] = by
	}
	for _, r := range d.runs {
		for topic, idle := range r.idle {
			left := by
			if idle >= 0 {
				left = by - max(0, d.opts.idleAfter.Milliseconds()-idle)
			}
			if r.next[topic] < int64(len(d.topics[topic].parts[r.Partition])) || idle >= 0 && r.held() {
				left = 0
			}
			quiet[r.group] = min(quiet[r.group], left)
		}
	}
	return quiet
}

// goOn lets the time of a task's external inputs go on without records.
func (d *Driver) goOn(r *run, by int64) {
	d.tb.Helper()
	for topic := range r.idle {
		if by > 0 {
			r.Task.Advance(topic, time.Duration(by)*time.Millisecond)
		}
	}
	if err := r.Fire(); err != nil {
		d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
	}
}

// age lets time pass for the external inputs of a task.
func (d *Driver) age(r *run, by int64) {
	d.tb.Helper()
	for _, in := range r.group.Inputs {
		name := in.Topic.Name
		idle, external := r.idle[name]
		if !external || idle < 0 {
			continue
		}
		r.idle[name] = idle + by
		if idle+by >= d.opts.idleAfter.Milliseconds() {
			d.setIdle(r, name, true)
		}
	}
}

// SetIdle declares a partition of an external topic idle, or active again, whatever the wall clock shows.
// The next record makes it active too.
func (d *Driver) SetIdle(topic string, partition int32, idle bool) {
	d.tb.Helper()
	d.topic(topic)
	for _, r := range d.runs {
		if _, external := r.idle[topic]; external && r.Partition == partition {
			d.setIdle(r, topic, idle)
		}
	}
}

func (d *Driver) setIdle(r *run, topic string, idle bool) {
	d.tb.Helper()
	r.idle[topic] = 0
	if idle {
		r.idle[topic] = -1
	}
	r.SetIdle(topic, idle)
	if err := r.Fire(); err != nil {
		d.tb.Fatalf("group %s, partition %d: %v", r.group.Name, r.Partition, err)
	}
}
