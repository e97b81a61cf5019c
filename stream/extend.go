package stream

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// This file is for packages that build operators on Processor, as package cep does.

// ProcessorOf makes the group of a table that takes in s. See NewProcessor.
func ProcessorOf[K Key, V, A any](s Stream[K, V], tbl tables.Table[K, A]) Processor[K, A] {
	if len(s.nodes) == 0 {
		return NewProcessor(New(""), tbl) // the zero Stream is part of no topology
	}
	return NewProcessor(s.nodes[0].t, tbl)
}

// Mistake makes Build fail.
func (p Processor[K, A]) Mistake(err error) { p.t.mistake("table %s: %w", p.table.Name, err) }

// Describe adds a line to what Topology.Describe says of the group.
func (p Processor[K, A]) Describe(text string) { p.group.step(text) }

// Pattern names a pattern whose partial matches the table holds, for those who look them up.
func (p Processor[K, A]) Pattern(name string) {
	p.group.Table.Patterns = append(p.group.Table.Patterns, name)
}

// DeadLetter writes a record of the handler's key to the dead letters, in the same commit, and goes on. The
// record being handled becomes none by this.
func (c *Context[K, A]) DeadLetter(value []byte, reason error) { c.c.DeadLetter(value, reason) }

// TooLate is the error for an event that comes too late: a dead letter that counts as late.
func (c *Context[K, A]) TooLate() error {
	return fmt.Errorf("%w: event time %s, the watermark is %s", task.ErrLate, c.EventTime().Format(timeFormat), c.Watermark().Format(timeFormat))
}

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// RuleVersion is a version of a rule that came as data, for those who look it up.
type RuleVersion = task.RuleVersion

// Rules says how those who look up patterns read the versions of rules that came as data: f is given the values
// that SharedOf declared, by name, as they are stored.
func (p Processor[K, A]) Rules(f func(shared func(name string) []byte) ([]RuleVersion, error)) {
	p.group.Table.Rules = f
}

// Found counts n results of a version of a rule.
func (c *Context[K, A]) Found(rule string, version int, state string, n int) {
	c.c.Task.Found(task.FoundBy{Rule: rule, Version: version, State: state}, n)
}

// Dropped counts pieces of state that a declared limit ended.
func (c *Context[K, A]) Dropped(n int) { c.c.Task.Dropped(n) }

// LeaveTrace keeps a row for look-ups under the handler's key once that has none any more. Handlers don't see it, and
// nothing deletes it but traces of other keys: a partition keeps 1,024 at most.
func (c *Context[K, A]) LeaveTrace(row A) error { return c.c.LeaveTrace(&row) }
