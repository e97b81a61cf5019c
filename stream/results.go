package stream

import (
	"bytes"
	"fmt"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
)

// result is a row that is to be written with the next commit, what its readers know of it, and its times.
type result[V any] struct {
	before, after *V
	event, ingest int64
}

// results are the rows of one task that changed since its last cut. Readers of a compacted topic want to know
// what a row is, not what it was in between: of all changes of a key in one commit one record is written, and
// none if they cancel out.
type results[K Key, V any] struct {
	topic *task.Topic
	codec codecs.Codec[V]
	held[K, result[V]]
	scratch []byte
}

func newResults[K Key, V any](x *task.Topic, c codecs.Codec[V]) *results[K, V] {
	return &results[K, V]{topic: x, codec: c, held: newHeld[K, result[V]]()}
}

// change takes note of a change. What could not be written later is refused here, while there is a record to
// blame.
func (rs *results[K, V]) change(c *task.Context, k K, ch Change[V]) error {
	if err := rs.check(c, k, ch.After); err != nil {
		return err
	}
	old, had := rs.values[k]
	next := result[V]{ch.Before, ch.After, c.Event, c.Ingest}
	if had {
		next.before = old.before
	}
	rs.set(k, old, had, next)
	return nil
}

func (rs *results[K, V]) check(c *task.Context, k K, after *V) error {
	if after == nil {
		return nil
	}
	return checkOut(c, rs.topic, len(k), rs.codec, &rs.scratch, *after)
}

// checkOut tells whether v could be written to a topic behind a key of so many bytes. It encodes v only if its
// codec can't say how large it is at most, or if that is too large.
func checkOut[V any](c *task.Context, x *task.Topic, key int, codec codecs.Codec[V], scratch *[]byte, v V) error {
	if b, ok := codec.(codecs.Bounded[V]); ok && c.CheckOut(x, key+b.Bound(v)) == nil {
		return nil
	}
	b, err := codec.Encode((*scratch)[:0], v)
	if err != nil {
		return fmt.Errorf("encode for topic %s: %w", x.Name, err)
	}
	*scratch = b[:0]
	return c.CheckOut(x, key+len(b))
}

// Flush implements task.Gatherer.
func (rs *results[K, V]) Flush(c *task.Context) error {
	for _, k := range rs.order {
		r := rs.values[k]
		if r.before == nil && r.after == nil {
			continue
		}
		b, err := rs.encode(c, r)
		if err != nil {
			return fmt.Errorf("encode the row of key %q for topic %s: %w", k, rs.topic.Name, err)
		}
		if r.after != nil && b == nil {
			continue
		}
		if err := c.EmitAt(rs.topic, string(k), b, r.event, r.ingest); err != nil {
			return err
		}
	}
	rs.empty()
	return nil
}

// encode is the row after the changes; nil: it is gone, or its readers know it already.
func (rs *results[K, V]) encode(c *task.Context, r result[V]) ([]byte, error) {
	if r.after == nil {
		return nil, nil
	}
	b, err := rs.codec.Encode(c.Buffer(), *r.after)
	if err != nil || r.before == nil {
		return b, err
	}
	old, err := rs.codec.Encode(rs.scratch[:0], *r.before)
	if err != nil {
		return b, nil // what can't be compared is written
	}
	rs.scratch = old[:0]
	if bytes.Equal(old, b) {
		return nil, nil
	}
	return b, nil
}
