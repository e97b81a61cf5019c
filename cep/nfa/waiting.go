package nfa

import (
	"cmp"
	"fmt"
	"slices"
)

// Waiting is a partial match as it is stored, for people: what it waits for, and how long. Its events are not
// needed to read it.
type Waiting struct {
	Next     []string // the steps of which an event takes it further, not to be changed; none: it only waits for its window to close
	Began    int64    // time of its first event, ms
	Latest   int64    // time of its last event, ms
	Deadline int64    // when it times out, or becomes a match; if Bounded
	Bounded  bool
}

// Waiting reads the partial matches that AppendRuns wrote, and how many matches are held back.
func (a *Automaton[E]) Waiting(b []byte) (open []Waiting, held int, err error) {
	if len(b) == 0 || b[0] != encoding {
		return nil, 0, fmt.Errorf("%w: they are not of version %d", ErrDamaged, encoding)
	}
	in := numbers{b: b[1:]}
	for n := in.uvarint(); n > 0 && !in.bad; n-- {
		r := run[E]{state: int(in.uvarint()), start: in.uvarint()}
		if r.state >= len(a.states) {
			return nil, 0, ErrDamaged
		}
		if r.start == 0 {
			continue // the start run
		}
		in.uvarint()
		in.uvarint()
		r.began = in.varint()
		r.latest = r.began + in.varint()
		open = append(open, a.waits(r))
	}
	held = int(in.uvarint())
	if in.bad {
		return nil, 0, ErrDamaged
	}
	slices.SortStableFunc(open, func(x, y Waiting) int { return cmp.Compare(x.Began, y.Began) })
	return open, held, nil
}

func (a *Automaton[E]) waits(r run[E]) Waiting {
	w := Waiting{Next: a.next[r.state], Began: r.began, Latest: r.latest}
	w.Deadline, w.Bounded = a.deadline(r)
	if !w.Bounded {
		w.Deadline = 0
	}
	return w
}

// nextSteps are the steps whose event a run takes in a state: that of the state, and where it may go on at once those
// that follow.
func (a *Automaton[E]) nextSteps(s int, seen map[int]bool) (steps []string) {
	if seen[s] {
		return nil
	}
	seen[s] = true
	for _, e := range a.states[s].edges {
		switch {
		case e.action == proceed:
			steps = append(steps, a.nextSteps(e.to, seen)...)
		case e.action == take && a.states[s].step >= 0 && a.states[e.to].kind != stop:
			steps = append(steps, a.names[a.states[s].step])
		}
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}
