package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tributary-go/tributary/internal/engine/view"
)

// globals are the tables that this instance holds in whole, by topic: goka views, which read committed records
// only. They are as new as what has been read; unlike inputs they are part of no transaction.
type globals map[string]*view.View

func openGlobals(ctx context.Context, e *Engine) (globals, error) {
	gs := globals{}
	for _, x := range e.topology.Topics {
		if !x.Global {
			continue
		}
		v, err := view.NewRaw(ctx, e.cfg.Connection, e.admin, x.Name, e.cfg.Log)
		if err != nil {
			return nil, err
		}
		gs[x.Name] = v
	}
	return gs, nil
}

// run follows the topics until ctx ends.
func (gs globals) run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, v := range gs {
		all.Go(func() { _ = v.Run(ctx) }) // begins again after errors
	}
	all.Wait()
	return nil
}

// globalPoll is how often a group that waits for its tables looks at them.
const globalPoll = 20 * time.Millisecond

// await returns when the group's tables have been read up to the end that they had at the start.
func (gs globals) await(ctx context.Context, g *group) error {
	for _, x := range g.plan.Globals {
		for !gs[x.Name].Ready() {
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait until the table in topic %s is read: %w", x.Name, ctx.Err())
			case <-time.After(globalPoll):
			}
		}
	}
	return nil
}

func (gs globals) get(topic, key string) []byte { return gs[topic].Value(key) }
