package engine

import (
	"context"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

// purge keeps repartition topics short. They have no retention by time, so that a reader that stands still
// for a week loses nothing.
func (e *Engine) purge(ctx context.Context) error {
	t := time.NewTicker(e.cfg.PurgeEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for _, x := range e.topology.Topics {
			if x.Kind.Internal() {
				e.purgeTopic(ctx, x)
			}
		}
	}
}

func (e *Engine) purgeTopic(ctx context.Context, x *task.Topic) {
	below := map[int32]int64{}
	for p := range e.partitions[x.Name] {
		below[p] = -1
	}
	for i, group := range x.Readers {
		committed, err := e.admin.CommittedOffsets(ctx, group, x.Name)
		if err != nil {
			e.logPurge(ctx, x.Name, err)
			return
		}
		for p, low := range below {
			c, ok := committed[p]
			switch {
			case !ok:
				delete(below, p) // somebody has not begun yet
			case i == 0 || c.Offset < low:
				below[p] = c.Offset
			}
		}
	}
	if len(below) == 0 {
		return
	}
	if err := e.admin.DeleteRecordsBelow(ctx, x.Name, below); err != nil {
		e.logPurge(ctx, x.Name, err)
	}
}

func (e *Engine) logPurge(ctx context.Context, topic string, err error) {
	if ctx.Err() == nil {
		e.cfg.Log.Warn("what all readers have read could not be deleted; trying again", "topic", topic, "error", err)
	}
}
