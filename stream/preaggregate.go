package stream

import (
	"fmt"
	"reflect"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
)

// PreAggregate sends the changes of a table to another key as differences: one record per key, partition and
// commit, however many changes there were. It is for sums and counts of keys so frequent that one partition
// could not take in their single changes.
//
// add and sub put a row into a difference and take it out of one; they return the new difference and leave
// the old one as it was. The zero value of P is the difference of no changes. key returns ErrNoGroup for
// rows that belong to no group. Downstream, Fold adds the differences up, and deletes the row when nothing
// is left to be counted:
//
//	+5, +7 and -5 in one commit   +7
//	+5 and -5 in one commit       nothing
//
// A difference is zero if its IsZero method says so, or without one if it equals the zero value. Its event
// time is the largest of the changes it is made of. Differences, like changes, are never too late.
func PreAggregate[K, K2 Key, V, P any](c Changes[K, V], via Topic[K2, P], key func(V) (K2, error), add, sub func(p P, v V) P) Stream[K2, P] {
	t := c.node.t
	x := t.topic(task.Topic{Name: via.Name, Kind: task.ChangeTopic})
	g := c.node.home()
	g.writes(x)
	n := len(g.Gather)
	g.Gather = append(g.Gather, func() task.Gatherer { return newDifferences[K2](x, via.Codec) })
	c.node.attach(g, "pre-aggregate, to "+x.Name, func(tc *task.Context, _ K, ch Change[V]) error {
		before, hasBefore, err := groupOf(key, ch.Before)
		if err != nil {
			return err
		}
		after, hasAfter, err := groupOf(key, ch.After)
		if err != nil {
			return err
		}
		ds := tc.Gathered(n).(*differences[K2, P])
		if hasBefore {
			if err := ds.change(tc, before, func(p P) P { return sub(p, *ch.Before) }); err != nil {
				return err
			}
		}
		if hasAfter {
			return ds.change(tc, after, func(p P) P { return add(p, *ch.After) })
		}
		return nil
	})
	return Stream[K2, P]{[]*node[K2, P]{internal(t, x, via, false)}}
}

// difference is what changes of one key add up to, and their newest times.
type difference[P any] struct {
	p             P
	event, ingest int64
}

// differences are those of one task since its last cut.
type differences[K Key, P any] struct {
	topic *task.Topic
	codec codecs.Codec[P]
	zero  func(p P) bool
	held[K, difference[P]]
	scratch []byte
}

func newDifferences[K Key, P any](x *task.Topic, c codecs.Codec[P]) *differences[K, P] {
	return &differences[K, P]{topic: x, codec: c, zero: zeroTest(c), held: newHeld[K, difference[P]]()}
}

// change applies f to the difference of a key. What could not be written later is refused here, while there
// is a record to blame.
func (ds *differences[K, P]) change(c *task.Context, k K, f func(P) P) error {
	old, had := ds.values[k]
	if !had {
		if err := task.CheckKey(string(k)); err != nil {
			return fmt.Errorf("key for topic %s: %w", ds.topic.Name, err)
		}
		old.event, old.ingest = task.NoTime, task.NoTime
	}
	next := difference[P]{f(old.p), max(old.event, c.Event), max(old.ingest, c.Ingest)}
	if err := checkOut(c, ds.topic, len(k), ds.codec, &ds.scratch, next.p); err != nil {
		return err
	}
	ds.set(k, old, had, next)
	return nil
}

// Flush implements task.Gatherer.
func (ds *differences[K, P]) Flush(c *task.Context) error {
	for _, k := range ds.order {
		d := ds.values[k]
		if ds.zero(d.p) {
			continue
		}
		b, err := ds.codec.Encode(c.Buffer(), d.p)
		if err != nil {
			return fmt.Errorf("encode the difference of key %q for topic %s: %w", k, ds.topic.Name, err)
		}
		if err := c.EmitAt(ds.topic, string(k), b, d.event, d.ingest); err != nil {
			return err
		}
	}
	ds.empty()
	return nil
}

// zeroTest tells differences that say nothing.
func zeroTest[P any](c codecs.Codec[P]) func(p P) bool {
	if reflect.TypeFor[P]().Implements(reflect.TypeFor[interface{ IsZero() bool }]()) {
		return func(p P) bool { return any(p).(interface{ IsZero() bool }).IsZero() }
	}
	same := equality(c)
	return func(p P) bool {
		var zero P
		return same(&p, &zero)
	}
}
