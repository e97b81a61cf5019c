package nfa

import (
	"math"
	"slices"
)

// Advance lets time go on, in ms: runs whose window has closed time out, or match if they end with a negated
// step. It fails only where the pattern's skip strategy does.
func (a *Automaton[E]) Advance(r Runs[E], now int64) (Runs[E], Outcome[E], error) {
	if !a.expires(r, now) {
		return r, Outcome[E]{}, nil
	}
	out := Outcome[E]{at: math.MinInt64}
	var done heap[E]
	next := Runs[E]{held: slices.Clone(r.held), made: r.made, live: r.live}
	for _, x := range r.open {
		at, late := a.closed(x, now)
		if late {
			out.at = max(out.at, at)
		}
		switch {
		case !late:
			next.open = next.open.add(x)
		case a.states[x.state].kind == pending:
			done = done.add(x)
		default:
			out.end(ByTimeout, x, a.next[x.state], at)
			out.TimedOut = append(out.TimedOut, TimedOut[E]{a.match(x), at})
		}
	}
	if err := a.settle(&next, done, &out); err != nil {
		return r, Outcome[E]{}, err
	}
	return next.tidy(), out, nil
}

func (a *Automaton[E]) expires(r Runs[E], now int64) bool {
	return slices.ContainsFunc(r.open, func(x run[E]) bool { _, late := a.closed(x, now); return late })
}

// closed tells whether a run's window has closed, and when. That since the event before counts first.
func (a *Automaton[E]) closed(r run[E], now int64) (at int64, late bool) {
	if r.begins() {
		return 0, false
	}
	if w := a.states[r.state].window; w > 0 && now-r.latest >= w {
		return r.latest + w, true
	}
	return r.began + a.window, a.window > 0 && now-r.began >= a.window
}
