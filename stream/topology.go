// Package stream describes stream-processing topologies: topics, flows of events, tables as they change.
//
// A description runs nothing. Build checks it and returns every mistake at once; stream/streamtest runs the
// result in memory, and the engine runs it on Kafka.
package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// Key is the type of a record's or row's key.
type Key = tables.Key

// Unkeyed is the key of topics whose records have no key, or one that says nothing.
type Unkeyed string

// Topology is a description under construction, and after Build the thing that engines run.
type Topology struct {
	name     string
	topics   []*task.Topic
	groups   []*group
	sources  map[string]any // topic name -> *node
	mistakes []error
	dead     *task.Topic
	plan     *task.Topology
}

// New starts a description. The name is the prefix of group and topic names, and part of what is stored.
func New(name string) *Topology {
	t := &Topology{name: name, sources: map[string]any{}}
	t.dead = &task.Topic{Name: name + "-dead-letters", Kind: task.DeadLetters}
	return t
}

// Name is the topology's name.
func (t *Topology) Name() string { return t.name }

// Plan is for the engines: what Build made.
func (t *Topology) Plan() *task.Topology { return t.plan }

func (t *Topology) mistake(format string, args ...any) {
	t.mistakes = append(t.mistakes, fmt.Errorf(format, args...))
}

// group is a processor group under construction.
type group struct {
	*task.Group
	steps  []*step
	source string // without a table: the topic it is named after
}

// step is an operator as Describe shows it.
type step struct {
	text string
	next []*step
}

func (s *step) add(text string) *step {
	n := &step{text: text}
	s.next = append(s.next, n)
	return n
}

func (t *Topology) group(name string) *group {
	for _, g := range t.groups {
		if g.Name == name {
			return g
		}
	}
	g := &group{Group: &task.Group{Name: name, Dead: t.dead, Timers: map[string]task.Handler{}}}
	t.groups = append(t.groups, g)
	return g
}

// stateless is the group that reads a topic without a table.
func (t *Topology) stateless(topic string) *group {
	name := t.name + "-" + topic
	if strings.HasPrefix(topic, t.name+"-") {
		name = topic + "-reader"
	}
	g := t.group(name)
	g.source = topic
	return g
}

// topic registers a topic under its name; two declarations of one name must agree.
func (t *Topology) topic(want task.Topic) *task.Topic {
	for _, have := range t.topics {
		if have.Name != want.Name {
			continue
		}
		switch {
		case have.Kind != want.Kind:
			t.mistake("topic %s is used as %s and as %s: a topic has one use", want.Name, have.Kind, want.Kind)
		case have.Compacted != want.Compacted || have.Retention != want.Retention || have.OutOfOrder != want.OutOfOrder || have.Bootstrap != want.Bootstrap || have.Global != want.Global:
			t.mistake("topic %s is declared twice, with different options", want.Name)
		}
		return have
	}
	x := &want
	t.topics = append(t.topics, x)
	return x
}

func (g *group) writes(x *task.Topic) {
	if !slices.Contains(g.Outputs, x) {
		g.Outputs = append(g.Outputs, x)
		x.Writers = append(x.Writers, g.Name)
	}
}

// Build checks the description. The error joins every mistake. A built topology can't be changed any more.
func (t *Topology) Build() (*Topology, error) {
	t.checkNames()
	t.checkGroups()
	t.checkRetention()
	t.checkCycles()
	if err := errors.Join(t.mistakes...); err != nil {
		return nil, fmt.Errorf("topology %s:\n%w", t.name, err)
	}
	t.plan = &task.Topology{Name: t.name, Dead: t.dead, Topics: append(slices.Clone(t.topics), t.dead)}
	for _, g := range t.groups {
		t.plan.Groups = append(t.plan.Groups, g.Group)
	}
	return t, nil
}

func (t *Topology) checkNames() {
	if !validName(t.name) {
		t.mistake("the name %q of the topology is not one of a topic: use letters, digits, '.', '_' and '-'", t.name)
	}
	seen := map[string]bool{t.dead.Name: true}
	for _, x := range t.topics {
		if x.Name == t.dead.Name {
			t.mistake("topic %s is where this topology's dead letters go: give it another name", x.Name)
		}
		if !validName(x.Name) {
			t.mistake("%q is not the name of a topic: use letters, digits, '.', '_' and '-', at most 249", x.Name)
		}
		seen[x.Name] = true
	}
	for _, g := range t.groups {
		if g.Table != nil && (!validName(g.Table.Name) || seen[g.Table.Topic()]) {
			t.mistake("table %q: its changelog %q is not a free topic name", g.Table.Name, g.Table.Topic())
		}
	}
}

func validName(s string) bool {
	if s == "" || len(s) > 249 || s == "." || s == ".." {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	}) < 0
}

func (t *Topology) checkGroups() {
	if len(t.groups) == 0 {
		t.mistake("nothing is written anywhere: end a flow with To, KeyBy, GroupBy or a table")
	}
	for _, g := range t.groups {
		if len(g.Inputs) == 0 {
			t.mistake("table %s has no input", g.Name)
		}
		if g.Table != nil && g.source != "" {
			t.mistake("table %s has the name of the group that reads topic %s without a table: rename the table", g.Name, g.source)
		}
	}
	for _, x := range t.topics {
		if x.Kind.Internal() && len(x.Readers) == 0 {
			t.mistake("topic %s is written but never read: it would grow for ever", x.Name)
		}
		if x.Kind.Internal() && len(x.Writers) == 0 {
			t.mistake("topic %s is read but nothing in this topology writes it", x.Name)
		}
		ids := map[uint32]string{}
		for _, w := range x.Writers {
			if other, twice := ids[task.SenderID(w)]; twice {
				t.mistake("topic %s: the names of its writers %s and %s have the same hash: rename one", x.Name, other, w)
			}
			ids[task.SenderID(w)] = w
		}
	}
}

// checkRetention: a table downstream must remember longer than the one whose changes it takes in, or a
// change could concern a row it has already forgotten.
func (t *Topology) checkRetention() {
	const more = 24 * 60 * 60 * 1000
	for _, g := range t.groups {
		if g.Table == nil || g.Table.Retain == 0 {
			continue
		}
		for _, in := range g.Inputs {
			for _, w := range in.Topic.Writers {
				up := t.group(w).Table
				if up == nil || in.Topic.Kind != task.ChangeTopic {
					continue
				}
				if up.Retain == 0 || g.Table.Retain.Milliseconds() < up.Retain.Milliseconds()+more {
					t.mistake("table %s retains rows for %s, and table %s, whose changes it takes in, for %s: it must be a day longer at least",
						g.Name, span(g.Table.Retain), up.Name, span(up.Retain))
				}
			}
		}
	}
}

// checkCycles: a group that waits for its own time would wait for ever.
func (t *Topology) checkCycles() {
	const under, done = 1, 2
	seen := map[string]int{}
	var visit func(g *task.Group)
	visit = func(g *task.Group) {
		seen[g.Name] = under
		for _, x := range g.Outputs {
			for _, r := range x.Readers {
				switch seen[r] {
				case under:
					t.mistake("topic %s leads from group %s back to group %s, which comes before it: a topology has no cycles", x.Name, g.Name, r)
				case 0:
					visit(t.group(r).Group)
				}
			}
		}
		seen[g.Name] = done
	}
	for _, g := range t.groups {
		if seen[g.Name] == 0 {
			visit(g.Group)
		}
	}
}
