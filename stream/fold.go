package stream

import (
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// Fold keeps a row per key that f makes of the row held so far (nil: none) and each record. f returns a new
// row, or held itself for no change, or nil to delete it; it must not change what held points to. The times
// of the row are those of the newest record that made it.
func Fold[K Key, V, A any](s Stream[K, V], tbl tables.Table[K, A], f func(r Record, held *A, v V) (*A, error)) Changes[K, A] {
	return keepRow(s, tbl, "fold, table ", false, f)
}

// Latest keeps, per key, the record that newer prefers to the one held so far. The times of the row are
// those of that record.
func Latest[K Key, V any](s Stream[K, V], tbl tables.Table[K, V], newer func(held, v V) bool) Changes[K, V] {
	return keepRow(s, tbl, "latest, table ", true, func(_ Record, held *V, v V) (*V, error) {
		if held != nil && !newer(*held, v) {
			return held, nil
		}
		return &v, nil
	})
}

func keepRow[K Key, V, A any](s Stream[K, V], tbl tables.Table[K, A], text string, version bool, f func(r Record, held *A, v V) (*A, error)) Changes[K, A] {
	if len(s.nodes) == 0 {
		return nothing[K, A]()
	}
	p := NewProcessor(s.nodes[0].t, tbl)
	return tableOf(merged(p, s.nodes, text+tbl.Name, func(push sink[K, Change[A]]) sink[K, V] {
		return func(c *task.Context, k K, v V) error {
			if c.TooLate() {
				return tooLate(c)
			}
			row, err := c.Row()
			if err != nil {
				return err
			}
			held, _ := row.(*A)
			next, err := f(recordOf(c), held, v)
			if err != nil || next == held {
				return err
			}
			return p.change(c, k, held, next, 1, version, push)
		}
	}))
}

// nothing is what becomes of the zero Stream: it is part of no topology.
func nothing[K Key, A any]() Changes[K, A] {
	t := New("")
	p := Processor[K, A]{t: t, group: t.group("")}
	return tableOf(out(p, func(sink[K, Change[A]]) *step { return &step{} }))
}

// change stores a row and passes the change on, under the row's times, unless it is equal.
func (p Processor[K, A]) change(c *task.Context, k K, held, next *A, members int64, version bool, push sink[K, Change[A]]) error {
	if held == nil && next == nil {
		return nil
	}
	if held != nil && next != nil && p.same(held, next) {
		return c.Touch(members, version)
	}
	event, ingest := c.Event, c.Ingest
	if err := p.write(c, held, next, members, version); err != nil {
		return err
	}
	if next != nil {
		at, in, _, err := c.RowTimes()
		if err != nil {
			return err
		}
		c.Event, c.Ingest = at, in
	}
	err := push(c, k, Change[A]{held, next})
	c.Event, c.Ingest = event, ingest
	return err
}
