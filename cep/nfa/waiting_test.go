package nfa_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// waiting are the partial matches of a machine as they are stored.
func (m *machine) waiting() []nfa.Waiting {
	m.t.Helper()
	b := nfa.AppendRuns(nil, m.runs)
	for n := range b {
		if _, _, err := m.a.Waiting(b[:n]); err == nil {
			m.t.Errorf("the first %d of %d bytes were taken for runs", n, len(b))
		}
	}
	open, held, err := m.a.Waiting(b)
	if err != nil || len(open) != m.runs.Open() || held != m.runs.Held() {
		m.t.Fatalf("%d open, %d held, %v; want %d and %d", len(open), held, err, m.runs.Open(), m.runs.Held())
	}
	return open
}

func (m *machine) waitsFor(what string, want ...[]string) {
	m.t.Helper()
	var got [][]string
	for _, w := range m.waiting() {
		got = append(got, w.Next)
	}
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		m.t.Errorf("%s: waits for %q, want %q", what, got, want)
	}
}

func TestAStoredRunSaysWhichStepsItWaitsFor(t *testing.T) {
	loop := step("b", nfa.FollowedBy, 'b')
	loop.Times = nfa.Times{Min: 1, Max: nfa.Unbounded}
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), loop, step("c", nfa.FollowedBy, 'c')}})
	m.waitsFor("before any event")
	m.feed('a', 1)
	m.waitsFor("before the loop", []string{"b"})
	m.feed('b', 2)
	for _, w := range m.waiting() {
		if !slices.Contains(w.Next, "c") && !slices.Contains(w.Next, "b") || w.Began != 1 {
			t.Errorf("in the loop: %+v", w)
		}
	}

	not := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), step("x", nfa.NotFollowedBy, 'x'), step("c", nfa.FollowedBy, 'c')}})
	not.feed('a', 1)
	not.waitsFor("a negated step takes nothing further", []string{"c"})

	end := step("x", nfa.NotFollowedBy, 'x')
	end.Within = 10 * time.Millisecond
	last := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), end}})
	last.feed('a', 1)
	if w := last.waiting(); len(w) != 1 || len(w[0].Next) != 0 || !w[0].Bounded || w[0].Deadline != 11 {
		t.Errorf("a negated step at the end waits for its window alone: %+v", w)
	}
}

func TestAStoredRunSaysWhenItTimesOut(t *testing.T) {
	b := step("b", nfa.FollowedBy, 'b')
	b.Within = 10 * time.Millisecond
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), b}})
	m.feed('a', 1)
	m.feed('a', 4)
	w := m.waiting()
	if len(w) != 2 || w[0].Began != 1 || w[0].Deadline != 11 || w[1].Began != 4 || w[1].Deadline != 14 {
		t.Errorf("%+v", w)
	}
	forever := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), step("b", nfa.FollowedBy, 'b')}})
	forever.feed('a', 1)
	if w := forever.waiting(); len(w) != 1 || w[0].Bounded || w[0].Deadline != 0 {
		t.Errorf("a run without a window: %+v", w)
	}
}
