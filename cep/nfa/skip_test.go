package nfa_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/cep/nfa"
)

// feedAll feeds events a second apart, and tells what was found after which of them.
func (m *machine) feedAll(kinds string) string {
	m.t.Helper()
	var found []string
	for i := range len(kinds) {
		if text := taken(m.feed(kinds[i], int64(i)*1000)); text != "" {
			found = append(found, fmt.Sprint(i+1, ": ", text))
		}
	}
	return strings.Join(found, ", ")
}

func TestSkipStrategiesEndRunsAndHoldMatchesBack(t *testing.T) {
	b := loop(step("b", nfa.FollowedBy, 'b'))
	b.Greedy = false
	steps := []nfa.Step[letter]{step("a", nfa.Begin, 'a'), b}
	for skip, want := range map[nfa.Skip]string{
		{}:                                     "3: (a1 b3 )(a2 b3 ), 4: (a1 b3 b4 )(a2 b3 b4 )",
		{Strategy: nfa.SkipToNext}:             "3: (a1 b3 )(a2 b3 )",
		{Strategy: nfa.SkipPast}:               "3: (a1 b3 )",
		{Strategy: nfa.SkipToFirst, Step: "b"}: "3: (a1 b3 )",
		{Strategy: nfa.SkipToLast, Step: "b"}:  "3: (a1 b3 )",
		{Strategy: nfa.SkipToLast, Step: "a"}:  "3: (a1 b3 ), 4: (a1 b3 b4 )",
	} {
		m := compile(t, nfa.Pattern[letter]{Steps: steps, Skip: skip})
		if got := m.feedAll("aabb"); got != want {
			t.Errorf("%+v: found %s, want %s", skip, got, want)
		}
	}
}

// A match waits while a run that began earlier is open, and is skipped by that one's match.
func TestAMatchWaitsForRunsThatBeganEarlier(t *testing.T) {
	c := step("c", nfa.FollowedBy, 'c')
	c.Optional = true
	long := nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), step("b", nfa.Next, 'b'), c, step("d", nfa.FollowedBy, 'd')}, Skip: nfa.Skip{Strategy: nfa.SkipPast}}
	long.Steps[0].Where = adapt(func(e letter, _ func(string) []letter) bool { return e.kind == 'a' || e.kind == 'b' })
	long.Steps[1].Where = adapt(func(e letter, so func(string) []letter) bool {
		return e.kind == 'b' || e.kind == 'x' && so("a")[0].kind == 'b'
	})
	long.Steps[3].Where = adapt(func(e letter, so func(string) []letter) bool {
		return e.kind == 'd' || e.kind == 'e' && so("a")[0].kind == 'b'
	})
	m := compile(t, long)
	if got := m.feedAll("abxe"); got != "" || m.runs.Held() == 0 {
		t.Errorf("found %s, %d held", got, m.runs.Held())
	}
	if got := taken(m.feed('d', 9000)); got != "(a1 b2 d5 )" || m.runs.Held() != 0 {
		t.Errorf("found %s, %d held", got, m.runs.Held())
	}
}

func TestASkipThatMissesFailsOrSkipsNothing(t *testing.T) {
	o := step("o", nfa.FollowedBy, 'o')
	o.Optional = true
	p := nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), o, step("c", nfa.FollowedBy, 'c')}, Skip: nfa.Skip{Strategy: nfa.SkipToFirst, Step: "o"}}
	m := compile(t, p) // the first run may still go on with an o: the second one's match waits for it
	if got := m.feedAll("aac"); got != "3: (a1 c3 )" || m.runs.Held() != 1 {
		t.Errorf("found %s, %d held", got, m.runs.Held())
	}
	for _, to := range []string{"o", "a"} {
		p.Skip = nfa.Skip{Strategy: nfa.SkipToFirst, Step: to, MissFails: true}
		m := compile(t, p)
		m.feed('a', 0)
		runs, out, err := m.a.Process(m.runs, &nfa.Event[letter]{Seq: 2, Time: 1, Value: letter{kind: 'c', at: 1}})
		if !errors.Is(err, nfa.ErrSkip) || len(out.Matches) > 0 || runs.Open() != 1 {
			t.Errorf("to %s: %v, %d matches", to, err, len(out.Matches))
		}
	}
}

func TestAnOptionalStepEndsWhatHadToBeAbsentBeforeIt(t *testing.T) {
	c := step("c", nfa.FollowedByAny, 'c')
	c.Optional = true
	p := nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), step("not", nfa.NotFollowedBy, 'b'), c, step("d", nfa.FollowedByAny, 'd')}}
	for kinds, want := range map[string]string{"acbd": "4: (a1 c2 d4 )", "abd": "", "abcd": "", "axd": "3: (a1 d3 )"} {
		if got := compile(t, p).feedAll(kinds); got != want {
			t.Errorf("%s: found %s, want %s", kinds, got, want)
		}
	}
}
