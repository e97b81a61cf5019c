package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

// drainPoll is how often Drain looks at what is committed.
const drainPoll = 50 * time.Millisecond

// Drain returns when everything that lies in the external topics now has been processed by all groups, and
// can be read from their outputs and changelogs, whichever instances do it. Run must be under way. What timers
// have yet to say is not waited for.
//
// It goes from upstream to downstream: once a group has committed what it had to read, all that it makes of it
// lies in its outputs, since both are one transaction.
func (e *Engine) Drain(ctx context.Context) error {
	ends := map[string]map[int32]int64{}
	for _, x := range e.topology.Topics {
		if x.Kind == task.External {
			if err := e.endOf(ctx, x.Name, ends); err != nil {
				return err
			}
		}
	}
	groups, err := downstream(e.topology)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := e.drainGroup(ctx, g, ends); err != nil {
			return err
		}
	}
	return nil
}

// downstream orders groups such that each comes after those that write what it reads.
func downstream(t *task.Topology) ([]*task.Group, error) {
	var order []*task.Group
	done := map[string]bool{}
	fed := func(g *task.Group) bool {
		return !slices.ContainsFunc(g.Inputs, func(in *task.Input) bool {
			return slices.ContainsFunc(in.Topic.Writers, func(w string) bool { return !done[w] })
		})
	}
	for len(order) < len(t.Groups) {
		before := len(order)
		for _, g := range t.Groups {
			if !done[g.Name] && fed(g) {
				order, done[g.Name] = append(order, g), true
			}
		}
		if len(order) == before {
			return nil, fmt.Errorf("topology %s: its groups feed each other in a circle, they are never drained", t.Name)
		}
	}
	return order, nil
}

func (e *Engine) drainGroup(ctx context.Context, g *task.Group, ends map[string]map[int32]int64) error {
	for _, in := range g.Inputs {
		if err := e.endOf(ctx, in.Topic.Name, ends); err != nil {
			return err
		}
	}
	for _, in := range g.Inputs {
		if err := e.awaitCommitted(ctx, g.Name, in.Topic.Name, ends[in.Topic.Name]); err != nil {
			return err
		}
	}
	written := slices.Clone(g.Outputs)
	if g.Table != nil {
		written = append(written, &task.Topic{Name: g.Table.Topic()})
	}
	for _, x := range written {
		if err := e.admin.AwaitVisible(ctx, x.Name); err != nil {
			return err
		}
	}
	return nil
}

// endOf finds out how far a topic has to be read, once. Partitions without a record have no end.
func (e *Engine) endOf(ctx context.Context, topic string, ends map[string]map[int32]int64) error {
	if ends[topic] != nil {
		return nil
	}
	starts, err := e.admin.StartOffsets(ctx, topic)
	if err != nil {
		return err
	}
	ends[topic] = map[int32]int64{}
	for p, start := range starts {
		end, err := e.admin.LastVisible(ctx, topic, p)
		if err != nil {
			return err
		}
		if end > start {
			ends[topic][p] = end
		}
	}
	return nil
}

// awaitCommitted waits until a group has committed a topic up to its ends. Positions behind nothing but
// watermark records are committed too, after a second at most.
func (e *Engine) awaitCommitted(ctx context.Context, group, topic string, ends map[int32]int64) error {
	for {
		committed, err := e.admin.CommittedOffsets(ctx, group, topic)
		if err != nil {
			return err
		}
		p, done := reached(committed, ends)
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("group %s has committed topic %s partition %d up to offset %d of %d: %w",
				group, topic, p, committed[p].Offset, ends[p], context.Cause(ctx))
		case <-e.ended:
			return fmt.Errorf("wait until group %s has read topic %s: %w", group, topic, errEnded)
		case <-time.After(drainPoll):
		}
	}
}

var errEnded = errors.New("the engine has stopped")

// reached reports whether all ends are committed, or else a partition in which not.
func reached(committed map[int32]client.Committed, ends map[int32]int64) (int32, bool) {
	for p, end := range ends {
		if committed[p].Offset < end {
			return p, false
		}
	}
	return 0, true
}
