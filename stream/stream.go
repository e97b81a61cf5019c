package stream

import (
	"fmt"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
)

// Stream is a flow of events.
type Stream[K Key, V any] struct{ nodes []*node[K, V] }

// sink takes what flows out of a node.
type sink[K Key, V any] func(c *task.Context, k K, v V) error

// node is an operator of a description. It comes to life in each group in which something hangs from it:
// up then attaches it to what is above.
type node[K Key, V any] struct {
	t     *Topology
	topic *task.Topic // it flows from this topic ...
	group *group      // ... or out of this group's table
	keyed bool        // from a topic: all records of a key are in one partition
	boot  bool        // of a table that is bootstrapped
	up    func(g *group, push sink[K, V]) *step
	fans  map[*group]*fan[K, V]
}

type fan[K Key, V any] struct {
	sinks []sink[K, V]
	step  *step
}

func (f *fan[K, V]) push(c *task.Context, k K, v V) error {
	for _, s := range f.sinks {
		if err := s(c, k, v); err != nil {
			return err
		}
	}
	return nil
}

// attach hangs s under n in group g, as the step that text describes.
func (n *node[K, V]) attach(g *group, text string, s sink[K, V]) *step {
	f := n.fans[g]
	if f == nil {
		if n.fans == nil {
			n.fans = map[*group]*fan[K, V]{}
		}
		f = &fan[K, V]{}
		n.fans[g] = f
		f.step = n.up(g, f.push)
	}
	f.sinks = append(f.sinks, s)
	return f.step.add(text)
}

// home is the group in which an operator without a table works.
func (n *node[K, V]) home() *group {
	if n.group != nil {
		return n.group
	}
	return n.t.stateless(n.topic.Name)
}

// derive makes the operator that text describes, which passes on what f makes of each record.
func derive[K, K2 Key, V, R any](n *node[K, V], text string, f func(push sink[K2, R]) sink[K, V]) *node[K2, R] {
	return &node[K2, R]{t: n.t, topic: n.topic, group: n.group, keyed: n.keyed, boot: n.boot,
		up: func(g *group, push sink[K2, R]) *step { return n.attach(g, text, f(push)) }}
}

func deriveAll[K, K2 Key, V, R any](s Stream[K, V], text string, f func(push sink[K2, R]) sink[K, V]) Stream[K2, R] {
	var r Stream[K2, R]
	for _, n := range s.nodes {
		r.nodes = append(r.nodes, derive(n, text, f))
	}
	return r
}

// From reads a topic that other programs write. Its records must be re-keyed before a table takes them in,
// unless the topic is declared Partitioned.
func From[K Key, V any](t *Topology, src Topic[K, V]) Stream[K, V] {
	if n := source[node[K, V]](t, src.Name); n != nil {
		return Stream[K, V]{[]*node[K, V]{n}}
	}
	if src.opts.bootstrap {
		t.mistake("topic %s is declared Bootstrap, and read as events: that is for tables, see UpsertsFrom", src.Name)
	}
	x := t.topic(src.plan(task.External))
	n := &node[K, V]{t: t, topic: x, keyed: src.opts.keyed, up: func(g *group, push sink[K, V]) *step {
		return g.reads(x, true, external(src, push))
	}}
	t.sources[src.Name] = n
	return Stream[K, V]{[]*node[K, V]{n}}
}

// source finds the node that reads a topic already.
func source[N any](t *Topology, topic string) *N {
	have, ok := t.sources[topic]
	if !ok {
		return nil
	}
	n, ok := have.(*N)
	if !ok {
		t.mistake("topic %s is read with two types", topic)
	}
	return n
}

// external decodes records of the outside world, and learns their event time.
func external[K Key, V any](src Topic[K, V], push sink[K, V]) task.Handler {
	if d, ok := src.Codec.(codecs.Decoder[V]); ok {
		return externalEach(src, d, push)
	}
	return func(c *task.Context) error {
		v, err := src.Codec.Decode(c.Record().Value)
		if err != nil {
			return err
		}
		at, err := eventTime(c, src, v)
		if err != nil {
			return err
		}
		err = push(c, K(c.Key), v)
		c.Event = at
		return err
	}
}

// externalEach is external for records that hold any number of values.
func externalEach[K Key, V any](src Topic[K, V], d codecs.Decoder[V], push sink[K, V]) task.Handler {
	return func(c *task.Context) error {
		k := K(c.Key)
		latest := task.NoTime
		err := d.DecodeEach(c.Record().Value, func(v V) error {
			at, err := eventTime(c, src, v)
			if err != nil {
				return err
			}
			latest = max(latest, at)
			return push(c, k, v)
		})
		c.Event = latest
		return err
	}
}

// eventTime sets the context's event time, and returns what the record says of time: NoTime if nothing.
func eventTime[K Key, V any](c *task.Context, src Topic[K, V], v V) (int64, error) {
	c.Event = c.Ingest
	if src.at == nil {
		return c.Event, nil
	}
	at, err := src.at(v)
	if err != nil || at.IsZero() {
		return task.NoTime, err
	}
	return at.UnixMilli(), c.EventTime(at)
}

// reads makes g read a topic and gives the step from which its operators hang.
func (g *group) reads(x *task.Topic, events bool, h task.Handler) *step {
	for _, in := range g.Inputs {
		if in.Topic == x {
			first := in.Handle
			in.Handle = func(c *task.Context) error {
				if err := first(c); err != nil {
					return err
				}
				return h(c)
			}
			return g.step("from " + x.Name)
		}
	}
	x.Readers = append(x.Readers, g.Name)
	g.Inputs = append(g.Inputs, &task.Input{Topic: x, Handle: h, Events: events})
	return g.step("from " + x.Name)
}

