package cep

import "github.com/tributary-go/tributary/cep/nfa"

// Times has the last step taken n times.
func (p Pattern[E]) Times(n int) Pattern[E] { return p.TimesBetween(n, n) }

// TimesBetween has the last step taken at least min and at most max times. With a min of 0 it may be left out.
func (p Pattern[E]) TimesBetween(min, max int) Pattern[E] {
	if min < 0 || max < 1 || max < min {
		return p.mistake("times between " + text(min) + " and " + text(max))
	}
	return p.times(nfa.Times{Min: min, Max: max})
}

// OneOrMore has the last step taken once or more often: a match for every number of times, unless it is Greedy.
func (p Pattern[E]) OneOrMore() Pattern[E] { return p.TimesOrMore(1) }

// TimesOrMore has the last step taken n times or more often.
func (p Pattern[E]) TimesOrMore(n int) Pattern[E] {
	return p.times(nfa.Times{Min: n, Max: nfa.Unbounded})
}

func (p Pattern[E]) times(t nfa.Times) Pattern[E] {
	return p.last(func(s *nfa.Step[E]) { s.Times = t })
}

// Optional has the last step left out where it takes no event, or also where it does.
func (p Pattern[E]) Optional() Pattern[E] {
	return p.last(func(s *nfa.Step[E]) { s.Optional = true })
}

// Greedy has the last step, if it is taken several times, take all events that it can before the next step.
func (p Pattern[E]) Greedy() Pattern[E] {
	return p.last(func(s *nfa.Step[E]) { s.Greedy = true })
}

// Consecutive has the last step, if it is taken several times, take events that lie directly behind each other.
func (p Pattern[E]) Consecutive() Pattern[E] { return p.inside(nfa.Consecutive) }

// AllowCombinations has the last step, if it is taken several times, leave out events that it could take.
func (p Pattern[E]) AllowCombinations() Pattern[E] { return p.inside(nfa.AllowCombinations) }

func (p Pattern[E]) inside(i nfa.Inside) Pattern[E] {
	if n := len(p.steps); n > 0 && p.steps[n-1].Inside != nfa.Relaxed && p.steps[n-1].Inside != i {
		return p.mistake("step \"" + p.steps[n-1].Name + "\" is both consecutive and allowCombinations")
	}
	return p.last(func(s *nfa.Step[E]) { s.Inside = i })
}

// Until ends the last step, a loop, at an event for which is returns true: that event and later ones don't
// belong to the loop.
func (p Pattern[E]) Until(is func(E) bool) Pattern[E] { return p.UntilWhere(only(is)) }

// UntilWhere is Until with a condition that also sees what was taken so far.
func (p Pattern[E]) UntilWhere(is func(e E, so Match[E]) bool) Pattern[E] {
	return p.last(func(s *nfa.Step[E]) { s.Until = is })
}
