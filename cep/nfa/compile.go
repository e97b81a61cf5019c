package nfa

import (
	"slices"
	"strconv"
	"strings"
)

// Compile checks a pattern and makes its automaton. The error joins every mistake, by the names of the steps.
func Compile[E any](p Pattern[E]) (*Automaton[E], error) {
	if err := check(p); err != nil {
		return nil, err
	}
	a := &Automaton[E]{names: stepNames(p.Steps), window: window(p.Steps, true).Milliseconds(), skip: p.Skip, limit: p.Limit, fingerprint: fingerprint(p)}
	a.skipStep = slices.Index(a.names, p.Skip.Step)
	c := &compiler[E]{a: a, stops: map[string]int{}, before: map[int]int{}, repeated: map[*Step[E]]bool{}}
	end := c.state("$end", final, -1)
	c.steps, c.i = p.Steps, len(p.Steps)-1
	a.start = c.sequence(end)
	for s := range a.states {
		a.next = append(a.next, a.nextSteps(s, map[int]bool{}))
	}
	return a, nil
}

// compiler makes states from the last step to the first: each is made when it is known where it leads to.
type compiler[E any] struct {
	a        *Automaton[E]
	steps    []Step[E] // the sequence at work, ...
	i        int       // ... and the step in it
	next     *Step[E]  // the step after it, also from within its last group
	group    *Step[E]  // the group whose sequence it is
	bounded  bool      // a step from here to the end has a window
	repeated map[*Step[E]]bool
	stops    map[string]int // of negated steps
	before   map[int]int    // what an until leads to, by the state that a greedy loop leads to otherwise
}

func (c *compiler[E]) step() *Step[E] { return &c.steps[c.i] }

// state makes a state under a name like the given one: name, name:0, name:1 ...
func (c *compiler[E]) state(name string, k kind, step int) int {
	unique := name
	for n := 0; slices.ContainsFunc(c.a.states, func(s state[E]) bool { return s.name == unique }); n++ {
		unique = name + ":" + strconv.Itoa(n)
	}
	c.a.states = append(c.a.states, state[E]{name: unique, step: step, kind: k})
	return len(c.a.states) - 1
}

// waiting makes a state that waits for an event of the current step, with the bound since the event before.
func (c *compiler[E]) waiting(k kind) int {
	s := c.plain(k)
	st := &c.a.states[s]
	switch step := c.step(); {
	case step.Times.once():
		st.window = step.WithinPrevious.Milliseconds()
	case strings.Contains(st.name, ":"): // not the first one of the step: there Flink has it, see Times.Gap
		st.window = step.Times.Gap.Milliseconds()
	}
	return s
}

// plain makes a state of the current step.
func (c *compiler[E]) plain(k kind) int {
	name := c.step().Name
	if name == "" {
		name = "$group"
	}
	return c.state(name, k, slices.Index(c.a.names, c.step().Name))
}

func (c *compiler[E]) edge(from int, a action, to int, when Condition[E]) {
	s := &c.a.states[from]
	s.edges = append(s.edges, edge[E]{a, to, when})
}

// sequence makes the states of a sequence that leads to a state, and returns the one that it begins with.
func (c *compiler[E]) sequence(to int) int {
	for ; c.i > 0; c.i-- {
		last := c.group != nil && c.i == len(c.steps)-1
		c.bounded = c.bounded || c.step().Within > 0 && !last
		switch c.step().Contiguity {
		case NotFollowedBy:
			to = c.notFollowedBy(to)
		case NotNext:
			to = c.notNext(to)
		default:
			to = c.convert(to)
		}
		c.next = c.step()
	}
	return c.convert(to)
}

// notFollowedBy at the end waits for the window to close; elsewhere it is part of the states around it.
//
// As in Flink, the window must be its own: one that is written at a step before it does not make it wait, and
// nothing is forbidden. Package cep writes all windows at the end.
func (c *compiler[E]) notFollowedBy(to int) int {
	if c.a.states[to].kind != final || !c.bounded && c.step().WithinPrevious == 0 {
		return to
	}
	s, not := c.waiting(pending), c.takes(c.step(), c.group)
	c.edge(s, proceed, c.stop(not, c.step()), not)
	c.edge(s, ignore, s, negation(not))
	return s
}

func (c *compiler[E]) notNext(to int) int {
	s, not := c.waiting(normal), c.takes(c.step(), c.group)
	if c.a.states[to].kind == final {
		c.edge(s, ignore, to, negation(not)) // it takes another event to know
	} else {
		c.edge(s, proceed, to, negation(not))
	}
	c.edge(s, proceed, c.stop(not, c.step()), not)
	return s
}

// stop is the state of a negated step. There is one, wherever it is reached from.
func (c *compiler[E]) stop(not Condition[E], step *Step[E]) int {
	if s, ok := c.stops[step.Name]; ok {
		return s
	}
	s := c.state(step.Name, stop, slices.Index(c.a.names, step.Name))
	c.edge(s, take, s, not)
	c.stops[step.Name] = s
	return s
}

// convert makes the states of a step that is not negated.
func (c *compiler[E]) convert(to int) int {
	step := c.step()
	var s int
	switch {
	case step.Times.loop():
		c.repeated[step] = true
		loop := c.loop(c.withoutNots(to))
		s = c.times(loop, to, step.Times.Min, step.Times.Min)
	case !step.Times.once():
		s = c.times(to, to, max(1, step.Times.Min), step.Times.Max)
	default:
		s = c.single(to, to, c.takes(step, c.group), c.outside(), step.optional())
	}
	c.addStops(s)
	return s
}

func (s *Step[E]) optional() bool { return s.Optional || !s.Times.once() && s.Times.Min == 0 }

// times makes a chain of states that are left with an event each: at least from of them, at most to.
func (c *compiler[E]) times(sink, after, from, to int) int {
	step := c.step()
	c.repeated[step] = true
	ignores := c.untilIn(c.inside(), false)
	takes := c.untilIn(c.takes(step, c.group), true)
	if step.Greedy && from != to {
		if step.Until != nil {
			c.before[sink] = c.duplicate(sink)
		}
		c.yield(sink, takes)
	}
	s := sink
	for range to - from {
		s = c.single(s, after, takes, ignores, true)
		c.stopLoop(s)
	}
	for range from - 1 {
		s = c.single(s, -1, takes, ignores, false)
		c.stopLoop(s)
	}
	c.repeated[step] = false
	return c.single(s, after, takes, c.outside(), step.optional())
}

// yield lets a greedy step have the events that it takes: they lead out of the state after it no longer.
func (c *compiler[E]) yield(s int, takes Condition[E]) {
	for i := range c.a.states[s].edges {
		e := &c.a.states[s].edges[i]
		e.when = both(e.when, negation(takes))
	}
}

// duplicate makes a state with the same edges.
func (c *compiler[E]) duplicate(s int) int {
	original := c.a.states[s]
	name, _, _ := strings.Cut(original.name, ":")
	d := c.state(name, original.kind, original.step)
	for _, e := range original.edges {
		if e.to == s {
			e.to = d
		}
		c.edge(d, e.action, e.to, e.when)
	}
	return d
}