func (g *group) step(text string) *step {
	for _, s := range g.steps {
		if s.text == text {
			return s
		}
	}
	s := &step{text: text}
	g.steps = append(g.steps, s)
	return s
}

// Filter keeps the records for which keep is true.
func (s Stream[K, V]) Filter(keep func(V) bool) Stream[K, V] {
	return deriveAll(s, "filter", func(push sink[K, V]) sink[K, V] {
		return func(c *task.Context, k K, v V) error {
			if !keep(v) {
				return nil
			}
			return push(c, k, v)
		}
	})
}

// Peek calls f for each record. f is for tests and debugging: it may be called again for a record that is
// processed again after a crash.
func (s Stream[K, V]) Peek(f func(K, V)) Stream[K, V] {
	return deriveAll(s, "peek", func(push sink[K, V]) sink[K, V] {
		return func(c *task.Context, k K, v V) error {
			f(k, v)
			return push(c, k, v)
		}
	})
}

// Merge is the records of several streams, in the order in which they come.
func (s Stream[K, V]) Merge(others ...Stream[K, V]) Stream[K, V] {
	r := Stream[K, V]{append([]*node[K, V](nil), s.nodes...)}
	for _, o := range others {
		r.nodes = append(r.nodes, o.nodes...)
	}
	return r
}

// Branch splits a stream: a record goes to the first branch whose test is true, or to the last one, which
// takes what is left. There is one branch more than tests.
func (s Stream[K, V]) Branch(tests ...func(V) bool) []Stream[K, V] {
	branches := make([]Stream[K, V], len(tests)+1)
	for i := range branches {
		branches[i] = deriveAll(s, fmt.Sprintf("branch %d of %d", i+1, len(branches)), func(push sink[K, V]) sink[K, V] {
			return func(c *task.Context, k K, v V) error {
				if first(tests, v) != i {
					return nil
				}
				return push(c, k, v)
			}
		})
	}
	return branches
}

func first[V any](tests []func(V) bool, v V) int {
	for i, is := range tests {
		if is(v) {
			return i
		}
	}
	return len(tests)
}

// MapValues replaces each value by f of it. An error makes the record a dead letter.
func MapValues[K Key, V, R any](s Stream[K, V], f func(V) (R, error)) Stream[K, R] {
	return deriveAll(s, "map values", func(push sink[K, R]) sink[K, V] {
		return func(c *task.Context, k K, v V) error {
			r, err := f(v)
			if err != nil {
				return err
			}
			return push(c, k, r)
		}
	})
}

// FlatMap replaces each value by any number of others under the same key.
func FlatMap[K Key, V, R any](s Stream[K, V], f func(V) ([]R, error)) Stream[K, R] {
	return deriveAll(s, "flat map", func(push sink[K, R]) sink[K, V] {
		return func(c *task.Context, k K, v V) error {
			rs, err := f(v)
			for i := 0; err == nil && i < len(rs); i++ {
				err = push(c, k, rs[i])
			}
			return err
		}
	})
}

// To writes a stream to a topic, under its key.
func (s Stream[K, V]) To(dst Topic[K, V]) {
	for _, n := range s.nodes {
		x := n.t.topic(dst.plan(task.Result))
		g := n.home()
		g.writes(x)
		n.attach(g, "to "+x.Name, func(c *task.Context, k K, v V) error { return emit(c, x, k, dst.Codec, v) })
	}
}

// KeyBy sends each record through a topic to the partition of its new key. An error, or a key that can't be
// one, makes the record a dead letter.
func KeyBy[K, K2 Key, V any](s Stream[K, V], via Topic[K2, V], key func(V) (K2, error)) Stream[K2, V] {
	var r Stream[K2, V]
	for _, n := range s.nodes {
		x := n.t.topic(via.plan(task.Repartition))
		g := n.home()
		g.writes(x)
		n.attach(g, "key by, to "+x.Name, func(c *task.Context, _ K, v V) error {
			k, err := key(v)
			if err != nil {
				return err
			}
			return emit(c, x, k, via.Codec, v)
		})
		if r.nodes == nil {
			r.nodes = []*node[K2, V]{internal(n.t, x, via, true)}
		}
	}
	return r
}

// internal is the node that reads a topic which this topology writes. Events can be too late for a table,
// changes can't.
func internal[K Key, V any](t *Topology, x *task.Topic, via Topic[K, V], events bool) *node[K, V] {
	if n := source[node[K, V]](t, x.Name); n != nil {
		return n
	}
	n := &node[K, V]{t: t, topic: x, keyed: true, up: func(g *group, push sink[K, V]) *step {
		return g.reads(x, events, func(c *task.Context) error {
			v, err := via.Codec.Decode(c.Record().Value)
			if err != nil {
				return err
			}
			return push(c, K(c.Key), v)
		})
	}}
	t.sources[x.Name] = n
	return n
}

// emit encodes and writes one record.
func emit[K Key, V any](c *task.Context, x *task.Topic, k K, codec encoder[V], v V) error {
	if err := task.CheckKey(string(k)); err != nil {
		return fmt.Errorf("key for topic %s: %w", x.Name, err)
	}
	b, err := codec.Encode(c.Buffer(), v)
	if err != nil {
		return fmt.Errorf("encode for topic %s: %w", x.Name, err)
	}
	return c.Emit(x, string(k), b)
}

type encoder[V any] interface {
	Encode(dst []byte, v V) ([]byte, error)
}
