package engine

import (
	"context"
	"fmt"

	"github.com/tributary-go/tributary/internal/task"
)

// A bootstrapped input is read to the end that it had at the first start before any other input of its
// partition is taken in. Others wait at their claims, not in goka: it has one goroutine for all inputs of a
// partition, and what waits there would keep the bootstrapped one out too.

// gate is closed while an input has to wait. It opens once.
type gate struct {
	open chan struct{}
	done bool // under the worker's lock
}

// wait returns true once the gate is open, false if ctx ends before.
func (g *gate) wait(ctx context.Context) bool {
	if g == nil {
		return true
	}
	select {
	case <-g.open:
		return true
	case <-ctx.Done():
		return false
	}
}

// gateOf is what an input has to wait for; nil: nothing.
func (w *worker) gateOf(topic string) *gate {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.task.Takes(topic) {
		return nil
	}
	return &w.gate
}

// release opens the gate when it is time. The caller holds the lock.
func (w *worker) release() {
	if w.gate.done || !w.task.Complete() {
		return
	}
	w.gate.done = true
	close(w.gate.open)
}

// bootstrap asks where the partition's bootstrapped inputs end, those that other programs write. What comes
// later is not waited for.
func (w *worker) bootstrap() error {
	for _, in := range w.life.group.plan.Inputs {
		if !in.Topic.Bootstrap || in.Topic.Kind != task.External || w.task.Complete() {
			continue
		}
		end, err := w.life.group.e.admin.LastVisible(w.life.ctx, in.Topic.Name, w.task.Partition)
		if err != nil {
			return fmt.Errorf("find the end up to which %s is read before other inputs: %w", in.Topic.Name, err)
		}
		w.task.Bootstrap(in.Topic.Name, w.next[in.Topic.Name], end)
	}
	w.release()
	return nil
}
