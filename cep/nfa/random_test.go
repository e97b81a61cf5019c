package nfa_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// pairs is how many random patterns and streams are tried: TRIBUTARY_CEP_PAIRS, or a few thousand.
func pairs(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("TRIBUTARY_CEP_PAIRS"))
	if os.Getenv("TRIBUTARY_CEP_PAIRS") == "" {
		return 4000
	}
	if err != nil || n < 1 {
		t.Fatalf("TRIBUTARY_CEP_PAIRS is a number of pairs: %v", err)
	}
	return n
}

func TestTheAutomatonFindsWhatTheDefinitionSays(t *testing.T) {
	matched := 0
	for seed := range pairs(t) {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		rules, within := randomRules(r)
		stream := randomStream(r)
		want := matches(rules, stream, within)
		got, err := run(rules, stream, within)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if len(want) > 0 {
			matched++
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s\nwithin %d, stream %v\nfound %v\nwant  %v", seed, describe(rules), within, stream, got, want)
		}
	}
	if matched < pairs(t)/4 {
		t.Errorf("only %d of %d pairs had a match", matched, pairs(t))
	}
}

func describe(rules []rule) (text string) {
	for _, r := range rules {
		text += fmt.Sprintf("%s %s %+v inside %s optional %t until %t; ", r.Contiguity, r.Name, r.Times, r.Inside, r.Optional, r.until != nil)
	}
	return text
}

// run finds matches with the automaton.
func run(rules []rule, stream []letter, within int64) ([]string, error) {
	var p nfa.Pattern[letter]
	for _, r := range rules {
		p.Steps = append(p.Steps, r.Step)
	}
	p.Steps[len(p.Steps)-1].Within = time.Duration(within) * time.Millisecond
	a, err := nfa.Compile(p)
	if err != nil {
		return nil, err
	}
	var found []string
	var runs nfa.Runs[letter]
	note := func(out nfa.Outcome[letter]) {
		for _, m := range out.Matches {
			var cs []choice
			for _, x := range m.Taken() {
				cs = append(cs, choice{int(x.Event.Seq) - 1, slices.Index(a.Steps(), x.Step)})
			}
			found = append(found, fmt.Sprint(cs))
		}
	}
	for i, e := range stream {
		for _, step := range []func() (nfa.Runs[letter], nfa.Outcome[letter], error){
			func() (nfa.Runs[letter], nfa.Outcome[letter], error) { return a.Advance(runs, e.at) },
			func() (nfa.Runs[letter], nfa.Outcome[letter], error) {
				return a.Process(runs, &nfa.Event[letter]{Seq: uint64(i) + 1, Time: e.at, Value: e})
			},
		} {
			next, out, err := step()
			if err != nil {
				return nil, err
			}
			note(out)
			runs = next
		}
	}
	_, out, err := a.Advance(runs, 1<<62)
	note(out)
	slices.Sort(found)
	return found, err
}

func randomStream(r *rand.Rand) []letter {
	stream := make([]letter, 3+r.IntN(8))
	at := int64(0)
	for i := range stream {
		at += int64(r.IntN(4)) * 100
		stream[i] = letter{"abcd"[r.IntN(4)], r.IntN(5), at}
	}
	return stream
}

// randomRules makes a pattern that is well formed.
func randomRules(r *rand.Rand) (rules []rule, within int64) {
	if r.IntN(2) == 0 {
		within = int64(1+r.IntN(15)) * 100
	}
	n := 1 + r.IntN(4)
	for i := range n {
		rules = append(rules, randomRule(r, i, i > 0 && !rules[i-1].Optional && !not(rules[i-1]), i == n-1, within > 0))
	}
	return rules, within
}

func randomRule(r *rand.Rand, i int, mayNegate, last, bounded bool) rule {
	x := rule{Step: nfa.Step[letter]{Name: fmt.Sprint("s", i), Contiguity: nfa.Begin}, is: randomTest(r, i)}
	if i > 0 {
		x.Contiguity = []nfa.Contiguity{nfa.Next, nfa.FollowedBy, nfa.FollowedByAny}[r.IntN(3)]
	}
	if mayNegate && r.IntN(4) == 0 {
		x.Contiguity = nfa.NotNext
		if r.IntN(2) == 0 && (!last || bounded) {
			x.Contiguity = nfa.NotFollowedBy
		}
		x.Where = adapt(x.is)
		return x
	}
	switch r.IntN(6) {
	case 0:
		x.Times.Min = 1 + r.IntN(3)
		x.Times.Max = x.Times.Min
	case 1:
		x.Times.Min = 1 + r.IntN(2)
		x.Times.Max = x.Times.Min + r.IntN(3)
	case 2, 3:
		x.Times = nfa.Times{Min: 1 + r.IntN(2), Max: nfa.Unbounded}
		if r.IntN(3) == 0 {
			x.until = kindIs("abcd"[r.IntN(4)])
		}
	}
	if x.Times.Min > 0 {
		x.Inside = []nfa.Inside{nfa.Relaxed, nfa.Consecutive, nfa.AllowCombinations}[r.IntN(3)]
	}
	x.Optional = r.IntN(5) == 0
	x.Where = adapt(x.is)
	if x.until != nil {
		x.Until = adapt(x.until)
	}
	return x
}

func adapt(is test) nfa.Condition[letter] {
	return func(e letter, m nfa.Match[letter]) bool { return is(e, m.Events) }
}

func kindIs(kind byte) test {
	return func(e letter, _ func(string) []letter) bool { return e.kind == kind }
}

// randomTest looks at the event, or also at what was taken before.
func randomTest(r *rand.Rand, i int) test {
	kind, step := "abcd"[r.IntN(4)], fmt.Sprint("s", r.IntN(i+1))
	switch r.IntN(6) {
	case 0:
		return func(letter, func(string) []letter) bool { return true }
	case 1:
		return func(e letter, _ func(string) []letter) bool { return e.kind != kind }
	case 2: // more than the step's last event
		return func(e letter, so func(string) []letter) bool {
			es := so(step)
			return len(es) == 0 || e.price > es[len(es)-1].price
		}
	case 3:
		return func(e letter, so func(string) []letter) bool { return e.kind == kind || len(so(step)) >= 2 }
	}
	return kindIs(kind)
}
