package stream

import (
	"fmt"
	"slices"

	"github.com/tributary-go/tributary/internal/task"
)

// Global is a small table that others write, and that every instance holds in whole.
type Global[K Key, V any] struct {
	topic Topic[K, V]
	x     *task.Topic
}

// GlobalFrom declares a topic of upserts and tombstones whose rows are looked up by JoinGlobal. Its records
// have K as their key, as it is; how they are partitioned does not matter, and neither do the partitions of what
// is joined with it. The topic should be compacted, and must be so small that each instance can hold it.
//
// Each instance reads the topic by itself, committed records only, up to the end that it has at every start
// before it processes anything. After that a look-up finds what the instance has read so far: two instances may
// differ for a moment, and a record that is processed again after a crash may find a newer row. Where that
// matters use UpsertsFrom and JoinTable.
func GlobalFrom[K Key, V any](t *Topology, src Topic[K, V]) Global[K, V] {
	if src.opts.bootstrap {
		t.mistake("topic %s is declared Bootstrap: a global table always is, leave it out", src.Name)
	}
	plan := src.plan(task.External)
	plan.Global = true
	return Global[K, V]{src, t.topic(plan)}
}

// JoinGlobal joins each record with the row of a global table that key names; false, or a key without a row: the
// record flows nowhere, and is counted as skipped. A row that can't be read makes the record a dead letter.
func JoinGlobal[K, G Key, L, R, O any](l Stream[K, L], r Global[G, R], key func(L) (G, bool), f func(l L, r R) (O, error)) Stream[K, O] {
	return joinGlobal(l, r, key, "join", func(c *task.Context, v L, row *R) (o O, ok bool, err error) {
		if row == nil {
			c.Task.Skip()
			return o, false, nil
		}
		o, err = f(v, *row)
		return o, true, err
	})
}

// LeftJoinGlobal is JoinGlobal, but records without a row are joined with nil.
func LeftJoinGlobal[K, G Key, L, R, O any](l Stream[K, L], r Global[G, R], key func(L) (G, bool), f func(l L, r *R) (O, error)) Stream[K, O] {
	return joinGlobal(l, r, key, "left join", func(_ *task.Context, v L, row *R) (O, bool, error) {
		o, err := f(v, row)
		return o, true, err
	})
}

func joinGlobal[K, G Key, L, R, O any](l Stream[K, L], r Global[G, R], key func(L) (G, bool), text string, f func(*task.Context, L, *R) (O, bool, error)) Stream[K, O] {
	joined := deriveAll(l, text+", global "+r.x.Name, func(push sink[K, O]) sink[K, L] {
		return func(c *task.Context, k K, v L) error {
			row, err := lookUp(c, r, v, key)
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
	for _, n := range joined.nodes {
		up := n.up
		n.up = func(g *group, push sink[K, O]) *step {
			if !slices.Contains(g.Globals, r.x) {
				g.Globals = append(g.Globals, r.x)
			}
			return up(g, push)
		}
	}
	return joined
}

// lookUp decodes a row; nil: there is none.
func lookUp[K Key, L, R any](c *task.Context, r Global[K, R], v L, key func(L) (K, bool)) (*R, error) {
	k, ok := key(v)
	if !ok {
		return nil, nil
	}
	b := c.Global(r.x.Name, string(k))
	if b == nil {
		return nil, nil
	}
	row, err := r.topic.Codec.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("row %.64q of topic %s: %w", string(k), r.x.Name, err)
	}
	return &row, nil
}
