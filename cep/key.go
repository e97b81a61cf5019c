package cep

import (
	"fmt"
	"slices"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// context is a handler's of the runs of one key.
type context[K tables.Key] = stream.Context[K, Runs]

// arrive puts an event to wait for the watermark.
func (x *detector[K, E, R]) arrive(c *context[K], e E) ([]R, error) {
	at := c.EventTime()
	if wm := c.Watermark(); !wm.IsZero() && !at.After(wm) {
		return nil, x.tooLate(c, e)
	}
	s := runsState{timer: noTimer}
	if c.Row != nil {
		s = *c.Row.s
	}
	s.arrived++
	s.waiting++
	c.Row = &Runs{&s}
	if err := stream.SubsOf(c, x.waiting()).Set(waitingKey(at.UnixMilli(), s.arrived), e); err != nil {
		return nil, err
	}
	return nil, c.SetTimer(dueTimer, at)
}

func (x *detector[K, E, R]) tooLate(c *context[K], e E) error {
	if x.d.Late.Name == "" {
		return c.TooLate()
	}
	return x.late.Send(c, c.Key, e)
}

func (x *detector[K, E, R]) waiting() tables.Sub[E] { return tables.NewSub(waitingSubs, x.d.Events) }

// due processes the events of one time.
func (x *detector[K, E, R]) due(c *context[K], at time.Time) ([]R, error) {
	if c.Row == nil {
		return nil, nil // the table's retention was shorter
	}
	k, err := x.open(c, at)
	if err != nil {
		return nil, err
	}
	es, err := k.take(at.UnixMilli())
	if err != nil {
		return nil, err
	}
	k.advance(at.UnixMilli())
	for _, e := range es {
		if err := k.process(at.UnixMilli(), e); err != nil {
			return nil, err
		}
	}
	return k.results, k.close()
}

// closed lets windows close.
func (x *detector[K, E, R]) closed(c *context[K], at time.Time) ([]R, error) {
	if c.Row == nil || c.Row.s.timer != at.UnixMilli() {
		return nil, nil
	}
	k, err := x.open(c, at)
	if err != nil {
		return nil, err
	}
	k.s.timer = noTimer
	k.advance(at.UnixMilli())
	return k.results, k.close()
}

// key is a key at work in one handler.
type key[K tables.Key, E, R any] struct {
	x       *detector[K, E, R]
	c       *context[K]
	s       runsState
	w       warm[E]
	list    []running[E, R] // what takes events now
	results []R
	broken  error // the store's

	ending     bool   // s.ended is the handler's own
	encoded    []byte // the event with Seq encodedSeq
	encodedSeq uint64
}

// warm are the runs of a key in memory, as long as its row stays there.
type warm[E any] struct{ runs []warmRuns[E] }

type warmRuns[E any] struct {
	id   uint32 // of the machine
	runs nfa.Runs[E]
}

func (w *warm[E]) find(id uint32) nfa.Runs[E] {
	for _, r := range w.runs {
		if r.id == id {
			return r.runs
		}
	}
	return nfa.Runs[E]{}
}

// set replaces the runs of a machine; empty ones are left out.
func (w *warm[E]) set(id uint32, runs nfa.Runs[E]) {
	i := slices.IndexFunc(w.runs, func(r warmRuns[E]) bool { return r.id == id })
	switch {
	case i >= 0 && runs.Empty():
		w.runs = slices.Delete(w.runs, i, i+1)
	case i >= 0:
		w.runs[i].runs = runs
	case !runs.Empty():
		w.runs = append(w.runs, warmRuns[E]{id, runs})
	}
}

// advance lets time go on for all rules.
func (k *key[K, E, R]) advance(now int64) {
	k.each(func(r *rule[E, R], m machine[E]) {
		var runs nfa.Runs[E]
		var out nfa.Outcome[E]
		if k.guard(r, nil, func() (err error) {
			runs, out, err = m.a.Advance(k.w.find(m.id), now)
			return err
		}) {
			k.found(r, m, nil, now, runs, out)
		}
	})
}

// process takes an event to all rules.
func (k *key[K, E, R]) process(at int64, v E) error {
	k.s.seq++
	e := &nfa.Event[E]{Seq: k.s.seq, Time: at, Value: v}
	t := taken[E]{event: e}
	k.each(func(r *rule[E, R], m machine[E]) {
		var runs nfa.Runs[E]
		var out nfa.Outcome[E]
		if !k.guard(r, e, func() (err error) {
			runs, out, err = m.a.Process(k.w.find(m.id), e)
			return err
		}) {
			return
		}
		if len(out.Nodes) > 0 && !runs.Empty() {
			t.add(m.id, out.Nodes)
		}
		k.found(r, m, e, at, runs, out)
	})
	if len(t.by) == 0 {
		return nil
	}
	k.s.stored++
	return stream.SubsOf(k.c, k.x.events()).Set(eventKey(e.Seq), t)
}

func (k *key[K, E, R]) each(f func(*rule[E, R], machine[E])) {
	for _, r := range k.list {
		f(r.rule, r.machine)
	}
}

// found keeps the runs, and makes results.
func (k *key[K, E, R]) found(r *rule[E, R], m machine[E], e *nfa.Event[E], at int64, runs nfa.Runs[E], out nfa.Outcome[E]) {
	k.w.set(m.id, runs)
	k.ended(r.Name, e, out.Ended)
	if out.Dropped > 0 {
		k.c.Dropped(out.Dropped)
	}
	var rs []R
	var timeouts int
	if k.guard(r, e, func() error { rs, timeouts = r.results(out, at); return nil }) {
		k.give(r, rs, timeouts)
	}
}

// results are those of matches, then those of time-outs, and how many the latter are.
func (r *rule[E, R]) results(out nfa.Outcome[E], at int64) (rs []R, timeouts int) {
	for _, match := range out.Matches {
		if r.OnMatch != nil {
			rs = append(rs, r.OnMatch(match, instant(at))...)
		}
	}
	matches := len(rs)
	for _, partial := range out.TimedOut {
		if r.OnTimeout != nil {
			rs = append(rs, r.OnTimeout(partial.Match, instant(partial.At))...)
		}
	}
	return rs, len(rs) - matches
}

// guard keeps a rule whose code panics from stopping the others, and the key: the event is a dead letter. A rule
// whose condition panics goes on as if it had not seen the event; results that can't be made are missing.
func (k *key[K, E, R]) guard(r *rule[E, R], e *nfa.Event[E], f func() error) (done bool) {
	err := recovered(f)
	if err == nil {
		return true
	}
	var value []byte
	if e != nil {
		if b, cerr := k.x.d.Events.Encode(nil, e.Value); cerr == nil {
			value = b
		}
	}
	k.c.DeadLetter(value, fmt.Errorf("rule %q: %w", r.Name, err))
	return false
}

func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
