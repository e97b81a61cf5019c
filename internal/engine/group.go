package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/task"
)

// group runs one processor group: life after life.
type group struct {
	e        *Engine
	plan     *task.Group
	inputs   int32 // partitions of its inputs
	id       string
	counters task.Counters
	ready    atomic.Bool
	life     atomic.Pointer[life]
	strategy sarama.BalanceStrategy
}

func newGroup(e *Engine, g *task.Group) *group {
	return &group{e: e, plan: g, id: g.Name + "-" + e.cfg.Instance, strategy: newStrategy(g.Name + "-" + e.cfg.Instance)}
}

// A new life starts after a pause that doubles up to maxPause; a life that lasted steadyAfter starts over.
const (
	firstPause  = 100 * time.Millisecond
	maxPause    = 5 * time.Second
	steadyAfter = 30 * time.Second
)

func (g *group) run(ctx context.Context) (err error) {
	if g.inputs, err = g.e.inputsOf(g.plan); err != nil {
		return err
	}
	g.e.cfg.Metrics.register(g)
	pause := firstPause
	for {
		born := time.Now()
		l := newLife(g)
		g.life.Store(l)
		err := l.run(ctx)
		g.ready.Store(false)
		if ctx.Err() != nil {
			return nil
		}
		if fatal(err) {
			return fmt.Errorf("group %s: %w", g.plan.Name, err)
		}
		g.e.cfg.Metrics.lives.WithLabelValues(g.plan.Name).Inc()
		g.e.cfg.Log.Warn("starting over from what is committed", "group", g.plan.Name, "after", time.Since(born).Round(time.Millisecond), "cause", err)
		if time.Since(born) > steadyAfter {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

// errStuck ends the process: something outside our reach holds the group's stores.
var errStuck = errors.New("a step did not end within its bound: the process must be started anew")

// fatal errors are those that the next life would meet again.
func fatal(err error) bool {
	return errors.Is(err, task.ErrNewer) || errors.Is(err, errStuck) || errors.Is(err, errTakenOver)
}

// errTakenOver is returned when another process uses our instance name.
var errTakenOver = errors.New("another process with the same --instance name has taken over")
