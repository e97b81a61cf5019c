// Package cep finds patterns in streams of events: who did this, and then that, within so long.
//
// A [Pattern] is an immutable value, built step by step:
//
//	AbandonedCart = cep.
//		Begin("cart", func(c Click) bool { return c.Type == "cart" && c.Price > 200 }).
//		FollowedBy("purchase", func(c Click) bool { return c.Type == "purchase" }).
//		Within(10 * time.Minute)
//
// [Detect] looks for patterns in a stream, key by key and in the order of event time. The language and its
// semantics are FlinkCEP's; package nfa has the automaton.
package cep

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// Pattern is a sequence of steps that events must take. Its methods return another pattern; those that say
// something of a step concern the one added last. Mistakes are reported by Err and by Build.
type Pattern[E any] struct {
	steps    []nfa.Step[E]
	skip     nfa.Skip
	limit    nfa.Limit
	mistakes []error
}

// Match is what a pattern has taken: events by step.
type Match[E any] = nfa.Match[E]

// Any is the condition of a step that takes every event.
func Any[E any](E) bool { return true }

// Begin starts a pattern with a step. A step takes one event for which is returns true.
func Begin[E any](step string, is func(E) bool) Pattern[E] {
	return Pattern[E]{}.add(nfa.Begin, step, only(is))
}

// BeginWhere is Begin with a condition that also sees what was taken before: of a first step, earlier events of
// its own loop.
func BeginWhere[E any](step string, is func(e E, so Match[E]) bool) Pattern[E] {
	return Pattern[E]{}.add(nfa.Begin, step, is)
}

// BeginGroup starts a pattern with a group of steps, which is repeated, optional and so on as a whole.
func BeginGroup[E any](g Pattern[E]) Pattern[E] { return Pattern[E]{}.group(nfa.Begin, g) }

// Next adds a step that takes the event right after the one taken before.
func (p Pattern[E]) Next(step string, is func(E) bool) Pattern[E] {
	return p.add(nfa.Next, step, only(is))
}

// NextWhere is Next with a condition that also sees what was taken so far.
func (p Pattern[E]) NextWhere(step string, is func(e E, so Match[E]) bool) Pattern[E] {
	return p.add(nfa.Next, step, is)
}

// NextGroup is Next with a group of steps.
func (p Pattern[E]) NextGroup(g Pattern[E]) Pattern[E] { return p.group(nfa.Next, g) }

// FollowedBy adds a step that takes the next event for which is returns true, whatever lies between.
func (p Pattern[E]) FollowedBy(step string, is func(E) bool) Pattern[E] {
	return p.add(nfa.FollowedBy, step, only(is))
}

// FollowedByWhere is FollowedBy with a condition that also sees what was taken so far.
func (p Pattern[E]) FollowedByWhere(step string, is func(e E, so Match[E]) bool) Pattern[E] {
	return p.add(nfa.FollowedBy, step, is)
}

// FollowedByGroup is FollowedBy with a group of steps.
func (p Pattern[E]) FollowedByGroup(g Pattern[E]) Pattern[E] { return p.group(nfa.FollowedBy, g) }

// FollowedByAny adds a step that takes any later event for which is returns true, each for a match of its own.
func (p Pattern[E]) FollowedByAny(step string, is func(E) bool) Pattern[E] {
	return p.add(nfa.FollowedByAny, step, only(is))
}

// FollowedByAnyWhere is FollowedByAny with a condition that also sees what was taken so far.
func (p Pattern[E]) FollowedByAnyWhere(step string, is func(e E, so Match[E]) bool) Pattern[E] {
	return p.add(nfa.FollowedByAny, step, is)
}

// FollowedByAnyGroup is FollowedByAny with a group of steps.
func (p Pattern[E]) FollowedByAnyGroup(g Pattern[E]) Pattern[E] {
	return p.group(nfa.FollowedByAny, g)
}

// NotNext forbids an event right after the one taken before. As the last step it needs another event to match.
func (p Pattern[E]) NotNext(step string, is func(E) bool) Pattern[E] {
	return p.add(nfa.NotNext, step, only(is))
}

// NotNextWhere is NotNext with a condition that also sees what was taken so far.
func (p Pattern[E]) NotNextWhere(step string, is func(e E, so Match[E]) bool) Pattern[E] {
	return p.add(nfa.NotNext, step, is)
}

