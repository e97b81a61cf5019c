// Package rules reads patterns that are written as JSON documents.
//
//	{"stages": [
//	   {"name": "cart",     "contiguity": "begin",      "where": {"and": [{"type": "cart"}, {"price": [">", 200]}]}},
//	   {"name": "purchase", "contiguity": "followedBy", "where": {"type": "purchase"}}],
//	 "within": {"ms": 600000}}
//
// A stage is {name, contiguity, where, quantifier, optional, greedy, consecutive, allowCombinations, until,
// within}, or in place of name and where {group: [stages]}. quantifier is {"type": "times", "n": 3},
// {"type": "times", "from": 1, "to": 3}, {"type": "oneOrMore"} or {"type": "timesOrMore", "n": 2}. within is
// {"ms", "type"} with the types firstAndLast (default) and previousAndCurrent. skip is {"type", "stage",
// "throwOnMiss"}. The words are those of FlinkCEP; what a condition can be, says [Condition].
//
// A condition can be an expression (https://expr-lang.org), which must be true or false. It sees the fields of the
// event, and what the partial match has taken so far, by step:
//
//	price > 200 && type in ["cart", "wishlist"]
//	type == "view" && productId == first.looked.productId && price < last.looked.price
//	count.looked >= 3 && all(events.looked, .price > 10)
//
// Texts are strings, numbers floating. A text that is missing is "", and a missing number NaN, with which no
// comparison but != holds; known.price tells. A step that has taken no event has first and last all the same, with
// all fields missing. An expression has at most 200 nodes and none of the library's functions that read a clock.
//
// A [Rule] is a pattern with a name, a version and what is said of what it finds: see [Document].
package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// Fields says how conditions read events, by the names that documents use.
type Fields[E any] struct {
	Text   map[string]func(E) string  // "type" among them
	Number map[string]func(E) float64 // "price" among them; NaN: it is missing
	// Known tells which fields of an event are there. A field that is not in it is always there.
	Known map[string]func(E) bool
	// Written are numbers as messages show them. One that is not in it is written with as few digits as it needs.
	Written map[string]func(E) string
}

// ErrRule is returned (wrapped) for a document that is no pattern. What is wrong with a pattern as such says
// nfa.Compile.
var ErrRule = errors.New("not a pattern")

// Decode reads a pattern. The error joins every mistake.
func Decode[E any](b []byte, f Fields[E]) (nfa.Pattern[E], error) {
	var doc document
	if err := strictly(b, &doc); err != nil {
		return nfa.Pattern[E]{}, fmt.Errorf("%w: %w", ErrRule, err)
	}
	d := decoder[E]{fields: f, steps: names(doc.Stages)}
	return d.pattern(doc), errors.Join(d.mistakes...)
}

func (d *decoder[E]) pattern(doc document) nfa.Pattern[E] {
	p := nfa.Pattern[E]{Steps: d.sequence(doc.Stages), Skip: d.skip(doc.Skip)}
	if n := len(p.Steps); n > 0 {
		d.within(&p.Steps[n-1], doc.Within)
	}
	return p
}

// names are those of the stages, also of those in groups.
func names(stages []stage) (all []string) {
	for _, s := range stages {
		if s.Name != "" {
			all = append(all, s.Name)
		}
		all = append(all, names(s.Group)...)
	}
	return all
}

type document struct {
	Stages []stage
	Within *window
	Skip   *skip
}

type stage struct {
	Name              string
	Group             []stage
	Contiguity        string
	Where             json.RawMessage
	Quantifier        *quantifier
	Optional          bool
	Greedy            bool
	Consecutive       bool
	AllowCombinations bool
	Until             json.RawMessage
	Within            *window
}

type quantifier struct {
	Type     string
	N        *int
	From, To *int
	WindowMs int64
}

type window struct {
	Ms   int64
	Type string
}

type skip struct {
	Type        string
	Stage       string
	ThrowOnMiss bool
}

// strictly decodes JSON that has no fields but those of v.
func strictly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

