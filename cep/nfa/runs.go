package nfa

import (
	"math"
	"slices"
)

// Runs are the partial matches of one key, and the matches that a skip strategy holds back. It is a value:
// nothing changes it. The zero value is that of a key without events.
type Runs[E any] struct {
	open heap[E] // with the start run; empty: nothing but that
	held heap[E]
	made int // nodes made since dead ones were last left behind
	live int // nodes that were left then
}

// run is one partial match.
type run[E any] struct {
	state  int      // in Automaton.states
	last   *Node[E] // event taken last; nil: the start run
	start  uint64   // Seq of its first event; noStart: the start run
	began  int64    // time of its first event, ms
	latest int64    // time of its last event, ms
}

// noStart sorts the start run behind all others.
const noStart uint64 = math.MaxUint64

func (r run[E]) begins() bool { return r.start == noStart }

func (a *Automaton[E]) match(r run[E]) Match[E] { return Match[E]{a, r.last, r.start} }

// opened are the runs to go through, the start run among them.
func (a *Automaton[E]) opened(r Runs[E]) heap[E] {
	if r.Open() < len(r.open) {
		return r.open
	}
	return slices.Clone(r.open).add(run[E]{state: a.start, start: noStart})
}

// Empty: nothing is open or held back, so that a key needs no state.
func (r Runs[E]) Empty() bool { return r.Open() == 0 && len(r.held) == 0 }

// Open is how many partial matches there are. The start run, which sorts last, is a leaf of the heap.
func (r Runs[E]) Open() int {
	if slices.ContainsFunc(r.open[len(r.open)/2:], run[E].begins) {
		return len(r.open) - 1
	}
	return len(r.open)
}

// Held is how many matches wait for partial matches that began earlier.
func (r Runs[E]) Held() int { return len(r.held) }

// Nodes is how many places of events the runs hold at most, shared ones once.
func (r Runs[E]) Nodes() int { return r.live + r.made }

// Earliest is the Seq of the first event that any run holds; false: none holds any.
func (r Runs[E]) Earliest() (seq uint64, ok bool) {
	seq = noStart
	for _, h := range []heap[E]{r.open, r.held} {
		if len(h) > 0 {
			seq = min(seq, h[0].start)
		}
	}
	return seq, seq != noStart
}

// Deadline is the next time, in ms, at which a partial match times out; false: none does.
func (a *Automaton[E]) Deadline(r Runs[E]) (ms int64, ok bool) {
	ms = math.MaxInt64
	for _, x := range r.open {
		if d, bounded := a.deadline(x); bounded {
			ms, ok = min(ms, d), true
		}
	}
	return ms, ok
}

// deadline is when a run times out.
func (a *Automaton[E]) deadline(r run[E]) (ms int64, bounded bool) {
	ms = math.MaxInt64
	if r.begins() {
		return ms, false
	}
	if a.window > 0 {
		ms = r.began + a.window
	}
	if w := a.states[r.state].window; w > 0 {
		ms = min(ms, r.latest+w)
	}
	return ms, ms != math.MaxInt64
}
