package cep

import (
	"strconv"

	"github.com/tributary-go/tributary/cep/nfa"
)

func text(n int) string { return strconv.Itoa(n) }

// NoSkip finds every match, also those that share events. It is the default.
func (p Pattern[E]) NoSkip() Pattern[E] { return p.skips(nfa.NoSkip, "") }

// SkipToNext finds one match for each first event.
//
// With this strategy and those below a match waits until no partial match that began earlier is open.
func (p Pattern[E]) SkipToNext() Pattern[E] { return p.skips(nfa.SkipToNext, "") }

// SkipPastLastEvent finds matches that don't overlap.
func (p Pattern[E]) SkipPastLastEvent() Pattern[E] { return p.skips(nfa.SkipPast, "") }

// SkipToFirst has the next match begin with the first event of a step of this one, or later. A match in which
// the step took no event skips nothing.
func (p Pattern[E]) SkipToFirst(step string) Pattern[E] { return p.skips(nfa.SkipToFirst, step) }

// SkipToLast has the next match begin with the last event of a step of this one, or later. A match in which the
// step took no event skips nothing.
func (p Pattern[E]) SkipToLast(step string) Pattern[E] { return p.skips(nfa.SkipToLast, step) }

func (p Pattern[E]) skips(s nfa.SkipStrategy, step string) Pattern[E] {
	p.skip = nfa.Skip{Strategy: s, Step: step}
	return p
}

// The partial matches that have to go when there are more of a key than MaxRuns allows.
const (
	DropOldest = nfa.DropOldest // those that began first
	DropNewest = nfa.DropNewest // those that began last
)

// MaxRuns bounds the partial matches that are open for a key. What drop ends is neither a match nor a time-out:
// it is counted.
func (p Pattern[E]) MaxRuns(n int, drop nfa.Drop) Pattern[E] {
	p.limit = nfa.Limit{Runs: n, Drop: drop}
	return p
}
