package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-go/tributary/cep/nfa"
)

// message makes a text of a match: "{step.field}" is a field of the last event that the step took, "{first
// step.field}" of the first, "{{" and "}}" are braces. What is missing is "".
func (d *decoder[E]) message(where, template string) func(nfa.Match[E]) string {
	var parts []func(nfa.Match[E]) string
	for rest := template; rest != ""; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			i = len(rest)
		}
		parts, rest = append(parts, literal[E](rest[:i])), rest[i:]
		switch end := strings.IndexByte(rest, '}'); {
		case rest == "":
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			parts, rest = append(parts, literal[E](rest[:1])), rest[2:]
		case rest[0] == '}' || end < 0:
			d.mistake(`%s: message %q has a brace without its other one: as text it is written twice`, where, template)
			rest = ""
		default:
			parts, rest = append(parts, d.place(where, rest[1:end])), rest[end+1:]
		}
	}
	return func(m nfa.Match[E]) string {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(p(m))
		}
		return b.String()
	}
}

func literal[E any](text string) func(nfa.Match[E]) string {
	return func(nfa.Match[E]) string { return text }
}

// place is what stands between braces.
func (d *decoder[E]) place(where, text string) func(nfa.Match[E]) string {
	name, isFirst := strings.CutPrefix(text, "first ")
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || !slices.Contains(d.steps, name[:dot]) {
		d.mistake("%s: {%s} names no step: it is {step.field} or {first step.field}, with one of %s", where, text, strings.Join(d.steps, ", "))
		return literal[E]("")
	}
	step, field := name[:dot], d.written(name[dot+1:])
	if field == nil {
		d.mistake("%s: {%s}: events have no field %q", where, text, name[dot+1:])
	}
	return func(m nfa.Match[E]) string {
		e, ok := pick(m, step, isFirst)
		if !ok {
			return ""
		}
		return field(e)
	}
}

// written is a field as messages have it; nil: there is none of the name.
func (d *decoder[E]) written(field string) func(E) string {
	if f := d.fields.Written[field]; f != nil {
		return f
	}
	if f := d.fields.Text[field]; f != nil {
		return f
	}
	of := d.fields.Number[field]
	if of == nil {
		return nil
	}
	return func(e E) string {
		if !d.fields.knows(field, e) {
			return ""
		}
		return strconv.FormatFloat(of(e), 'f', -1, 64)
	}
}

func pick[E any](m nfa.Match[E], step string, first bool) (E, bool) {
	if first {
		return m.First(step)
	}
	return m.Last(step)
}

// said is what a rule says of a match, or of a partial match that timed out.
type said[E any] struct {
	kind    string
	when    func(nfa.Match[E]) bool
	of      func(nfa.Match[E]) (E, bool)
	message func(nfa.Match[E]) string
}

func (d *decoder[E]) says(where string, s *Says) *said[E] {
	if s == nil {
		return nil
	}
	if s.Type == "" || len(s.Type) > maxName {
		d.mistake("%s: the type is a text of 1 to %d bytes", where, maxName)
	}
	if s.Message == "" {
		d.mistake("%s: it has no message", where)
	}
	return &said[E]{s.Type, d.ofMatch(where+", when", s.When), d.whose(where, s.Of), d.message(where, s.Message)}
}

// whose finds the event that an alert is about.
func (d *decoder[E]) whose(where string, of *Of) func(nfa.Match[E]) (E, bool) {
	last := func(m nfa.Match[E]) (e E, ok bool) {
		if all := m.Taken(); len(all) > 0 {
			return all[len(all)-1].Event.Value, true
		}
		return e, false
	}
	if of == nil {
		return last
	}
	if !slices.Contains(d.steps, of.Step) {
		d.mistake("%s: it is of step %q, which there is not", where, of.Step)
	}
	if of.Which != "" && of.Which != "first" && of.Which != "last" {
		d.mistake("%s: which is first or last, not %q", where, of.Which)
	}
	return func(m nfa.Match[E]) (E, bool) {
		if e, ok := pick(m, of.Step, of.Which == "first"); ok {
			return e, true
		}
		return last(m)
	}
}

// about makes what is said of a match; false: nothing is.
func (s *said[E]) about(m nfa.Match[E]) (a Alert[E], ok bool) {
	if s == nil || !s.when(m) {
		return a, false
	}
	of, ok := s.of(m)
	return Alert[E]{Type: s.kind, Message: s.message(m), Of: of}, ok
}
