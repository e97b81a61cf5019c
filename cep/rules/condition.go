package rules

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
)

// Condition is one test of an event; exactly one field is set. "So far" is what the partial match has taken,
// without the current event; ifEmpty (default false) is the result where there is nothing to compare with.
//
//	{"any": true}                                             every event, or with false none
//	{"type": "view"}                                          the text "type" is this
//	{"and": [..]}, {"or": [..]}, {"not": ..}
//	{"price": ["<", 10]}                                      the number "price" compares so; < <= > >= == !=
//	{"pricePrev": {stage, which, op, ifEmpty}}                "price" compares so with that of the stage's last
//	                                                          (default) or first event so far
//	{"sameField": {stage, which, field, ifEmpty}}             the field equals that of the stage's event
//	{"sumPrice": {stage, op, value, plusCurrent}}             the sum of "price" over the stage's events so far
//	{"count": {stage, op, value}}                             how many events the stage has so far
//	{"expr": "price > 200 && known.brand"}                    an expression: see the package's comment
type Condition struct {
	Any       *bool
	Type      *string
	And, Or   []Condition
	Not       *Condition
	Price     []any
	PricePrev *Earlier
	SameField *Earlier
	SumPrice  *Total
	Count     *Total
	Expr      *string
}

// Earlier compares with an event that a stage took.
type Earlier struct {
	Stage, Which, Op, Field string
	IfEmpty                 bool
}

// Total compares what a stage's events add up to.
type Total struct {
	Stage, Op   string
	Value       float64
	PlusCurrent bool
}

// condition makes code of a document; none is every event.
func (d *decoder[E]) condition(where string, b json.RawMessage) nfa.Condition[E] {
	if b == nil {
		return func(E, nfa.Match[E]) bool { return true }
	}
	var c Condition
	if err := strictly(b, &c); err != nil {
		d.mistake("%s: %v", where, err)
		return never[E]
	}
	return d.compile(where, c)
}

func (d *decoder[E]) compile(where string, c Condition) nfa.Condition[E] {
	var all []nfa.Condition[E]
	add := func(set bool, make func() nfa.Condition[E]) {
		if set {
			all = append(all, make())
		}
	}
	add(c.Any != nil, func() nfa.Condition[E] { return func(E, nfa.Match[E]) bool { return *c.Any } })
	add(c.Type != nil, func() nfa.Condition[E] { return d.typeIs(where, *c.Type) })
	add(c.And != nil, func() nfa.Condition[E] { return d.every(where, c.And, true) })
	add(c.Or != nil, func() nfa.Condition[E] { return d.every(where, c.Or, false) })
	add(c.Not != nil, func() nfa.Condition[E] {
		is := d.compile(where, *c.Not)
		return func(e E, m nfa.Match[E]) bool { return !is(e, m) }
	})
	add(c.Price != nil, func() nfa.Condition[E] { return d.price(where, c.Price) })
	add(c.PricePrev != nil, func() nfa.Condition[E] { return d.pricePrev(where, *c.PricePrev) })
	add(c.SameField != nil, func() nfa.Condition[E] { return d.sameField(where, *c.SameField) })
	add(c.SumPrice != nil, func() nfa.Condition[E] { return d.sumPrice(where, *c.SumPrice) })
	add(c.Count != nil, func() nfa.Condition[E] { return d.count(where, *c.Count) })
	add(c.Expr != nil, func() nfa.Condition[E] { return d.expression(where, *c.Expr) })
	if len(all) != 1 {
		d.mistake("%s: a condition is one test, this one is %d", where, len(all))
		return never[E]
	}
	return all[0]
}

// never stands where a mistake was found.
func never[E any](E, nfa.Match[E]) bool { return false }

func (d *decoder[E]) every(where string, cs []Condition, want bool) nfa.Condition[E] {
	var tests []nfa.Condition[E]
	for i, c := range cs {
		tests = append(tests, d.compile(fmt.Sprintf("%s, condition %d", where, i+1), c))
	}
	return func(e E, m nfa.Match[E]) bool {
		for _, is := range tests {
			if is(e, m) != want {
				return !want
			}
		}
		return want
	}
}

