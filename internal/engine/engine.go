// Package engine runs built topologies on Kafka, exactly once, with unmodified goka.
//
// It is the only code that knows goka, sarama and LevelDB; see docs/design.md for the invariants. Run starts
// one goka processor per group. Each lives in lives: any error in a transaction ends one, and the next
// starts from what is committed (life.go). Within a life a partition is a worker (worker.go) around a
// task.Task; the committer (commit.go) writes what all workers have to say as one transaction.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

// Config of an engine.
type Config struct {
	Connection client.Connection
	// Instance names this process among those that run the same topology: it is part of the transactional ids
	// and the static membership. Two living processes must not share one. Default: the host name.
	Instance string
	// StateDir holds the local stores. They can be deleted: they are rebuilt from Kafka. Default: tributary-state
	// below the temporary directory.
	StateDir string
	// Partitions of the topics that the topology creates. 0: as many as those that exist, or else as its largest
	// input has.
	Partitions int32
	// Replication of topics that are created. 0: the broker's default.
	Replication int16
	// MaxAhead bounds how far the event time of a record may lie ahead of its arrival. 0: no bound.
	MaxAhead time.Duration
	// IdleAfter is how long an external partition must have been read to its end before it no longer holds time
	// back. Default 5 s.
	IdleAfter time.Duration
	// SessionTimeout of the group membership: so long a dead instance's partitions wait. Default 6 s.
	SessionTimeout time.Duration
	// TransactionTimeout: so long at most a dead instance's open transaction holds readers back. Default 15 s: a broker that dies is replaced within about 10.
	TransactionTimeout time.Duration
	// StepTimeout is the watchdog's bound on every step that may hang. Default 30 s.
	StepTimeout time.Duration
	// CacheRows bounds the entries of all stores of a group that are kept in memory. Default 400,000.
	CacheRows int
	// MaxOpen bounds the records of a group that are processed and not committed yet. Default 40,000.
	MaxOpen int
	// FlushEvery is how long committed rows stay in memory before they go to the local store. Default 5 s.
	FlushEvery time.Duration
	// PurgeEvery is how often what all readers have committed is deleted from repartition topics. Default 30 s.
	PurgeEvery time.Duration
	// MaxRecord bounds key and value of what is written, in bytes. Default 900 KiB.
	MaxRecord int
	// Log; nil: none.
	Log *slog.Logger
	// Metrics collects the engine's counters; nil: none.
	Metrics *Metrics
	// Controls break guarantees on purpose, for tests that must be able to fail.
	Controls Controls
}

func (c *Config) setDefaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.IdleAfter, 5*time.Second)
	set(&c.SessionTimeout, 6*time.Second)
	set(&c.TransactionTimeout, 15*time.Second)
	set(&c.StepTimeout, 30*time.Second)
	set(&c.FlushEvery, 5*time.Second)
	set(&c.PurgeEvery, 30*time.Second)
	if c.Instance == "" {
		c.Instance, _ = os.Hostname()
	}
	if c.StateDir == "" {
		c.StateDir = os.TempDir() + "/tributary-state"
	}
	if c.CacheRows == 0 {
		c.CacheRows = 400_000
	}
	if c.MaxOpen == 0 {
		c.MaxOpen = 40_000
	}
	if c.MaxRecord == 0 {
		c.MaxRecord = task.DefaultMaxRecord
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
}

// Engine runs one topology in this process.
type Engine struct {
	cfg        Config
	topology   *task.Topology
	admin      *client.Admin
	partitions map[string]int32
	lock       *dirLock
	groups     []*group
	globals    globals
	ended      chan struct{} // closed when Run has returned
}

// Open checks everything that can be checked before the start, all problems at once: the connection, the
// topics (those of the topology are created), the state directory. Close releases what it took.
func Open(ctx context.Context, t *task.Topology, cfg Config) (*Engine, error) {
	cfg.setDefaults()
	if cfg.Connection.ClientID == "" {
		cfg.Connection.ClientID = t.Name + "-" + cfg.Instance
	}
	e := &Engine{cfg: cfg, topology: t, ended: make(chan struct{})}
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	for _, g := range t.Groups {
		e.groups = append(e.groups, newGroup(e, g))
	}
	return e, nil
}

func (e *Engine) prepare(ctx context.Context) error {
	var errs error
	var err error
	if e.lock, err = lockDir(e.cfg.StateDir, e.topology.Name, e.cfg.Instance); err != nil {
		errs = fmt.Errorf("state directory: %w", err)
	}
	if e.admin, err = client.Open(ctx, e.cfg.Connection); err != nil {
		return errors.Join(errs, err)
	}
	errs = errors.Join(errs, e.prepareTopics(ctx))
	if errs != nil {
		return errs
	}
	if e.globals, err = openGlobals(ctx, e); err != nil {
		return err
	}
	return e.checkAlone(ctx)
}

// Run runs all groups until ctx ends (nil) or something is wrong that a new life can't mend. It may be called
// once.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.ended)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := make(chan error, len(e.groups)+2)
	for _, g := range e.groups {
		go func() { ends <- g.run(ctx) }()
	}
	go func() { ends <- e.purge(ctx) }()
	go func() { ends <- e.globals.run(ctx) }()
	var errs error
	for range cap(ends) {
		err := <-ends
		errs = errors.Join(errs, err)
		if err != nil {
			cancel()
		}
	}
	return errs
}

// Ready reports whether all groups are members of their consumer groups and have recovered what they own.
func (e *Engine) Ready() error {
	var errs error
	for _, g := range e.groups {
		if !g.ready.Load() {
			errs = errors.Join(errs, fmt.Errorf("group %s is not running yet", g.plan.Name))
		}
	}
	return errs
}

// Close releases the state directory and the administrative connection, after Run has returned.
func (e *Engine) Close() error {
	var err error
	if e.admin != nil {
		err = e.admin.Close()
	}
	if e.lock != nil {
		err = errors.Join(err, e.lock.unlock())
	}
	return err
}

// Admin is the engine's administrative connection.
func (e *Engine) Admin() *client.Admin { return e.admin }

// Partitions of the topology's topics and changelogs by name.
func (e *Engine) Partitions() map[string]int32 { return e.partitions }
