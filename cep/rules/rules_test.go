package rules_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/cep/rules"
)

type sale struct {
	kind  string
	price float64
	shop  string
}

var fields = rules.Fields[sale]{
	Text: map[string]func(sale) string{
		"type": func(s sale) string { return s.kind },
		"shop": func(s sale) string { return s.shop },
	},
	Number: map[string]func(sale) float64{"price": func(s sale) float64 { return s.price }},
}

// found counts the matches of a document in sales.
func found(t *testing.T, doc string, sales ...sale) (n int) {
	t.Helper()
	p, err := rules.Decode([]byte(doc), fields)
	if err != nil {
		t.Fatal(err)
	}
	a, err := nfa.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	var runs nfa.Runs[sale]
	for i, s := range sales {
		var out nfa.Outcome[sale]
		if runs, out, err = a.Process(runs, &nfa.Event[sale]{Seq: uint64(i) + 1, Time: int64(i), Value: s}); err != nil {
			t.Fatal(err)
		}
		n += len(out.Matches)
	}
	return n
}

func TestConditionsSayWhatTheyAreDocumentedToSay(t *testing.T) {
	a, b, c := sale{"a", 10, "x"}, sale{"b", 5, "x"}, sale{"c", 20, "y"}
	for where, want := range map[string][2]int{ // matches of a then b; of a then c
		`{"any": true}`:  {1, 1},
		`{"any": false}`: {0, 0},
		`{"type": "b"}`:  {1, 0},
		`{"and": [{"type": "b"}, {"price": ["<", 5]}]}`:                               {0, 0},
		`{"or": [{"type": "b"}, {"price": [">=", 20]}]}`:                              {1, 1},
		`{"not": {"price": ["==", 5]}}`:                                               {0, 1},
		`{"price": ["!=", 5]}`:                                                        {0, 1},
		`{"price": ["<=", 5]}`:                                                        {1, 0},
		`{"pricePrev": {"stage": "one", "op": "<"}}`:                                  {1, 0},
		`{"pricePrev": {"stage": "two", "op": "<"}}`:                                  {0, 0},
		`{"pricePrev": {"stage": "two", "op": "<", "ifEmpty": true}}`:                 {1, 1},
		`{"sameField": {"stage": "one", "field": "shop"}}`:                            {1, 0},
		`{"sameField": {"stage": "one", "which": "first", "field": "price"}}`:         {0, 0},
		`{"sumPrice": {"stage": "one", "op": "==", "value": 10}}`:                     {1, 1},
		`{"sumPrice": {"stage": "one", "op": ">", "value": 15, "plusCurrent": true}}`: {0, 1},
		`{"count": {"stage": "one", "op": "==", "value": 1}}`:                         {1, 1},
		`{"count": {"stage": "two", "op": ">", "value": 0}}`:                          {0, 0},
	} {
		doc := `{"stages": [{"name": "one", "contiguity": "begin", "where": {"type": "a"}}, {"name": "two", "contiguity": "next", "where": ` + where + `}]}`
		if got := [2]int{found(t, doc, a, b), found(t, doc, a, c)}; got != want {
			t.Errorf("%s: %v, want %v", where, got, want)
		}
	}
}

func TestADocumentHasAllThatAPatternHas(t *testing.T) {
	p, err := rules.Decode([]byte(`{
		"stages": [
			{"group": [{"name": "a", "contiguity": "begin", "quantifier": {"type": "times", "from": 1, "to": 3}, "greedy": true, "consecutive": true}],
			 "contiguity": "begin", "quantifier": {"type": "timesOrMore", "n": 2, "windowMs": 5}, "optional": true, "allowCombinations": true, "until": {"type": "z"}},
			{"name": "b", "contiguity": "notNext"},
			{"name": "c", "contiguity": "followedByAny", "within": {"ms": 7, "type": "previousAndCurrent"}}],
		"within": {"ms": 1500}, "skip": {"type": "skipToFirst", "stage": "c", "throwOnMiss": true}}`), fields)
	if err != nil {
		t.Fatal(err)
	}
	g, a, b, c := p.Steps[0], p.Steps[0].Group[0], p.Steps[1], p.Steps[2]
	for what, is := range map[string]bool{
		"group":  g.Name == "" && g.Where == nil && g.Optional && g.Inside == nfa.AllowCombinations && g.Until != nil && g.Times == nfa.Times{Min: 2, Max: nfa.Unbounded, Gap: 5 * time.Millisecond},
		"step a": a.Name == "a" && a.Where != nil && a.Greedy && a.Inside == nfa.Consecutive && a.Times == nfa.Times{Min: 1, Max: 3},
		"step b": b.Contiguity == nfa.NotNext,
		"step c": c.Contiguity == nfa.FollowedByAny && c.WithinPrevious == 7*time.Millisecond && c.Within == 1500*time.Millisecond,
		"skip":   p.Skip == nfa.Skip{Strategy: nfa.SkipToFirst, Step: "c", MissFails: true},
	} {
		if !is {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

func TestMistakesOfADocumentAreNamed(t *testing.T) {
	for doc, says := range map[string]string{
		`{"stages": [], "colour": 1}`:                                                                                `unknown field "colour"`,
		`{"stages": [{"name": "a", "contiguity": "soon"}]}`:                                                          `stage "a": contiguity "soon" is none of`,
		`{"stages": [{"name": "a", "contiguity": "begin", "quantifier": {"type": "times"}}]}`:                        `stage "a": a quantifier is times with n`,
		`{"stages": [{"name": "a", "contiguity": "begin", "consecutive": true, "allowCombinations": true}]}`:         `both consecutive and allowCombinations`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": {"type": "a", "any": true}}]}`:                    `stage "a": a condition is one test, this one is 2`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": {"kind": "a"}}]}`:                                 `stage "a": json: unknown field "kind"`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": {"price": [1, 2]}}]}`:                             `price is [operator, number]`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": {"price": ["=<", 2]}}]}`:                          `operator "=<" is none of`,
		`{"stages": [{"name": "a", "contiguity": "begin", "until": {"sameField": {"field": "size"}}}]}`:              `stage "a", until: events have no text "size"`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": {"pricePrev": {"op": "<", "which": "middle"}}}]}`: `which is first or last, not "middle"`,
		`{"stages": [{"name": "a", "contiguity": "begin"}], "within": {"ms": 1, "type": "always"}}`:                  `stage "a": within has the type`,
		`{"stages": [{"name": "a", "contiguity": "begin"}], "skip": {"type": "rope"}}`:                               `skip strategy "rope" is none of`,
	} {
		_, err := rules.Decode([]byte(doc), fields)
		if !errors.Is(err, rules.ErrRule) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
