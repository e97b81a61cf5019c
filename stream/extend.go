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

// Dropped counts pieces of state that a declared limit ended.
func (c *Context[K, A]) Dropped(n int) { c.c.Task.Dropped(n) }
