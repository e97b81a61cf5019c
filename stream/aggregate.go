package stream

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// Measure is one column of an aggregate: how a record adds to it and how it is taken out again. Its name is
// the name of what it stores.
type Measure[V, A any] struct {
	name   string
	what   string // for Describe
	stores bool   // keeps sub-rows
	apply  func(c *task.Context, a *A, before, after *V) error
}

// Aggregate keeps a row of measures per key. A record that changes is taken out and added again as one
// update; a row that no record belongs to any more is deleted.
func Aggregate[K Key, V, A any](g Grouped[K, V], tbl tables.Table[K, A], measures ...Measure[V, A]) Changes[K, A] {
	p := NewProcessor(g.node.t, tbl)
	text := "aggregate, table " + tbl.Name
	seen := map[string]bool{}
	for _, m := range measures {
		text += ", " + m.what + " " + m.name
		if m.name == "" || seen[m.name] || !validName(m.name) {
			p.t.mistake("table %s: measure %q (%s) needs a name of its own, of letters, digits, '.', '_' and '-'", tbl.Name, m.name, m.what)
		}
		seen[m.name] = true
		if m.stores {
			p.group.Table.Measure = append(p.group.Table.Measure, m.name)
		}
	}
	nodes := []*node[K, Change[V]]{g.node}
	n := merged(p, nodes, text, func(push sink[K, Change[A]]) sink[K, Change[V]] {
		return func(c *task.Context, k K, ch Change[V]) error { return aggregate(p, c, k, ch, measures, push) }
	})
	n.boot = g.node.boot
	return tableOf(n)
}

func aggregate[K Key, V, A any](p Processor[K, A], c *task.Context, k K, ch Change[V], measures []Measure[V, A], push sink[K, Change[A]]) error {
	row, err := c.Row()
	if err != nil {
		return err
	}
	held, _ := row.(*A)
	if held == nil && ch.Before != nil { // forgotten: nothing is left to take it out of
		c.Task.Orphan()
		if ch.Before = nil; ch.After == nil {
			return nil
		}
	}
	next := new(A)
	if held != nil {
		*next = *held
	}
	for _, m := range measures {
		if err := m.apply(c, next, ch.Before, ch.After); err != nil {
			return fmt.Errorf("measure %s: %w", m.name, err)
		}
	}
	_, _, members, err := c.RowTimes()
	if err != nil {
		return err
	}
	if ch.After != nil {
		members++
	}
	if ch.Before != nil {
		members--
	}
	if members == 0 {
		next = nil
	}
	return p.change(c, k, held, next, members, false, push)
}
