package nfa_test

import (
	"fmt"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
)

// This file says again what a match is, without an automaton: a choice of events, each for a step, such that
// every rule of the pattern holds for it. It knows patterns without groups, greedy loops and skip strategies.

// letter is an event of the tests.
type letter struct {
	kind  byte
	price int
	at    int64
}

// test is a condition. so is what the match has taken before, by step.
type test func(e letter, so func(step string) []letter) bool

// rule is a step of a pattern, with a condition that both matchers understand.
type rule struct {
	nfa.Step[letter]
	is    test
	until test
}

// choice is an event that a match takes, by its place in the stream, for a step, by its place in the pattern.
type choice struct{ event, step int }

// definition enumerates matches.
type definition struct {
	rules  []rule
	stream []letter
	within int64 // ms; 0: no bound
	found  []string
}

// matches lists all matches of rules in a stream, sorted.
func matches(rules []rule, stream []letter, within int64) []string {
	d := &definition{rules: rules, stream: stream, within: within}
	for i := range stream {
		for _, step := range d.after(-1, 0) {
			if step < len(rules) && d.takes(nil, choice{i, step}) {
				d.grow([]choice{{i, step}}, false)
			}
		}
	}
	slices.Sort(d.found)
	return d.found
}

// after lists the steps that may take the next event when a step has taken n; and len(rules) if it may be the
// last one.
func (d *definition) after(step, n int) (next []int) {
	if step >= 0 {
		r := d.rules[step]
		lo, hi := bounds(r.Step)
		if hi == nfa.Unbounded || n < hi {
			next = append(next, step)
		}
		if n < lo {
			return next
		}
	}
	for i := step + 1; i < len(d.rules); i++ {
		if r := d.rules[i]; !not(r) {
			next = append(next, i)
			if !r.Optional {
				return next
			}
		}
	}
	return append(next, len(d.rules))
}

func bounds(s nfa.Step[letter]) (lo, hi int) {
	if s.Times == (nfa.Times{}) {
		return 1, 1
	}
	return s.Times.Min, s.Times.Max
}

func not(r rule) bool { return r.Contiguity == nfa.NotNext || r.Contiguity == nfa.NotFollowedBy }

// grow reports the match if it is one, and tries all that begin with it. One whose last event is negated as
// well (struck) is reported if it is complete, as Flink does, and leads no further.
func (d *definition) grow(m []choice, struck bool) {
	last := m[len(m)-1]
	for _, step := range d.after(last.step, count(m, last.step)) {
		switch {
		case step == len(d.rules):
			if d.ends(m) && !(struck && not(d.rules[step-1])) {
				d.found = append(d.found, fmt.Sprint(m))
			}
		case !struck:
			d.growBy(m, step)
		}
	}
}

func (d *definition) growBy(m []choice, step int) {
	for i := m[len(m)-1].event + 1; i < len(d.stream); i++ {
		if c := (choice{i, step}); d.takes(m, c) && d.between(m, c) {
			d.grow(append(slices.Clone(m), c), d.negated(m, c, i))
		}
	}
}

// so is what a match has taken, by step.
func (d *definition) so(m []choice) func(string) []letter {
	return func(step string) (es []letter) {
		for _, c := range m {
			if d.rules[c.step].Name == step {
				es = append(es, d.stream[c.event])
			}
		}
		return es
	}
}

// open tells whether the window of a match is open at an event.
func (d *definition) open(m []choice, event int) bool {
	return d.within == 0 || len(m) == 0 || d.stream[event].at-d.stream[m[0].event].at < d.within
}

// takes: the step's condition holds, the loop has not ended, and the window is open.
func (d *definition) takes(m []choice, c choice) bool {
	r, e := d.rules[c.step], d.stream[c.event]
	return d.open(m, c.event) && r.is(e, d.so(m)) && (r.until == nil || !r.until(e, d.so(m)))
}

// between: what lies between the last event of m and c may lie there, and nothing negated is there.
func (d *definition) between(m []choice, c choice) bool {
	last, r := m[len(m)-1], d.rules[c.step]
	for i := last.event + 1; i < c.event; i++ {
		if !d.mayLie(m, i, r, last.step == c.step) || d.negated(m, c, i) {
			return false
		}
	}
	for s := last.step + 1; s < len(d.rules); s++ {
		x := d.rules[s]
		passed := s < c.step || s == last.step+1 && d.enough(m) // a loop that could be left ends too
		if x.Contiguity == nfa.NotNext && passed && x.is(d.stream[last.event+1], d.so(m)) {
			return false
		}
	}
	return true
}

