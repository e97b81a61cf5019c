package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/task"
)

// group runs one processor group: life after life.
type group struct {
	e        *Engine
	plan     *task.Group
	id       string
	counters task.Counters
	ready    atomic.Bool
	life     atomic.Pointer[life]
	strategy sarama.BalanceStrategy
	memory   memory
	recovery recovery
}

func newGroup(e *Engine, g *task.Group) *group {
	id := instanceID(g.Name, e.cfg.Instance)
	return &group{e: e, plan: g, id: id, strategy: newStrategy(id)}
}

// A new life starts after a pause that doubles up to maxPause; a life that lasted steadyAfter starts over.
const (
	firstPause  = 100 * time.Millisecond
	maxPause    = 5 * time.Second
	steadyAfter = 30 * time.Second
)

func (g *group) run(ctx context.Context) error {
	g.e.cfg.Metrics.register(g)
	if g.e.globals.await(ctx, g) != nil {
		return nil // ctx has ended
	}
	log := g.e.cfg.Log.With("group", g.plan.Name)
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		born := time.Now()
		l := newLife(g)
		g.life.Store(l)
		err := l.run(ctx)
		g.ready.Store(false)
		switch {
		case fatal(err):
			return fmt.Errorf("group %s: %w", g.plan.Name, err)
		case ctx.Err() != nil && l.failed():
			log.Warn("stopped, but the last commit failed: what it held is processed again after the next start", "cause", err)
			return nil
		case ctx.Err() != nil:
			return nil
		}
		g.e.cfg.Metrics.lives.WithLabelValues(g.plan.Name).Inc()
		log.Warn("starting over from what is committed", "after", time.Since(born).Round(time.Millisecond), "cause", err)
		if time.Since(born) > steadyAfter {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// countInputs is the number of partitions of the group's inputs. Those of other programs may have grown since
// the last life; those that have a table beside them must not.
func (g *group) countInputs(ctx context.Context) (int32, error) {
	counts := maps.Clone(g.e.partitions)
	for _, in := range g.plan.Inputs {
		if in.Topic.Kind != task.External {
			continue
		}
		n, err := g.e.admin.Partitions(ctx, in.Topic.Name)
		if err != nil {
			return 0, err
		}
		counts[in.Topic.Name] = n
	}
	if err := fit(g.plan, counts); err != nil {
		return 0, err
	}
	return counts[g.plan.Inputs[0].Topic.Name], nil
}

// fatal errors are those that the next life would meet again.
func fatal(err error) bool {
	return errors.Is(err, task.ErrNewer) || errors.Is(err, errStuck) || errors.Is(err, errTakenOver) || errors.Is(err, errMisfit)
}

// errStuck ends the process: something outside our reach holds the group's stores.
var errStuck = errors.New("a step did not end within its bound: the process must be started anew")

// errTakenOver is returned when another process uses our instance name.
var errTakenOver = errors.New("another process with the same instance name has taken over")

func (l *life) takenOver() error {
	return fmt.Errorf("%w: %q; start each with an --instance of its own", errTakenOver, l.group.e.cfg.Instance)
}
