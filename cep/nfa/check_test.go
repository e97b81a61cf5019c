package nfa_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

func TestMalformedPatternsAreRefusedByTheNamesOfTheirSteps(t *testing.T) {
	loop := nfa.Times{Min: 1, Max: nfa.Unbounded}
	steps := func(ss ...nfa.Step[letter]) []nfa.Step[letter] { return ss }
	with := func(s nfa.Step[letter], change func(*nfa.Step[letter])) nfa.Step[letter] { change(&s); return s }
	a, b, c := step("a", nfa.Begin, 'a'), step("b", nfa.FollowedBy, 'b'), step("c", nfa.Next, 'c')
	not := step("not", nfa.NotFollowedBy, 'n')
	for says, p := range map[string]nfa.Pattern[letter]{
		`the pattern has no steps`:                                            {},
		`step "b" is the first of its sequence: it must be begin`:             {Steps: steps(b)},
		`step "a" is not the first of its sequence`:                           {Steps: steps(with(b, func(s *nfa.Step[letter]) { s.Contiguity = nfa.Begin; s.Name = "x" }), a)},
		`two steps have the name "a"`:                                         {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Name = "a" }))},
		`step "a:0" needs a name without ':'`:                                 {Steps: steps(with(a, func(s *nfa.Step[letter]) { s.Name = "a:0" }))},
		`step "a" has no condition`:                                           {Steps: steps(with(a, func(s *nfa.Step[letter]) { s.Where = nil }))},
		`step "not" can't come after step "b", which is optional`:             {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Optional = true }), not, c)},
		`step "c" is optional: it can't come after step "b", which is greedy`: {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Times, s.Greedy = loop, true }), with(c, func(s *nfa.Step[letter]) { s.Optional = true }))},
		`step "not" is negated: it can't be repeated`:                         {Steps: steps(a, with(not, func(s *nfa.Step[letter]) { s.Times = loop }), b)},
		`step "b" is taken once: it can't be greedy`:                          {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Greedy = true }))},
		`step "b" is taken once: nothing lies inside it`:                      {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Inside = nfa.Consecutive }))},
		`step "b" has an until: that is for loops only`:                       {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Until = s.Where }))},
		`step "b" is taken more often at least than at most`:                  {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Times = nfa.Times{Min: 3, Max: 2} }))},
		`step "b" is a loop: it is taken once at least`:                       {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Times = nfa.Times{Min: 0, Max: nfa.Unbounded} }))},
		`step "b" must be taken a number of times`:                            {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Times = nfa.Times{Min: -1, Max: 2} }))},
		`a group can't be greedy`:                                             {Steps: steps(a, nfa.Step[letter]{Group: steps(step("g", nfa.Begin, 'g')), Contiguity: nfa.Next, Times: loop, Greedy: true})},
		`a group can't be negated`:                                            {Steps: steps(a, nfa.Step[letter]{Group: steps(step("g", nfa.Begin, 'g')), Contiguity: nfa.NotNext}, b)},
		`the group that begins with step "g" has a name`:                      {Steps: steps(nfa.Step[letter]{Name: "x", Group: steps(step("g", nfa.Begin, 'g'))})},
		`one of its steps must take an event`:                                 {Steps: steps(nfa.Step[letter]{Group: steps(with(step("g", nfa.Begin, 'g'), func(s *nfa.Step[letter]) { s.Optional = true })), Times: loop}, b)},
		`step "not" ends its group and is negated`:                            {Steps: steps(nfa.Step[letter]{Group: steps(a, not)}, b)},
		`step "not" is last and negated: it needs a window`:                   {Steps: steps(a, not)},
		`step "b" has a window below 0`:                                       {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Within = -1 }))},
		`that is longer than the one of the whole pattern, 1s`:                {Steps: steps(a, with(b, func(s *nfa.Step[letter]) { s.Within, s.WithinPrevious = time.Second, time.Minute }))},
		`skipToFirst names step "x"`:                                          {Steps: steps(a, b), Skip: nfa.Skip{Strategy: nfa.SkipToFirst, Step: "x"}},
		`skipPastLast skips to no step`:                                       {Steps: steps(a, b), Skip: nfa.Skip{Strategy: nfa.SkipPast, Step: "a"}},
		`a limit of -1 runs`:                                                  {Steps: steps(a, b), Limit: nfa.Limit{Runs: -1}},
	} {
		if _, err := nfa.Compile(p); !errors.Is(err, nfa.ErrMalformed) || !strings.Contains(err.Error(), says) {
			t.Errorf("want %s: %v", says, err)
		}
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := nfa.Compile(nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Next, 'a'), step("a", nfa.NotFollowedBy, 'b')}})
	if err == nil || strings.Count(err.Error(), "malformed pattern") != 3 {
		t.Errorf("%v", err)
	}
}
