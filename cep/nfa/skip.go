package nfa

import (
	"errors"
	"fmt"
)

// ErrSkip is returned (wrapped) for a match that Skip.MissFails refuses.
var ErrSkip = errors.New("can't skip after a match")

// settle hands out matches, the earliest first, and ends the runs that the skip strategy says. With a strategy
// a match is held back while a run that began earlier is open.
func (a *Automaton[E]) settle(r *Runs[E], done heap[E], out *Outcome[E]) error {
	for _, x := range done {
		r.held = r.held.add(x)
	}
	for len(r.held) > 0 {
		first := r.held[0]
		if a.skip.Strategy != NoSkip && len(r.open) > 0 && first.start > r.open[0].start {
			break
		}
		r.held = r.held.poll()
		m := a.match(first)
		ends, err := a.ends(m)
		if err != nil {
			return err
		}
		out.end(ByMatch, first, nil, out.at)
		if ends != nil {
			r.open, r.held = r.open.without(a.skipped(ends, out)), r.held.without(a.skipped(ends, out))
		}
		out.Matches = append(out.Matches, m)
	}
	return nil
}

// skipped notes the runs that a match ends.
func (a *Automaton[E]) skipped(ends func(run[E]) bool, out *Outcome[E]) func(run[E]) bool {
	return func(r run[E]) bool {
		if !ends(r) {
			return false
		}
		out.end(BySkip, r, a.next[r.state], out.at)
		return true
	}
}

// ends says which runs a match ends; nil: none.
func (a *Automaton[E]) ends(m Match[E]) (func(run[E]) bool, error) {
	upTo := func(seq uint64) func(run[E]) bool {
		return func(r run[E]) bool { return r.start <= seq }
	}
	switch a.skip.Strategy {
	case SkipToNext:
		return upTo(m.start), nil
	case SkipPast:
		return upTo(m.last.Event.Seq), nil
	case SkipToFirst, SkipToLast:
		to, err := a.skipTo(m)
		if to == 0 {
			return nil, err
		}
		return upTo(to - 1), nil
	}
	return nil, nil
}

// skipTo is the Seq of the event to skip to; 0: there is none.
func (a *Automaton[E]) skipTo(m Match[E]) (seq uint64, err error) {
	for n := m.last; n != nil; n = m.before(n) {
		if n.step == a.skipStep {
			seq = n.Event.Seq
			if a.skip.Strategy == SkipToLast {
				break
			}
		}
	}
	switch {
	case !a.skip.MissFails:
		return seq, nil
	case seq == 0:
		return 0, fmt.Errorf("%w: step %q took no event", ErrSkip, a.skip.Step)
	case seq == m.start:
		return 0, fmt.Errorf("%w: step %q took its first event, so it would be found again", ErrSkip, a.skip.Step)
	}
	return seq, nil
}

// bound ends runs that are too many.
func (a *Automaton[E]) bound(r *Runs[E], out *Outcome[E]) error {
	over := r.Open() - a.limit.Runs
	if a.limit.Runs == 0 || over <= 0 {
		return nil
	}
	last := r.edge(over, a.limit.Drop)
	r.open = r.open.without(func(x run[E]) bool {
		drop := !x.begins() && over > 0 && (a.limit.Drop == DropOldest && x.start <= last || a.limit.Drop == DropNewest && x.start >= last)
		if drop {
			over--
			out.Dropped++
			out.end(ByLimit, x, a.next[x.state], out.at)
		}
		return drop
	})
	return a.settle(r, nil, out)
}