// NotFollowedBy forbids events until the step after it takes one. As the last step it needs a window: there is
// a match when that closes.
func (p Pattern[E]) NotFollowedBy(step string, is func(E) bool) Pattern[E] {
	return p.add(nfa.NotFollowedBy, step, only(is))
}

// NotFollowedByWhere is NotFollowedBy with a condition that also sees what was taken so far.
func (p Pattern[E]) NotFollowedByWhere(step string, is func(e E, so Match[E]) bool) Pattern[E] {
	return p.add(nfa.NotFollowedBy, step, is)
}

// only makes a condition of one that sees the event only. nil stays nil, which is a mistake.
func only[E any](is func(E) bool) func(E, Match[E]) bool {
	if is == nil {
		return nil
	}
	return func(e E, _ Match[E]) bool { return is(e) }
}

func (p Pattern[E]) add(c nfa.Contiguity, step string, is nfa.Condition[E]) Pattern[E] {
	p.steps = append(slices.Clip(p.steps), nfa.Step[E]{Name: step, Contiguity: c, Where: is})
	return p
}

func (p Pattern[E]) group(c nfa.Contiguity, g Pattern[E]) Pattern[E] {
	p.steps = append(slices.Clip(p.steps), nfa.Step[E]{Group: g.steps, Contiguity: c})
	p.mistakes = append(slices.Clip(p.mistakes), g.mistakes...)
	if g.skip != (nfa.Skip{}) || g.limit != (nfa.Limit{}) {
		p = p.mistake("a group has a skip strategy or a limit: only the whole pattern can")
	}
	return p
}

func (p Pattern[E]) mistake(text string) Pattern[E] {
	p.mistakes = append(slices.Clip(p.mistakes), fmt.Errorf("%w: %s", nfa.ErrMalformed, text))
	return p
}

// last changes a copy of the last step.
func (p Pattern[E]) last(change func(*nfa.Step[E])) Pattern[E] {
	if len(p.steps) == 0 {
		return p.mistake("it has no step: start with Begin")
	}
	p.steps = slices.Clone(p.steps)
	change(&p.steps[len(p.steps)-1])
	return p
}

// Within bounds the time from the first to the last event, exclusively: a partial match times out when it has
// passed. Of several bounds the smallest counts.
func (p Pattern[E]) Within(d time.Duration) Pattern[E] {
	return p.last(func(s *nfa.Step[E]) { s.Within = d })
}

// WithinPrevious bounds the time between the last step's event and the one before it, exclusively.
func (p Pattern[E]) WithinPrevious(d time.Duration) Pattern[E] {
	return p.last(func(s *nfa.Step[E]) { s.WithinPrevious = d })
}

// compile makes the automaton. The error joins every mistake.
func (p Pattern[E]) compile() (*nfa.Automaton[E], error) {
	a, err := nfa.Compile(p.Definition())
	return a, errors.Join(append(slices.Clone(p.mistakes), err)...)
}

// Err is every mistake of the pattern, joined; nil: none.
func (p Pattern[E]) Err() error {
	_, err := p.compile()
	return err
}

// Fingerprint tells patterns of unlike structure apart; it is stored with what the pattern has taken. What
// conditions do it can't tell. "" for a pattern with mistakes.
func (p Pattern[E]) Fingerprint() string {
	a, err := p.compile()
	if err != nil {
		return ""
	}
	return a.Fingerprint()
}

// Definition is the pattern as package nfa has it. The smallest window stands at the last step, where it is
// every step's.
func (p Pattern[E]) Definition() nfa.Pattern[E] {
	d := nfa.Pattern[E]{Steps: slices.Clone(p.steps), Skip: p.skip, Limit: p.limit}
	if n := len(d.Steps); n > 0 {
		d.Steps[n-1].Within = window(d.Steps)
	}
	return d
}

// window is the smallest of the steps; 0: there is none.
func window[E any](steps []nfa.Step[E]) (w time.Duration) {
	for _, s := range steps {
		for _, d := range []time.Duration{s.Within, window(s.Group)} {
			if d != 0 && (w == 0 || d < w) {
				w = d
			}
		}
	}
	return w
}

// Define makes a pattern of its definition, as package rules reads it.
func Define[E any](d nfa.Pattern[E]) Pattern[E] {
	return Pattern[E]{steps: slices.Clone(d.Steps), skip: d.Skip, limit: d.Limit}
}
