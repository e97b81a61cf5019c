package nfa

// Automaton is a compiled pattern. It is immutable: any number of keys and goroutines may use it.
type Automaton[E any] struct {
	names       []string // of the steps, by number
	states      []state[E]
	next        [][]string // the steps of which an event takes a run further, by state
	start       int
	window      int64 // ms from the first to the last event; 0: no bound
	skip        Skip
	skipStep    int // number of skip.Step; -1: none
	limit       Limit
	fingerprint string
	drains      bool
}

// state is where a run can stand. Edges are in the order in which they were made: it decides the order of results.
type state[E any] struct {
	name   string // unique; the first state of a step has the step's name
	step   int
	kind   kind
	window int64 // ms since the event before; 0: no bound
	edges  []edge[E]
}

type kind uint8

const (
	normal  kind = iota
	final        // a match
	stop         // a negated step has taken an event: what led here ends
	pending      // a match unless a negated step takes an event before the window closes
)

// edge leads from a state to another with an event.
type edge[E any] struct {
	action action
	to     int
	when   Condition[E] // nil: always
}

type action uint8

const (
	take    action = iota // the event becomes part of the match
	ignore                // the run moves, without the event
	proceed               // look at the edges of the other state with the same event
)

// Window is the time from the first to the last event of a match, in ms, exclusively. 0: no bound.
func (a *Automaton[E]) Window() int64 { return a.window }

// Steps are the names of the steps, negated ones included, in the order of the pattern.
func (a *Automaton[E]) Steps() []string { return append([]string(nil), a.names...) }

// Fingerprint tells patterns of unlike structure apart: steps, quantifiers, windows, skip strategy. Conditions
// are code, which it can't see.
func (a *Automaton[E]) Fingerprint() string { return a.fingerprint }

// Draining is the automaton without its beginning: runs that are open go on, and none begins.
func (a *Automaton[E]) Draining() *Automaton[E] {
	d := *a
	d.drains = true
	return &d
}
