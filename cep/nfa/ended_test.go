package nfa_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// ends are the reasons for which runs ended, after which event or time: "2: not_taken 1 [b] from 0".
func (m *machine) ends(kinds string, until int64) string {
	m.t.Helper()
	var all []string
	note := func(what string, out nfa.Outcome[letter]) {
		for _, e := range out.Ended {
			all = append(all, fmt.Sprintf("%s: %s %d %v from %d at %d", what, e.Why, e.Runs, e.Steps, e.Began, e.At))
		}
	}
	for i, kind := range []byte(kinds) {
		m.seq++
		e := &nfa.Event[letter]{Seq: m.seq, Time: int64(i) * 1000, Value: letter{kind: kind}}
		runs, out, err := m.a.Process(m.runs, e)
		if err != nil {
			m.t.Fatal(err)
		}
		m.runs = runs
		note(fmt.Sprint(i+1), out)
	}
	runs, out, err := m.a.Advance(m.runs, until)
	if err != nil {
		m.t.Fatal(err)
	}
	m.runs = runs
	note("time", out)
	return strings.Join(all, ", ")
}

func TestWhyARunHasEndedIsTold(t *testing.T) {
	a := step("a", nfa.Begin, 'a')
	windowed := func(s nfa.Step[letter]) nfa.Step[letter] { s.Within = 10 * time.Second; return s }
	optional := step("o", nfa.Next, 'o')
	optional.Optional = true
	for _, c := range []struct {
		steps []nfa.Step[letter]
		skip  nfa.Skip
		limit nfa.Limit
		kinds string
		want  string
	}{
		{[]nfa.Step[letter]{a, step("b", nfa.FollowedBy, 'b')}, nfa.Skip{}, nfa.Limit{}, "axb", "3: matched 1 [] from 0 at 2000"},
		{[]nfa.Step[letter]{a, step("b", nfa.FollowedBy, 'b')}, nfa.Skip{}, nfa.Limit{}, "aab", "3: matched 2 [] from 1000 at 2000"},
		{[]nfa.Step[letter]{a, step("b", nfa.Next, 'b')}, nfa.Skip{}, nfa.Limit{}, "ax", "2: not_taken 1 [b] from 0 at 1000"},
		{[]nfa.Step[letter]{a, optional, step("b", nfa.Next, 'b')}, nfa.Skip{}, nfa.Limit{}, "ax", "2: not_taken 1 [b o] from 0 at 1000"},
		{[]nfa.Step[letter]{a, windowed(step("b", nfa.FollowedBy, 'b'))}, nfa.Skip{}, nfa.Limit{}, "axa", "time: timed_out 2 [b] from 2000 at 12000"},
		{[]nfa.Step[letter]{a, step("n", nfa.NotFollowedBy, 'n'), step("b", nfa.FollowedBy, 'b')}, nfa.Skip{}, nfa.Limit{}, "axn", "3: forbidden 1 [n] from 0 at 2000"},
		{[]nfa.Step[letter]{a, windowed(step("n", nfa.NotFollowedBy, 'n'))}, nfa.Skip{}, nfa.Limit{}, "ax", "time: matched 1 [] from 0 at 10000"},
		{[]nfa.Step[letter]{a, step("b", nfa.FollowedBy, 'b')}, nfa.Skip{Strategy: nfa.SkipPast}, nfa.Limit{}, "aab", "3: matched 1 [] from 0 at 2000, 3: skipped 1 [] from 1000 at 2000"},
		{[]nfa.Step[letter]{a, step("b", nfa.FollowedBy, 'b')}, nfa.Skip{}, nfa.Limit{Runs: 1}, "aa", "2: limit 1 [b] from 0 at 1000"},
		{[]nfa.Step[letter]{a, step("b", nfa.FollowedBy, 'b')}, nfa.Skip{}, nfa.Limit{}, "xyz", ""}, // nothing had begun
	} {
		m := compile(t, nfa.Pattern[letter]{Steps: c.steps, Skip: c.skip, Limit: c.limit})
		if got := m.ends(c.kinds, 30_000); got != c.want {
			t.Errorf("%s, %v: %s\nwant %s", c.kinds, c.skip.Strategy, got, c.want)
		}
	}
}

func TestAReasonOfANewerProgramIsUnknown(t *testing.T) {
	if got := nfa.Why(200).String(); got != "unknown" {
		t.Errorf("it is called %q", got)
	}
}