type decoder[E any] struct {
	fields   Fields[E]
	steps    []string // their names
	strict   bool     // a condition on a stage that there is not is a mistake; Flink takes it for one without events
	mistakes []error
}

func (d *decoder[E]) mistake(format string, args ...any) {
	d.mistakes = append(d.mistakes, fmt.Errorf("%w: %s", ErrRule, fmt.Sprintf(format, args...)))
}

func (d *decoder[E]) sequence(stages []stage) (steps []nfa.Step[E]) {
	for _, s := range stages {
		steps = append(steps, d.step(s))
	}
	return steps
}

func (d *decoder[E]) step(s stage) nfa.Step[E] {
	step := nfa.Step[E]{Name: s.Name, Group: d.sequence(s.Group), Optional: s.Optional, Greedy: s.Greedy}
	where := fmt.Sprintf("stage %q", s.Name)
	step.Contiguity = d.contiguity(where, s.Contiguity)
	step.Times = d.times(where, s.Quantifier)
	switch {
	case s.Consecutive && s.AllowCombinations:
		d.mistake("%s is both consecutive and allowCombinations", where)
	case s.Consecutive:
		step.Inside = nfa.Consecutive
	case s.AllowCombinations:
		step.Inside = nfa.AllowCombinations
	}
	if len(s.Group) == 0 || s.Where != nil {
		step.Where = d.condition(where, s.Where)
	}
	if s.Until != nil {
		step.Until = d.condition(where+", until", s.Until)
	}
	d.within(&step, s.Within)
	return step
}

var contiguities = []nfa.Contiguity{nfa.Begin, nfa.Next, nfa.FollowedBy, nfa.FollowedByAny, nfa.NotNext, nfa.NotFollowedBy}

func (d *decoder[E]) contiguity(where, name string) nfa.Contiguity {
	for _, c := range contiguities {
		if c.String() == name {
			return c
		}
	}
	d.mistake("%s: contiguity %q is none of %v", where, name, contiguities)
	return nfa.Begin
}

func (d *decoder[E]) times(where string, q *quantifier) (t nfa.Times) {
	if q == nil {
		return t
	}
	t.Gap = time.Duration(q.WindowMs) * time.Millisecond
	switch n, from, to := q.N != nil, q.From != nil, q.To != nil; {
	case q.Type == "times" && n && !from && !to:
		t.Min, t.Max = *q.N, *q.N
	case q.Type == "times" && from && to && !n:
		t.Min, t.Max = *q.From, *q.To
	case q.Type == "oneOrMore" && !n && !from && !to:
		t.Min, t.Max = 1, nfa.Unbounded
	case q.Type == "timesOrMore" && n && !from && !to:
		t.Min, t.Max = *q.N, nfa.Unbounded
	default:
		d.mistake("%s: a quantifier is times with n, times with from and to, oneOrMore, or timesOrMore with n", where)
	}
	return t
}

func (d *decoder[E]) within(s *nfa.Step[E], w *window) {
	if w == nil {
		return
	}
	switch by := time.Duration(w.Ms) * time.Millisecond; w.Type {
	case "", "firstAndLast":
		s.Within = by
	case "previousAndCurrent":
		s.WithinPrevious = by
	default:
		d.mistake("stage %q: within has the type firstAndLast or previousAndCurrent, not %q", s.Name, w.Type)
	}
}

var strategies = []nfa.SkipStrategy{nfa.NoSkip, nfa.SkipToNext, nfa.SkipPast, nfa.SkipToFirst, nfa.SkipToLast}

func (d *decoder[E]) skip(s *skip) nfa.Skip {
	if s == nil {
		return nfa.Skip{}
	}
	for _, x := range strategies {
		if x.String() == s.Type {
			return nfa.Skip{Strategy: x, Step: s.Stage, MissFails: s.ThrowOnMiss}
		}
	}
	d.mistake("skip strategy %q is none of %v", s.Type, strategies)
	return nfa.Skip{}
}
