package stream

import (
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// JoinTable joins each record of a stream with the row that a table has for its key now; a record without one
// flows nowhere, and is counted as skipped. f returns ErrSkip for records that have no effect.
//
//	record k=1   row of 1: a   f(record, a)
//	record k=2   no row        nothing
//
// "Now" is in the order in which the table's group takes in records: of a change and a record that come in
// two partitions of two topics at about the same time, either may be first. Bootstrap makes a table from outside
// complete before the first record.
func JoinTable[K Key, L, R, O any](l Stream[K, L], r Changes[K, R], f func(l L, r R) (O, error)) Stream[K, O] {
	return joinTable(l, r, "join", func(c *task.Context, l L, r *R) (o O, ok bool, err error) {
		if r == nil {
			c.Task.Skip() // not ErrSkip: others may have a use for the record
			return o, false, nil
		}
		o, err = f(l, *r)
		return o, true, err
	})
}

// LeftJoinTable is JoinTable, but records without a row are joined with nil.
func LeftJoinTable[K Key, L, R, O any](l Stream[K, L], r Changes[K, R], f func(l L, r *R) (O, error)) Stream[K, O] {
	return joinTable(l, r, "left join", func(_ *task.Context, l L, r *R) (O, bool, error) {
		if r != nil {
			row := *r // f may change its own copy
			r = &row
		}
		o, err := f(l, r)
		return o, true, err
	})
}

// joinTable works in the group of the table: there a record meets the row without a copy of the table.
func joinTable[K Key, L, R, O any](l Stream[K, L], r Changes[K, R], text string, f func(*task.Context, L, *R) (O, bool, error)) Stream[K, O] {
	p := Processor[K, R]{t: r.node.t, group: r.node.group, table: tables.Table[K, R]{Name: r.node.group.Name}}
	n := merged(p, l.nodes, text+", table "+p.table.Name, func(push sink[K, O]) sink[K, L] {
		return func(c *task.Context, k K, v L) error {
			if c.TooLate() {
				return tooLate(c)
			}
			row, err := r.row(c, k)
			if err != nil {
				return err
			}
			o, ok, err := f(c, v, row)
			if err != nil || !ok {
				return err
			}
			return push(c, k, o)
		}
	})
	return Stream[K, O]{[]*node[K, O]{n}}
}

// Both is a row of two tables that were joined; nil: that side has none.
type Both[L, R any] struct {
	Left  *L `cbor:"1,keyasint,omitempty" json:"left,omitempty"`
	Right *R `cbor:"2,keyasint,omitempty" json:"right,omitempty"`
}

// InnerJoin joins the rows of two tables that have the same key, and keeps the result as they change: a row is
// there while both sides are. Each side has at most one row for a key; of several the last counts.
//
// Both sides come through topics (GroupBy or Through) to the table of the join, which keeps them all, whether or
// not the other side has the key:
//
//	left 1 a     -
//	right 1 x    + (a, x)
//	left 1 b     (a, x) becomes (b, x)
//	right 1 -    - (b, x)
func InnerJoin[K Key, L, R any](l Grouped[K, L], r Grouped[K, R], tbl tables.Table[K, Both[L, R]]) Changes[K, Both[L, R]] {
	return joinTables(l, r, tbl, "inner join").Filter(func(b Both[L, R]) bool { return b.Left != nil && b.Right != nil })
}

// LeftJoin is InnerJoin, but a row is there while the left side is.
func LeftJoin[K Key, L, R any](l Grouped[K, L], r Grouped[K, R], tbl tables.Table[K, Both[L, R]]) Changes[K, Both[L, R]] {
	return joinTables(l, r, tbl, "left join").Filter(func(b Both[L, R]) bool { return b.Left != nil })
}

// OuterJoin is InnerJoin, but a row is there while either side is.
func OuterJoin[K Key, L, R any](l Grouped[K, L], r Grouped[K, R], tbl tables.Table[K, Both[L, R]]) Changes[K, Both[L, R]] {
	return joinTables(l, r, tbl, "outer join")
}

func joinTables[K Key, L, R any](l Grouped[K, L], r Grouped[K, R], tbl tables.Table[K, Both[L, R]], text string) Changes[K, Both[L, R]] {
	p := NewProcessor(l.node.t, tbl)
	text += ", table " + tbl.Name
	left := merged(p, []*node[K, Change[L]]{l.node}, text+", left", func(push sink[K, Change[Both[L, R]]]) sink[K, Change[L]] {
		return func(c *task.Context, k K, ch Change[L]) error {
			return joinSide(p, c, k, side[L, R](ch.Before), side[L, R](ch.After), true, push)
		}
	})
	right := merged(p, []*node[K, Change[R]]{r.node}, text+", right", func(push sink[K, Change[Both[L, R]]]) sink[K, Change[R]] {
		return func(c *task.Context, k K, ch Change[R]) error {
			return joinSide(p, c, k, otherSide[L](ch.Before), otherSide[L](ch.After), false, push)
		}
	})
	n := out(p, func(push sink[K, Change[Both[L, R]]]) *step {
		right.up(p.group, push)
		return left.up(p.group, push)
	})
	n.boot = l.node.boot || r.node.boot
	return tableOf(n)
}

func side[L, R any](v *L) Both[L, R]      { return Both[L, R]{Left: v} }
func otherSide[L, R any](v *R) Both[L, R] { return Both[L, R]{Right: v} }

func (b Both[L, R]) empty() bool { return b.Left == nil && b.Right == nil }

// of is one side alone.
func (b Both[L, R]) of(left bool) Both[L, R] {
	if left {
		return Both[L, R]{Left: b.Left}
	}
	return Both[L, R]{Right: b.Right}
}

// with is b with one side of s.
func (b Both[L, R]) with(s Both[L, R], left bool) Both[L, R] {
	if left {
		return Both[L, R]{s.Left, b.Right}
	}
	return Both[L, R]{b.Left, s.Right}
}

// joinSide takes in the change of one side: before and after hold nothing else.
func joinSide[K Key, L, R any](p Processor[K, Both[L, R]], c *task.Context, k K, before, after Both[L, R], left bool, push sink[K, Change[Both[L, R]]]) error {
	row, err := c.Row()
	if err != nil {
		return err
	}
	held, _ := row.(*Both[L, R])
	var now Both[L, R]
	if held != nil {
		now = *held
	}
	if after.empty() {
		switch was := now.of(left); {
		case was.empty(): // forgotten
			c.Task.Orphan()
			return nil
		case !p.same(&was, &before): // another row took the key before this one left it
			return nil
		}
	}
	next := now.with(after, left)
	if next.empty() {
		return p.change(c, k, held, nil, 1, false, push)
	}
	return p.change(c, k, held, &next, 1, false, push)
}
