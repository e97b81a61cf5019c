package stream

import (
	"fmt"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// Change is a row before and after; nil: there was none, or there is none any more.
type Change[V any] struct{ Before, After *V }

// Changes is a table as it changes. A change whose result is equal to what was before flows nowhere.
type Changes[K Key, V any] struct {
	node *node[K, Change[V]]
	row  rowReader[K, V]
}

// rowReader reads the row of a record's key as it is now, in the group of the table; nil: there is none.
type rowReader[K Key, V any] func(c *task.Context, k K) (*V, error)

// tableOf is the changes of a group's own table.
func tableOf[K Key, V any](n *node[K, Change[V]]) Changes[K, V] {
	return Changes[K, V]{n, func(c *task.Context, _ K) (*V, error) {
		row, err := c.Row()
		if err != nil {
			return nil, err
		}
		held, _ := row.(*V)
		return held, nil
	}}
}

// Filter keeps the rows for which keep is true. A row that is so no longer is deleted downstream.
func (c Changes[K, V]) Filter(keep func(V) bool) Changes[K, V] {
	kept := func(x *task.Context, k K) (*V, error) {
		v, err := c.row(x, k)
		if v == nil || err != nil || !keep(*v) {
			return nil, err
		}
		return v, nil
	}
	return Changes[K, V]{derive(c.node, "filter", func(push sink[K, Change[V]]) sink[K, Change[V]] {
		return func(x *task.Context, k K, ch Change[V]) error {
			if ch.Before != nil && !keep(*ch.Before) {
				ch.Before = nil
			}
			if ch.After != nil && !keep(*ch.After) {
				ch.After = nil
			}
			if ch.Before == nil && ch.After == nil {
				return nil
			}
			return push(x, k, ch)
		}
	}), kept}
}

// MapRows replaces each row by f of it. f sees the same times for the row before and after, so that rows
// which differ in nothing else are equal.
func MapRows[K Key, V, R any](c Changes[K, V], f func(tables.Row[K, V]) (R, error)) Changes[K, R] {
	apply := func(x *task.Context, k K, v *V) (*R, error) {
		if v == nil {
			return nil, nil
		}
		r, err := f(tables.Row[K, V]{Key: k, Value: *v, EventTime: task.TimeOf(x.Event), UpdatedAt: task.TimeOf(x.Ingest)})
		return &r, err
	}
	mapped := func(x *task.Context, k K) (*R, error) {
		v, err := c.row(x, k)
		if v == nil || err != nil {
			return nil, err
		}
		at, ingest, _, err := x.RowTimes()
		if err != nil {
			return nil, err
		}
		old, oldIngest := x.Event, x.Ingest
		x.Event, x.Ingest = at, ingest
		r, err := apply(x, k, v)
		x.Event, x.Ingest = old, oldIngest
		return r, err
	}
	return Changes[K, R]{derive(c.node, "map rows", func(push sink[K, Change[R]]) sink[K, Change[V]] {
		return func(x *task.Context, k K, ch Change[V]) error {
			before, err := apply(x, k, ch.Before)
			if err != nil {
				return err
			}
			after, err := apply(x, k, ch.After)
			if err != nil {
				return err
			}
			return push(x, k, Change[R]{before, after})
		}
	}), mapped}
}

// To writes the table to a compacted topic: the row as it is at each commit if it changed since the last one, a
// tombstone for a row that is gone.
func (c Changes[K, V]) To(dst Topic[K, V]) {
	x := c.node.t.topic(dst.plan(task.Result))
	if dst.opts.events {
		c.node.t.mistake("topic %s is declared with Events, and a table is written to it: tombstones would mean nothing", x.Name)
	}
	g := c.node.home()
	g.writes(x)
	n := len(g.Gather)
	g.Gather = append(g.Gather, func() task.Gatherer { return newResults[K](x, dst.Codec) })
	c.node.attach(g, "to "+x.Name, func(tc *task.Context, k K, ch Change[V]) error {
		return tc.Gathered(n).(*results[K, V]).change(tc, k, ch)
	})
}

// Grouped is the changes of a table under another key, on their way to Aggregate.
type Grouped[K Key, V any] struct{ node *node[K, Change[V]] }

// GroupBy sends each change to the keys of its row before and after: one record if they are equal, otherwise
// one that takes the old row out and one that brings the new one in. key returns ErrNoGroup for rows that
// belong to none.
func GroupBy[K, K2 Key, V any](c Changes[K, V], via ChangeTopic[K2, V], key func(V) (K2, error)) Grouped[K2, V] {
	t := c.node.t
	x := t.topic(task.Topic{Name: via.Name, Kind: task.ChangeTopic, Bootstrap: c.node.boot})
	g := c.node.home()
	g.writes(x)
	send := changeSender[K2](x, via.Codec)
	c.node.attach(g, "group by, to "+x.Name, func(tc *task.Context, _ K, ch Change[V]) error {
		before, hasBefore, err := groupOf(key, ch.Before)
		if err != nil {
			return err
		}
		after, hasAfter, err := groupOf(key, ch.After)
		if err != nil {
			return err
		}
		if hasBefore && hasAfter && before == after {
			return send(tc, after, ch)
		}
		if hasBefore {
			if err := send(tc, before, Change[V]{Before: ch.Before}); err != nil {
				return err
			}
		}
		if hasAfter {
			return send(tc, after, Change[V]{After: ch.After})
		}
		return nil
	})
	return Grouped[K2, V]{changesFrom(t, x, via)}
}

// Through sends each change of a table through a topic, under its own key, for a step that keeps a table of
// its own.
func Through[K Key, V any](c Changes[K, V], via ChangeTopic[K, V]) Grouped[K, V] {
	t := c.node.t
	x := t.topic(task.Topic{Name: via.Name, Kind: task.ChangeTopic, Bootstrap: c.node.boot})
	g := c.node.home()
	g.writes(x)
	c.node.attach(g, "through "+x.Name, changeSender[K](x, via.Codec))
	return Grouped[K, V]{changesFrom(t, x, via)}
}

func changesFrom[K Key, V any](t *Topology, x *task.Topic, via ChangeTopic[K, V]) *node[K, Change[V]] {
	if n := source[node[K, Change[V]]](t, x.Name); n != nil {
		return n
	}
	n := &node[K, Change[V]]{t: t, topic: x, keyed: true, boot: x.Bootstrap, up: func(g *group, push sink[K, Change[V]]) *step {
		return g.reads(x, false, func(c *task.Context) error {
			ch, err := decodeChange(via.Codec, c.Record().Value)
			if err != nil {
				return err
			}
			return push(c, K(c.Key), ch)
		})
	}}
	t.sources[x.Name] = n
	return n
}

func groupOf[K Key, V any](key func(V) (K, error), v *V) (k K, has bool, err error) {
	if v == nil {
		return "", false, nil
	}
	k, err = key(*v)
	if err == ErrNoGroup {
		return "", false, nil
	}
	return k, err == nil, err
}

func changeSender[K Key, V any](x *task.Topic, c codecs.Codec[V]) func(*task.Context, K, Change[V]) error {
	return func(tc *task.Context, k K, ch Change[V]) error {
		if err := task.CheckKey(string(k)); err != nil {
			return fmt.Errorf("key for topic %s: %w", x.Name, err)
		}
		b, err := appendChange(tc.Buffer(), c, ch)
		if err != nil {
			return fmt.Errorf("encode for topic %s: %w", x.Name, err)
		}
		return tc.Emit(x, string(k), b)
	}
}

// A change on the wire, version 1: byte 1, byte flags (1: before, 2: after), then if both are there the
// length of before in 4 bytes, big-endian; before; after.
const (
	changeVersion = 1
	hasBefore     = 1
	hasAfter      = 2
)

func appendChange[V any](b []byte, c codecs.Codec[V], ch Change[V]) (_ []byte, err error) {
	start := len(b)
	b = append(b, changeVersion, 0)
	if ch.Before != nil && ch.After != nil {
		b = append(b, 0, 0, 0, 0)
	}
	if ch.Before != nil {
		from := len(b)
		if b, err = c.Encode(b, *ch.Before); err != nil {
			return nil, err
		}
		b[start+1] |= hasBefore
		if ch.After != nil {
			putUint32(b[start+2:], uint32(len(b)-from))
		}
	}
	if ch.After != nil {
		if b, err = c.Encode(b, *ch.After); err != nil {
			return nil, err
		}
		b[start+1] |= hasAfter
	}
	return b, nil
}

func decodeChange[V any](c codecs.Codec[V], b []byte) (ch Change[V], err error) {
	if len(b) < 2 || b[0] != changeVersion || b[1]&^(hasBefore|hasAfter) != 0 || b[1] == 0 {
		return ch, errChange
	}
	before, after := b[2:], b[2:]
	if b[1] == hasBefore|hasAfter {
		if len(b) < 6 || int64(getUint32(b[2:])) > int64(len(b)-6) {
			return ch, errChange
		}
		n := 6 + int(getUint32(b[2:]))
		before, after = b[6:n], b[n:]
	}
	if b[1]&hasBefore != 0 {
		if ch.Before, err = decodePart(c, before); err != nil {
			return ch, err
		}
	}
	if b[1]&hasAfter != 0 {
		ch.After, err = decodePart(c, after)
	}
	return ch, err
}

func decodePart[V any](c codecs.Codec[V], b []byte) (*V, error) {
	v, err := c.Decode(b)
	if err != nil {
		return nil, err
	}
	return &v, nil
}
