package stream

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// Upserts is a table that others write: a row for each key that was changed, nil for one that was deleted.
type Upserts[K Key, V any] struct{ node *node[K, *V] }

// UpsertsFrom reads a topic of upserts and tombstones that other programs write, and sends each through a topic to
// the partition of its key. key is given the record's key, and the value or nil for a tombstone: there the
// record's key is all there is. An error, or a key that can't be one, makes the record a dead letter.
//
// Changes of a row must lie in one partition of src, in their order; which one does not matter. ToTable keeps
// the rows, OnUpsert hands them to a processor.
func UpsertsFrom[K Key, V any](t *Topology, src Topic[Unkeyed, V], via Topic[K, V], key func(record Unkeyed, v *V) (K, error)) Upserts[K, V] {
	in := t.topic(src.plan(task.External))
	out := via.plan(task.Repartition)
	out.Bootstrap = in.Bootstrap
	x := t.topic(out)
	t.readTwice(src.Name)
	g := t.stateless(src.Name)
	g.writes(x)
	g.reads(in, true, upserts(src, func(c *task.Context, k Unkeyed, v *V) error {
		to, err := key(k, v)
		if err != nil {
			return err
		}
		return sendUpsert(c, x, to, via, v)
	})).add("upserts, to " + x.Name)
	g.Input(src.Name).Empty = true
	return Upserts[K, V]{upsertsIn(t, x, via)}
}

// readTwice finds a second reader of a topic of upserts, which would see tombstones that it can't read.
func (t *Topology) readTwice(topic string) {
	if t.sources[topic] != nil {
		t.mistake("topic %s is read twice, once as upserts: read it once, and use what that returns again", topic)
	}
	t.sources[topic] = topic
}

// upserts decodes what others wrote. A value may hold several rows; an empty one is a tombstone.
func upserts[V any](src Topic[Unkeyed, V], push sink[Unkeyed, *V]) task.Handler {
	rows := external(src, func(c *task.Context, k Unkeyed, v V) error { return push(c, k, &v) })
	return func(c *task.Context) error {
		if len(c.Record().Value) > 0 {
			return rows(c)
		}
		if c.Key == "" {
			return errTombstone
		}
		err := push(c, Unkeyed(c.Key), nil)
		if src.at != nil {
			c.Event = task.NoTime // when it arrived says nothing of business time
		}
		return err
	}
}

func sendUpsert[K Key, V any](c *task.Context, x *task.Topic, k K, via Topic[K, V], v *V) error {
	if v != nil {
		return emit(c, x, k, via.Codec, *v)
	}
	if err := task.CheckKey(string(k)); err != nil {
		return fmt.Errorf("key for topic %s: %w", x.Name, err)
	}
	return c.Emit(x, string(k), nil)
}

// upsertsIn is the node that reads re-keyed upserts.
func upsertsIn[K Key, V any](t *Topology, x *task.Topic, via Topic[K, V]) *node[K, *V] {
	if n := source[node[K, *V]](t, x.Name); n != nil {
		return n
	}
	n := &node[K, *V]{t: t, topic: x, keyed: true, boot: x.Bootstrap, up: func(g *group, push sink[K, *V]) *step {
		st := g.reads(x, false, func(c *task.Context) error {
			if c.Record().Value == nil {
				return push(c, K(c.Key), nil)
			}
			v, err := via.Codec.Decode(c.Record().Value)
			if err != nil {
				return err
			}
			return push(c, K(c.Key), &v)
		})
		g.Input(x.Name).Empty = true
		return st
	}}
	t.sources[x.Name] = n
	return n
}

// ToTable keeps the rows of upserts. An upsert that is equal to the row changes nothing. With Retain a row is
// forgotten when it was not written for so long; a tombstone that comes after that deletes nothing downstream.
func ToTable[K Key, V any](u Upserts[K, V], tbl tables.Table[K, V]) Changes[K, V] {
	if u.node == nil {
		return nothing[K, V]()
	}
	p := NewProcessor(u.node.t, tbl)
	n := merged(p, []*node[K, *V]{u.node}, "upserts, table "+tbl.Name, func(push sink[K, Change[V]]) sink[K, *V] {
		return func(c *task.Context, k K, v *V) error {
			row, err := c.Row()
			if err != nil {
				return err
			}
			held, _ := row.(*V)
			return p.change(c, k, held, v, 1, true, push)
		}
	})
	n.boot = u.node.boot
	return tableOf[K, V](n)
}

// OnUpsert handles upserts; v is nil for a key that was deleted. What f returns flows on under the same key.
func OnUpsert[K Key, A, V, R any](p Processor[K, A], in Upserts[K, V], f func(c *Context[K, A], v *V) ([]R, error)) Stream[K, R] {
	if in.node == nil {
		p.t.mistake("table %s takes in upserts that are empty", p.table.Name)
		return Stream[K, R]{}
	}
	nodes := []*node[K, *V]{in.node}
	return Stream[K, R]{[]*node[K, R]{merged(p, nodes, "process, table "+p.table.Name, func(push sink[K, R]) sink[K, *V] {
		return func(c *task.Context, k K, v *V) error {
			return handle(p, c, k, push, func(x *Context[K, A]) ([]R, error) { return f(x, v) })
		}
	})}}
}
