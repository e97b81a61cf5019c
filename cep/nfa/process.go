package nfa

import "slices"

// Outcome is what a step of the automaton found.
type Outcome[E any] struct {
	Matches  []Match[E]
	TimedOut []TimedOut[E]
	Started  bool       // a run began with the event
	Nodes    []*Node[E] // places that the event got in runs, by Index
	Dropped  int        // runs that the pattern's limit ended
	Ended    []Ended    // why runs have ended, each reason once

	at int64 // the time it is, for Ended, ms
}

// TimedOut is a partial match whose window has closed.
type TimedOut[E any] struct {
	Match[E]
	At int64 // when it closed, ms
}

// Process takes an event to the runs. Events come in the order of their Seq and time; Advance has been called
// with the event's time. It fails only where the pattern's skip strategy does.
func (a *Automaton[E]) Process(r Runs[E], e *Event[E]) (Runs[E], Outcome[E], error) {
	m := moves[E]{a: a, event: e, out: Outcome[E]{at: e.Time}}
	open := a.opened(r)
	m.open = make(heap[E], 0, len(open)+2)
	for _, x := range open {
		if !a.drains || !x.begins() {
			m.move(x)
		}
	}
	next := Runs[E]{open: m.open, held: slices.Clone(r.held), made: r.made + len(m.out.Nodes), live: r.live}
	if err := a.settle(&next, m.done, &m.out); err != nil {
		return r, Outcome[E]{}, err
	}
	if err := a.bound(&next, &m.out); err != nil {
		return r, Outcome[E]{}, err
	}
	return next.tidy(), m.out, nil
}

// moves gathers where all runs go with one event.
type moves[E any] struct {
	a     *Automaton[E]
	event *Event[E]
	open  heap[E]
	done  heap[E]
	out   Outcome[E]

	after []run[E] // where one run goes
	stack []int
	edges []taken[E]
	nodes map[place[E]]*Node[E]
}

// place is where the event stands in a run: taken by a step, after another node.
type place[E any] struct {
	step int
	prev *Node[E] // nil: a run begins
}

// taken is an edge with the step that its source belongs to.
type taken[E any] struct {
	edge[E]
	step int
}

// move takes one run along. It may become several, or end.
func (m *moves[E]) move(r run[E]) {
	m.successors(r)
	stopped := -1
	for _, x := range m.after {
		m.out.Started = m.out.Started || r.begins() && !x.begins()
		switch m.a.states[x.state].kind {
		case final:
			m.done = m.done.add(x)
		case stop:
			stopped = x.state
		}
	}
	switch {
	case stopped >= 0 && r.begins():
		m.open = m.open.add(r) // what ends is what would have begun
		return
	case stopped >= 0:
		m.out.end(ByNegation, r, m.a.name(stopped), m.event.Time)
		return
	case len(m.after) == 0:
		m.out.end(ByMiss, r, m.a.next[r.state], m.event.Time)
		return
	}
	for _, x := range m.after {
		if k := m.a.states[x.state].kind; k != final && k != stop {
			m.open = m.open.add(x)
		}
	}
}

// successors leaves in m.after where a run goes with the event.
func (m *moves[E]) successors(r run[E]) {
	m.after = m.after[:0]
	so := m.a.match(r)
	m.outgoing(r.state, so)
	for _, e := range m.edges {
		switch {
		case e.action == take:
			m.take(r, so, e)
		case !r.begins():
			r.state = e.to
			m.after = append(m.after, r)
		}
	}
	if r.begins() { // the start run stays, for the next event
		m.after = append(m.after, r)
	}
}

func (m *moves[E]) take(r run[E], so Match[E], e taken[E]) {
	next := run[E]{state: e.to, start: r.start, began: r.began, latest: m.event.Time}
	if r.begins() {
		next.start, next.began = m.event.Seq, m.event.Time
	}
	next.last = m.node(e.step, r)
	m.after = append(m.after, next)
	if f := m.finalAfter(e.to, so); f >= 0 {
		next.state = f
		m.after = append(m.after, next)
	}
}

// node is the place of the event in a run. Runs that took the same before it share one. A run that begins with
// the event does not look behind it, and shares any of its step (the start run comes last): so a loop that every
// event begins anew holds one node for each event.
func (m *moves[E]) node(step int, r run[E]) *Node[E] {
	at, begun := place[E]{step, r.last}, place[E]{step, nil}
	if n := m.nodes[at]; n != nil {
		return n
	}
	n := &Node[E]{Event: m.event, Index: len(m.out.Nodes), prev: r.last, step: step}
	m.out.Nodes = append(m.out.Nodes, n)
	if m.nodes == nil {
		m.nodes = map[place[E]]*Node[E]{}
	}
	m.nodes[at] = n
	if m.nodes[begun] == nil {
		m.nodes[begun] = n
	}
	return n
}

// outgoing leaves in m.edges those that the event can take from a state, also from states that are reached
// without an event.
func (m *moves[E]) outgoing(from int, so Match[E]) {
	m.edges, m.stack = m.edges[:0], append(m.stack[:0], from)
	for len(m.stack) > 0 {
		s := &m.a.states[m.stack[len(m.stack)-1]]
		m.stack = m.stack[:len(m.stack)-1]
		for _, e := range s.edges {
			if e.when != nil && !e.when(m.event.Value, so) {
				continue
			}
			if e.action == proceed {
				m.stack = append(m.stack, e.to)
				continue
			}
			m.edges = append(m.edges, taken[E]{e, s.step})
		}
	}
}

// finalAfter finds the final state if it is reached from a state without another event; -1: it is not.
func (m *moves[E]) finalAfter(from int, so Match[E]) int {
	m.stack = append(m.stack[:0], from)
	for len(m.stack) > 0 {
		s := &m.a.states[m.stack[len(m.stack)-1]]
		m.stack = m.stack[:len(m.stack)-1]
		for _, e := range s.edges {
			if e.action != proceed || e.when != nil && !e.when(m.event.Value, so) {
				continue
			}
			if m.a.states[e.to].kind == final {
				return e.to
			}
			m.stack = append(m.stack, e.to)
		}
	}
	return -1
}
