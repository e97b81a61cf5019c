package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

// drainPoll is how often Drain looks at what is committed.
const drainPoll = 50 * time.Millisecond

// Drain waits until everything that lies in the external topics now has been processed by all groups, and
// committed. Groups are looked at downstream from the inputs: what an upstream group has committed lies in its
// outputs, so that their ends are the goals of the next.
func (e *Engine) Drain(ctx context.Context) error {
	done := map[string]bool{}
	for len(done) < len(e.topology.Groups) {
		progress := false
		for _, g := range e.topology.Groups {
			if done[g.Name] || !fed(g, done) {
				continue
			}
			for _, in := range g.Inputs {
				if err := e.drainInput(ctx, g, in.Topic); err != nil {
					return err
				}
			}
			done[g.Name], progress = true, true
		}
		if !progress {
			return fmt.Errorf("topology %s: its groups feed each other in a circle, they are never drained", e.topology.Name)
		}
	}
	return nil
}

// fed reports whether all groups that write g's inputs are done.
func fed(g *task.Group, done map[string]bool) bool {
	for _, in := range g.Inputs {
		if slices.ContainsFunc(in.Topic.Writers, func(w string) bool { return !done[w] }) {
			return false
		}
	}
	return true
}

// drainInput waits until g has committed what a topic holds now.
func (e *Engine) drainInput(ctx context.Context, g *task.Group, x *task.Topic) error {
	goal := make([]int64, e.partitions[x.Name])
	for p := range goal {
		end, err := e.admin.LastVisible(ctx, x.Name, int32(p))
		if err != nil {
			return err
		}
		start, err := e.admin.StartOffset(ctx, x.Name, int32(p))
		if err != nil {
			return err
		}
		if goal[p] = end; end <= start {
			goal[p] = 0 // nothing is left in it
		}
	}
	for {
		committed, err := e.admin.CommittedOffsets(ctx, g.Name, x.Name)
		if err != nil {
			return err
		}
		behind := false
		for p, want := range goal {
			behind = behind || want > 0 && committed[int32(p)].Offset < want
		}
		if !behind {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain topic %s into group %s: %w", x.Name, g.Name, ctx.Err())
		case <-time.After(drainPoll):
		}
	}
}