// strikesItself: where optional steps end the pattern and a notNext stands before them, the match is there at
// once; Flink asks that step for the match's own last event.
func (d *definition) strikesItself(m []choice) bool {
	last := m[len(m)-1]
	return slices.ContainsFunc(d.rules[last.step+1:], func(x rule) bool {
		return x.Contiguity == nfa.NotNext && x.is(d.stream[last.event], d.so(m[:len(m)-1]))
	})
}

// enough: the last step was taken as often as it must be.
func (d *definition) enough(m []choice) bool {
	last := m[len(m)-1]
	lo, _ := bounds(d.rules[last.step].Step)
	return lo <= count(m, last.step)
}

func count(m []choice, step int) (n int) {
	for _, c := range m {
		if c.step == step {
			n++
		}
	}
	return n
}

// negated: a notFollowedBy would take an event that lies before c, or is c.
func (d *definition) negated(m []choice, c choice, event int) bool {
	last := m[len(m)-1]
	for s, x := range d.rules {
		asked := last.step < s && s < c.step || s < last.step && d.askedAgain(s, m, c, event)
		if c.step == last.step {
			asked = s == last.step+1 && d.askedAfter(m, event) || d.isBefore(s, c.step) && d.askedBefore(m, event)
		}
		if x.Contiguity == nfa.NotFollowedBy && asked && x.is(d.stream[event], d.so(m)) {
			return true
		}
	}
	return false
}

// askedAfter: while a step is taken again, the notFollowedBy after it counts too. But where the step has a range
// of times, and was taken often enough, Flink asks for the first event only.
func (d *definition) askedAfter(m []choice, event int) bool {
	last := m[len(m)-1]
	_, hi := bounds(d.rules[last.step].Step)
	return event == last.event+1 || hi == nfa.Unbounded || !d.enough(m)
}

// askedBefore: the notFollowedBy before a step is done with once the step is taken. But where the step has a
// range of times, and was taken often enough, Flink asks again from the second event on.
func (d *definition) askedBefore(m []choice, event int) bool {
	last := m[len(m)-1]
	_, hi := bounds(d.rules[last.step].Step)
	return event > last.event+1 && hi != nfa.Unbounded && d.enough(m)
}

// askedAgain: a notFollowedBy is done with once an optional step after it is taken. But where another optional
// step follows, Flink asks for it again, from the second event on.
func (d *definition) askedAgain(s int, m []choice, c choice, event int) bool {
	last := m[len(m)-1]
	return last.step < c.step && d.rules[c.step].Optional && d.isBefore(s, c.step) && event > last.event+1
}

// isBefore: s comes before a step, with nothing but optional steps between.
func (d *definition) isBefore(s, step int) bool {
	return s < step && !slices.ContainsFunc(d.rules[s+1:step], func(x rule) bool { return !x.Optional })
}

// mayLie: an event may be left out before one that r takes.
func (d *definition) mayLie(m []choice, i int, r rule, inside bool) bool {
	e, so := d.stream[i], d.so(m)
	if inside {
		if r.until != nil && r.until(e, so) {
			return false
		}
		return r.Inside == nfa.AllowCombinations || r.Inside == nfa.Relaxed && !r.is(e, so)
	}
	return r.Contiguity == nfa.FollowedByAny || r.Contiguity == nfa.FollowedBy && !r.is(e, so)
}

// ends: what comes after the last event of a match does not forbid it. A negated step at the end needs one more
// event, or the end of the window.
func (d *definition) ends(m []choice) bool {
	last := m[len(m)-1].event
	r := d.rules[len(d.rules)-1]
	if !not(r) {
		return !d.strikesItself(m)
	}
	switch {
	case r.Contiguity == nfa.NotNext:
		return last+1 < len(d.stream) && d.open(m, last+1) && !r.is(d.stream[last+1], d.so(m))
	case r.Contiguity == nfa.NotFollowedBy:
		end := last
		for end+1 < len(d.stream) && d.open(m, end+1) {
			end++
		}
		if _, hi := bounds(d.rules[m[len(m)-1].step].Step); hi != count(m, m[len(m)-1].step) && end == last {
			return false // a loop that could go on is left with another event only, of whatever kind
		}
		return !slices.ContainsFunc(d.stream[last+1:end+1], func(e letter) bool { return r.is(e, d.so(m)) })
	}
	return true
}