func (d *decoder[E]) typeIs(where, want string) nfa.Condition[E] {
	of := d.text(where, "type")
	return func(e E, _ nfa.Match[E]) bool { return of(e) == want }
}

func (d *decoder[E]) price(where string, args []any) nfa.Condition[E] {
	if len(args) == 2 {
		op, isText := args[0].(string)
		value, isNumber := args[1].(float64)
		if isText && isNumber {
			of, holds := d.number(where, "price"), d.op(where, op)
			return func(e E, _ nfa.Match[E]) bool { return holds(of(e), value) }
		}
	}
	d.mistake("%s: price is [operator, number]", where)
	return never[E]
}

func (d *decoder[E]) pricePrev(where string, x Earlier) nfa.Condition[E] {
	of, holds, other := d.number(where, "price"), d.op(where, x.Op), d.which(where, x)
	return func(e E, m nfa.Match[E]) bool {
		o, ok := other(m)
		if !ok {
			return x.IfEmpty
		}
		return holds(of(e), of(o))
	}
}

func (d *decoder[E]) sameField(where string, x Earlier) nfa.Condition[E] {
	other := d.which(where, x)
	same := func(a, b E) bool { return d.fields.Number[x.Field](a) == d.fields.Number[x.Field](b) }
	if d.fields.Number[x.Field] == nil {
		of := d.text(where, x.Field)
		same = func(a, b E) bool { return of(a) == of(b) }
	}
	return func(e E, m nfa.Match[E]) bool {
		o, ok := other(m)
		if !ok {
			return x.IfEmpty
		}
		return same(e, o)
	}
}

func (d *decoder[E]) sumPrice(where string, x Total) nfa.Condition[E] {
	d.known(where, x.Stage)
	of, holds := d.number(where, "price"), d.op(where, x.Op)
	return func(e E, m nfa.Match[E]) bool {
		sum := 0.0
		for _, o := range m.Events(x.Stage) {
			sum += of(o)
		}
		if x.PlusCurrent {
			sum += of(e)
		}
		return holds(sum, x.Value)
	}
}

func (d *decoder[E]) count(where string, x Total) nfa.Condition[E] {
	d.known(where, x.Stage)
	holds := d.op(where, x.Op)
	return func(_ E, m nfa.Match[E]) bool { return holds(float64(m.Count(x.Stage)), x.Value) }
}

// which finds the event of a stage to compare with.
func (d *decoder[E]) which(where string, x Earlier) func(nfa.Match[E]) (E, bool) {
	d.known(where, x.Stage)
	switch x.Which {
	case "", "last":
		return func(m nfa.Match[E]) (E, bool) { return m.Last(x.Stage) }
	case "first":
		return func(m nfa.Match[E]) (E, bool) { return m.First(x.Stage) }
	}
	d.mistake("%s: which is first or last, not %q", where, x.Which)
	return func(nfa.Match[E]) (e E, ok bool) { return e, false }
}

// known checks that the pattern has a stage, where that matters.
func (d *decoder[E]) known(where, stage string) {
	if d.strict && !slices.Contains(d.steps, stage) {
		d.mistake("%s: there is no stage %q to compare with", where, stage)
	}
}

func (d *decoder[E]) text(where, field string) func(E) string {
	if of := d.fields.Text[field]; of != nil {
		return of
	}
	d.mistake("%s: events have no text %q", where, field)
	return func(E) string { return "" }
}

func (d *decoder[E]) number(where, field string) func(E) float64 {
	if of := d.fields.Number[field]; of != nil {
		return of
	}
	d.mistake("%s: events have no number %q", where, field)
	return func(E) float64 { return 0 }
}

func (d *decoder[E]) op(where, op string) func(a, b float64) bool {
	switch op {
	case "<":
		return func(a, b float64) bool { return a < b }
	case "<=":
		return func(a, b float64) bool { return a <= b }
	case ">":
		return func(a, b float64) bool { return a > b }
	case ">=":
		return func(a, b float64) bool { return a >= b }
	case "==":
		return func(a, b float64) bool { return a == b }
	case "!=":
		return func(a, b float64) bool { return a != b }
	}
	d.mistake("%s: operator %q is none of < <= > >= == !=", where, op)
	return func(a, b float64) bool { return false }
}
