package rules_test

import (
	"testing"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/cep/rules"
)

// A document is refused, or what was read of it can be compiled or is refused then, and takes events.
func FuzzPattern(f *testing.F) {
	for _, doc := range []string{
		`{"stages": [{"name": "a", "contiguity": "begin", "where": {"and": [{"type": "a"}, {"price": [">", 2]}]}}, {"name": "b", "contiguity": "followedBy", "where": {"type": "b"}}], "within": {"ms": 600000}}`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": "price > 2 && type in [\"a\", \"b\"]", "quantifier": {"type": "oneOrMore"}, "greedy": true}, {"name": "b", "contiguity": "notFollowedBy", "where": {"any": true}}], "within": {"ms": 1000, "type": "previousAndCurrent"}, "skip": {"type": "skipPastLastEvent"}}`,
		`{"stages": [{"group": [{"name": "a", "contiguity": "begin", "where": {"not": {"type": "a"}}}], "quantifier": {"type": "times", "from": 1, "to": 3}, "contiguity": "begin"}]}`,
		`{"stages": [{"name": "a", "contiguity": "begin", "where": "count.a >= 3 && all(events.a, .price > 10) || first.a.shop == shop"}]}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := rules.Decode(doc, fields)
		if err != nil {
			return
		}
		take(t, p)
	})
}

// take compiles a pattern and gives it events.
func take(t *testing.T, p nfa.Pattern[sale]) {
	p.Limit = nfa.Limit{}
	a, err := nfa.Compile(p)
	if err != nil {
		return
	}
	var runs nfa.Runs[sale]
	for i, s := range []sale{{"a", 10, "x"}, {"a", 3, "x"}, {"b", 5, "y"}, {"c", 20, "y"}} {
		if runs, _, err = a.Process(runs, &nfa.Event[sale]{Seq: uint64(i) + 1, Time: int64(i), Value: s}); err != nil {
			return
		}
	}
}

func FuzzRule(f *testing.F) {
	f.Add([]byte(`{"name": "cart", "version": 1, "key": "shop", "pattern": {"stages": [{"name": "a", "contiguity": "begin", "where": {"type": "a"}}]}, "onMatch": {"type": "FOUND", "message": "{a.shop} {first a.price}", "when": "count.a > 0", "of": {"step": "a"}}}`))
	f.Add([]byte(`{"name": "cart", "version": 2, "key": "shop", "state": "shadow", "from": "2021-03-25T12:00:00Z", "drain": {"ms": 1000}, "pattern": {"stages": [{"name": "a", "contiguity": "begin", "where": "price > 1"}], "within": {"ms": 5}}, "onTimeout": {"type": "T", "message": "m"}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := rules.Read(doc, fields, "shop")
		if err != nil {
			return
		}
		take(t, r.Pattern)
	})
}
