package rules

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"github.com/tributary-go/tributary/cep/nfa"
)

// maxNodes bounds the size of an expression. Its loops go over what a match has taken, and no further.
const maxNodes = 200

// functions are those of the library that an expression can call: none reads a clock or makes large values.
var functions = []string{
	"all", "any", "none", "one", "filter", "map", "sum", "mean", "median", "min", "max", "len",
	"abs", "ceil", "floor", "round", "int", "float", "string", "lower", "upper", "trim", "split", "indexOf", "hasPrefix", "hasSuffix",
}

// The names under which an expression finds what was taken so far. All but count have an event's fields.
const (
	byFirst, byLast, byEvents, byCount = "first", "last", "events", "count"
	knownFields                        = "known"
)

// expression makes a condition of one.
func (d *decoder[E]) expression(where, text string) nfa.Condition[E] {
	env := d.eventType()
	maps.Copy(env, d.soFarType())
	x, err := d.program(text, env)
	if err != nil {
		d.mistake("%s: %v", where, err)
		return never[E]
	}
	return func(e E, m nfa.Match[E]) bool {
		env := x.event(e, true)
		maps.Copy(env, x.soFar(m))
		return x.holds(env)
	}
}

// ofMatch makes a test of a whole match: an expression without a current event. "": always true.
func (d *decoder[E]) ofMatch(where, text string) func(nfa.Match[E]) bool {
	if text == "" {
		return func(nfa.Match[E]) bool { return true }
	}
	x, err := d.program(text, d.soFarType())
	if err != nil {
		d.mistake("%s: %v", where, err)
		return nil
	}
	return func(m nfa.Match[E]) bool { return x.holds(x.soFar(m)) }
}

// program is a compiled expression with what it has to know of an event.
type program[E any] struct {
	text   string
	code   *vm.Program
	fields Fields[E]
	uses   *uses
}

func (d *decoder[E]) program(text string, env types.Map) (*program[E], error) {
	options := []expr.Option{expr.Env(env), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins()}
	for _, name := range functions {
		options = append(options, expr.EnableBuiltin(name))
	}
	code, err := expr.Compile(text, options...)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %s", text, oneLine(err))
	}
	u := &uses{names: map[string]bool{}}
	root := code.Node()
	ast.Walk(&root, u)
	if says := u.mistake(); says != "" {
		return nil, fmt.Errorf("expression %q: %s", text, says)
	}
	return &program[E]{text, code, d.fields, u}, nil
}

// oneLine is the reason and its place, without the picture of it.
func oneLine(err error) string {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	return reason
}

// holds runs the expression. What fails while it runs (a division of integers by zero, an index that is not there) is
// a panic: Detect makes a dead letter of the event, and the other rules go on.
func (x *program[E]) holds(env map[string]any) bool {
	out, err := vm.Run(x.code, env)
	if err != nil {
		panic(fmt.Sprintf("expression %q: %s", x.text, oneLine(err)))
	}
	is, _ := out.(bool)
	return is
}

// event is an event as an expression sees it, with the fields that this one names. One that there is not has
// the same fields, all missing.
func (x *program[E]) event(e E, there bool) map[string]any {
	fields, known := map[string]any{}, map[string]any{}
	for name, of := range x.fields.Text {
		if x.uses.names[name] {
			known[name] = there && x.fields.knows(name, e)
			fields[name] = ""
			if there {
				fields[name] = of(e)
			}
		}
	}
	for name, of := range x.fields.Number {
		if x.uses.names[name] {
			known[name] = there && x.fields.knows(name, e)
			fields[name] = math.NaN()
			if there {
				fields[name] = of(e)
			}
		}
	}
	fields[knownFields] = known
	return fields
}

func (f Fields[E]) knows(name string, e E) bool {
	is := f.Known[name]
	return is == nil || is(e)
}

// soFar is what was taken, as far as the expression names it.
func (x *program[E]) soFar(m nfa.Match[E]) map[string]any {
	env := map[string]any{byFirst: map[string]any{}, byLast: map[string]any{}, byEvents: map[string]any{}, byCount: map[string]any{}}
	for _, p := range x.uses.steps {
		env[p.by].(map[string]any)[p.step] = x.taken(m, p)
	}
	return env
}

func (x *program[E]) taken(m nfa.Match[E], p taken) any {
	switch p.by {
	case byFirst:
		return x.event(m.First(p.step))
	case byLast:
		return x.event(m.Last(p.step))
	case byCount:
		return m.Count(p.step)
	}
	all := []map[string]any{}
	for _, e := range m.Events(p.step) {
		all = append(all, x.event(e, true))
	}
	return all
}

// eventType are the fields of an event with their types.
func (d *decoder[E]) eventType() types.Map {
	fields, known := types.Map{}, types.Map{}
	for name := range d.fields.Text {
		fields[name], known[name] = types.String, types.Bool
	}
	for name := range d.fields.Number {
		fields[name], known[name] = types.Float64, types.Bool
	}
	fields[knownFields] = known
	return fields
}

// soFarType has the steps of the pattern by name, so that another name is a mistake.
func (d *decoder[E]) soFarType() types.Map {
	one, all, count := types.Map{}, types.Map{}, types.Map{}
	for _, step := range d.steps {
		one[step], all[step], count[step] = d.eventType(), types.Array(d.eventType()), types.Int
	}
	return types.Map{byFirst: one, byLast: one, byEvents: all, byCount: count}
}

// taken names events of a match: "first", and the step.
type taken struct{ by, step string }

// uses is what an expression names. It visits a syntax tree.
type uses struct {
	names   map[string]bool // fields among them
	steps   []taken
	members int  // uses of first, last, events and count with a step
	alone   int  // all uses of them
	whole   bool // an event stands where a value must
}

// Visit implements ast.Visitor: children come before their parents.
func (u *uses) Visit(n *ast.Node) {
	switch n := (*n).(type) {
	case *ast.IdentifierNode:
		u.names[n.Value] = true
		if slices.Contains([]string{byFirst, byLast, byEvents, byCount}, n.Value) {
			u.alone++
		}
	case *ast.StringNode:
		u.names[n.Value] = true
	case *ast.MemberNode:
		u.member(n)
	case *ast.BinaryNode:
		u.whole = u.whole || isEvents(n.Left) || isEvents(n.Right) && n.Operator != "in"
	case *ast.BuiltinNode:
		u.whole = u.whole || isEvent(n.Arguments[0])
	}
}

// mistake is what the compiler does not see: events have only the fields that the expression names.
func (u *uses) mistake() string {
	switch {
	case u.alone > u.members:
		return "first, last, events and count are followed by the name of a step: first.step"
	case u.whole:
		return "an event is no value: name the fields that are meant"
	}
	return ""
}

func isEvent(n ast.Node) bool {
	t := n.Type()
	return t != nil && t.Kind() == reflect.Map
}

func isEvents(n ast.Node) bool {
	t := n.Type()
	return isEvent(n) || t != nil && t.Kind() == reflect.Slice
}

func (u *uses) member(n *ast.MemberNode) {
	of, isName := n.Node.(*ast.IdentifierNode)
	property, isText := n.Property.(*ast.StringNode)
	if !isName || !isText || !slices.Contains([]string{byFirst, byLast, byEvents, byCount}, of.Value) {
		return
	}
	u.members++
	if t := (taken{of.Value, property.Value}); !slices.Contains(u.steps, t) {
		u.steps = append(u.steps, t)
	}
}
