// Package copier runs a capture: it opens the topic and the table, copies, and begins again after an error that passes.
package copier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/cdc/source"
	"github.com/tributary-go/tributary/internal/cdc/topic"
)

// Pauses between lives.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// Config of a capture.
type Config struct {
	Source  source.Config
	Topic   topic.Config
	Options cdc.Options
	Log     *slog.Logger
}

// Copier copies one table.
type Copier struct {
	config  Config
	metrics *cdc.Metrics
	log     *slog.Logger
	owner   topic.Owner
}

// New makes a Copier that does not run yet.
func New(c Config) *Copier {
	m := cdc.NewMetrics(c.Source.Capture.Name)
	c.Options.Metrics = m
	log := c.Log.With("capture", c.Source.Capture.Name)
	c.Source.Log, c.Topic.Log = log, log
	return &Copier{config: c, metrics: m, log: log, owner: topic.NewOwner()}
}

// Metrics are those of the capture.
func (c *Copier) Metrics() *cdc.Metrics { return c.metrics }

// Run copies until ctx ends. Whatever fails at the first start is returned, so that people see it; later, only what
// another try does not mend (cdc.ErrStop).
func (c *Copier) Run(ctx context.Context) error {
	pause, first := firstPause, true
	for {
		begun, err := c.life(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, cdc.ErrStop), first && !begun:
			return err
		}
		if begun {
			pause, first = firstPause, false
		}
		c.metrics.Restarted()
		c.log.Warn("the capture begins again at its last position", "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// life is one run, from the position that is committed. begun: it came as far as copying.
func (c *Copier) life(ctx context.Context) (begun bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := source.Open(ctx, c.config.Source) // first: what is wrong here must not fence a capture that works
	if err != nil {
		return false, err
	}
	defer s.Close()
	t, p, err := topic.Open(ctx, c.config.Topic, c.owner)
	if err != nil {
		return false, fmt.Errorf("capture %s: %w", c.config.Source.Capture.Name, err)
	}
	defer t.Close()
	if p == nil {
		if p, err = begin(ctx, s, t); err != nil {
			return false, err
		}
	} else if err := s.Resume(*p); err != nil {
		return false, err
	}
	c.metrics.Resumed(*p)
	c.log.Info("capturing", "from", p.At.String(), "snapshot_done", p.Snapshot.Done, "snapshot_rows", p.Snapshot.Rows)
	return true, cdc.Run(ctx, s, t, *p, c.config.Options)
}

// begin commits the position of a new capture before anything else: from now on, no change is missed.
func begin(ctx context.Context, s *source.Source, t *topic.Topic) (*cdc.Position, error) {
	p, err := cdc.Begin(ctx, s, s.Layout(), s.ServerUUID(), t.Partitions())
	if err != nil {
		return nil, err
	}
	return &p, t.Commit(ctx, nil, p)
}
