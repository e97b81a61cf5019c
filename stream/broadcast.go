package stream

import (
	"fmt"
	"slices"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
)

// Broadcast is a small table that others write, such as rules, and whose changes each task of a processor is
// told, between the records of one of its inputs.
type Broadcast[K Key, V any] struct{ b *broadcast[K, V] }

type broadcast[K Key, V any] struct {
	t    *Topology
	src  Topic[Unkeyed, V]
	g    *group
	step *step
	outs []*task.Topic
}

// BroadcastFrom reads a topic of upserts and tombstones that other programs write. key is given the record's key,
// and the value or nil for a tombstone; an error makes the record a dead letter, so it is the place to check what
// all tasks are to be told. OnBroadcast says who is told.
//
// Every record is copied into all partitions of the topics that it is told through, in one transaction. So a task
// meets it at one place of its input, and whoever reads that input again meets it there again. The topic has no
// event time: its records move none. But those who are told wait with their time until it has been read to its
// end once, and has been idle there: what it holds at the first start is known before the first timer fires.
func BroadcastFrom[K Key, V any](t *Topology, src Topic[Unkeyed, V], key func(record Unkeyed, v *V) (K, error)) Broadcast[K, V] {
	if src.at != nil || src.opts.bootstrap || src.opts.advance > 0 {
		t.mistake("topic %s is broadcast: it has no event time, no IdleAdvance and is not declared Bootstrap", src.Name)
	}
	t.readTwice(src.Name)
	b := &broadcast[K, V]{t: t, src: src, g: t.stateless(src.Name)}
	x := t.topic(src.plan(task.External))
	b.step = b.g.reads(x, false, timeless(upserts(src, func(c *task.Context, k Unkeyed, v *V) error {
		to, err := key(k, v)
		if err != nil {
			return err
		}
		return b.send(c, to, v)
	})))
	b.g.Input(src.Name).Empty = true
	return Broadcast[K, V]{b}
}

// timeless takes what a record says of time out, once all is sent on.
func timeless(h task.Handler) task.Handler {
	return func(c *task.Context) error {
		err := h(c)
		c.Event = task.NoTime
		return err
	}
}

func (b *broadcast[K, V]) send(c *task.Context, k K, v *V) error {
	if err := task.CheckKey(string(k)); err != nil {
		return fmt.Errorf("key to broadcast: %w", err)
	}
	for _, x := range b.outs {
		var value []byte
		if v != nil {
			var err error
			if value, err = b.src.Codec.Encode(c.Buffer(), *v); err != nil {
				return fmt.Errorf("encode for topic %s: %w", x.Name, err)
			}
		}
		if err := c.Broadcast(x, string(k), value); err != nil {
			return err
		}
	}
	return nil
}

// to adds a topic that the table's changes go through.
func (b *broadcast[K, V]) to(x *task.Topic) {
	if slices.Contains(b.outs, x) {
		return
	}
	b.outs = append(b.outs, x)
	b.g.writes(x)
	b.step.add("broadcast, to " + x.Name)
}

// OnBroadcast has every task of p told the changes of b, between the records of in: a stream that flows from a
// KeyBy, and that p takes in already. v is nil for a key that was deleted. A change that is told again, because
// others are told through the same topic or b's topic is read again, has to change nothing.
func OnBroadcast[K, K2 Key, A, E, V any](p Processor[K, A], in Stream[K, E], b Broadcast[K2, V], f func(c *TaskContext, k K2, v *V) error) {
	for _, n := range in.nodes {
		input := (*task.Input)(nil)
		if n.topic != nil && n.group == nil {
			input = p.group.Input(n.topic.Name)
		}
		if input == nil || !n.topic.Kind.Internal() || input.Broadcast != nil {
			p.t.mistake("table %s can't be told of topic %s: that goes through topics of KeyBy which the table takes in, once each", p.table.Name, b.b.src.Name)
			continue
		}
		b.b.to(n.topic)
		input.Broadcast = heard(b.b.src.Codec, f)
	}
}

func heard[K Key, V any](codec codecs.Codec[V], f func(c *TaskContext, k K, v *V) error) task.Handler {
	return func(c *task.Context) error {
		x := &TaskContext{c}
		if c.Record().Value == nil {
			return f(x, K(c.Key), nil)
		}
		v, err := codec.Decode(c.Record().Value)
		if err != nil {
			return err
		}
		return f(x, K(c.Key), &v)
	}
}

// TaskContext is what a processor's handler sees of something that concerns no key, but a task.
type TaskContext struct{ c *task.Context }

func (c *TaskContext) context() *task.Context { return c.c }

// Record tells where the record comes from, and its times.
func (c *TaskContext) Record() Record { return recordOf(c.c) }

// Partition is the task's number.
func (c *TaskContext) Partition() int32 { return c.c.Task.Partition }

// Watermark is as Context has it.
func (c *TaskContext) Watermark() time.Time { return task.TimeOf(c.c.Watermark()) }

// DeadLetter is as Context has it. Its key is the one that was broadcast.
func (c *TaskContext) DeadLetter(value []byte, reason error) { c.c.DeadLetter(value, reason) }

// Shared is a value that each task of a processor has once, beside its rows. It is kept and committed as they are.
type Shared[S any] struct {
	name  string
	codec codecs.Codec[S]
}

// SharedOf declares a value of p's tasks. The name is stored.
func SharedOf[K Key, A, S any](p Processor[K, A], name string, codec codecs.Codec[S]) Shared[S] {
	if !validName(name) || slices.Contains(p.group.Table.Shared, name) {
		p.t.mistake("table %s: the tasks' value %q needs a name of its own, of letters, digits, '.', '_' and '-'", p.table.Name, name)
	}
	p.group.Table.Shared = append(p.group.Table.Shared, name)
	return Shared[S]{name, codec}
}

// Get is the value of the handler's task, or false if there is none. What it points to must not be changed.
func (s Shared[S]) Get(c Emitter) (S, bool, error) {
	v, err := c.context().Shared(s.name, func(b []byte) (any, error) { return s.codec.Decode(b) })
	if v == nil || err != nil {
		var none S
		return none, false, err
	}
	return v.(S), true, nil
}

// Set replaces the value of the handler's task.
func (s Shared[S]) Set(c Emitter, v S) error {
	b, err := s.codec.Encode([]byte{}, v)
	if err != nil {
		return err
	}
	return c.context().SetShared(s.name, b, v)
}
