package nfa

import "slices"

// Event is an event as runs hold it: one value, however many runs took it.
type Event[E any] struct {
	// Seq orders the events of a key: later events have larger numbers. From 1 on.
	Seq   uint64
	Time  int64 // ms
	Value E
}

// Node is an event in its place in a run: taken by which step, after which other node. Runs share nodes.
type Node[E any] struct {
	Event *Event[E]
	// Index tells the nodes of an event apart.
	Index int
	prev  *Node[E]
	step  int // in Automaton.names
}

// Match is what a run has taken: events by step. In a condition it is what was taken so far.
type Match[E any] struct {
	a     *Automaton[E]
	last  *Node[E]
	start uint64 // Seq of the event that the run began with
}

// before is the node that comes before n in the run. What lies behind the run's first event belongs to others.
func (m Match[E]) before(n *Node[E]) *Node[E] {
	if n.Event.Seq == m.start {
		return nil
	}
	return n.prev
}

// Taken is an event with the name of the step that took it.
type Taken[E any] struct {
	Step  string
	Event *Event[E]
}

// Taken lists the events in their order.
func (m Match[E]) Taken() []Taken[E] {
	var ts []Taken[E]
	for n := m.last; n != nil; n = m.before(n) {
		ts = append(ts, Taken[E]{m.a.names[n.step], n.Event})
	}
	slices.Reverse(ts)
	return ts
}

// Events are those that a step took, in their order.
func (m Match[E]) Events(step string) []E {
	var es []E
	for n := m.last; n != nil; n = m.before(n) {
		if m.a.names[n.step] == step {
			es = append(es, n.Event.Value)
		}
	}
	slices.Reverse(es)
	return es
}

// Last is the last event that a step took; false: it took none.
func (m Match[E]) Last(step string) (e E, ok bool) {
	for n := m.last; n != nil; n = m.before(n) {
		if m.a.names[n.step] == step {
			return n.Event.Value, true
		}
	}
	return e, false
}

// First is the first event that a step took; false: it took none.
func (m Match[E]) First(step string) (e E, ok bool) {
	for n := m.last; n != nil; n = m.before(n) {
		if m.a.names[n.step] == step {
			e, ok = n.Event.Value, true
		}
	}
	return e, ok
}

// Count is how many events a step took.
func (m Match[E]) Count(step string) (count int) {
	for n := m.last; n != nil; n = m.before(n) {
		if m.a.names[n.step] == step {
			count++
		}
	}
	return count
}

// Start is the time of the first event, in ms; 0 if there is none.
func (m Match[E]) Start() (ms int64) {
	for n := m.last; n != nil; n = m.before(n) {
		ms = n.Event.Time
	}
	return ms
}
