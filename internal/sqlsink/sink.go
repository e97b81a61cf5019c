package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/tables"
)

// Config of a sink.
type Config struct {
	Connection client.Connection
	Database   Database
	// Tables to fill. Those of topics that don't exist are an error.
	Tables []tables.Projection
	// Connections of each table, at most one for each partition of its topic. 0: 4. SQLite: 1.
	Connections int
	// CreateTables makes tables that are missing, tributary_positions among them.
	CreateTables bool
	// Reconcile compares the tables with their topics before anything else, and deletes rows that those don't have.
	Reconcile bool
	// DeadLetters is the topic for what can't be written. "": sqlsink-dead-letters. Replication of it if it is created,
	// 0: the brokers' default.
	DeadLetters string
	Replication int16
	// Owner names this process in tributary_positions, for people.
	Owner   string
	Log     *slog.Logger
	Metrics *Metrics
}

// Sink keeps tables equal to topics. Open makes one, Run runs it once, Close ends it.
type Sink struct {
	admin    *client.Admin
	database dialect
	letters  *letters
	feeds    []*feed
}

// Open connects and checks everything that can be checked. Its error lists all that does not fit; nothing is read or
// written then, but tables may have been created.
func Open(ctx context.Context, c Config) (*Sink, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	d, err := c.Database.open(c.Log)
	if err != nil {
		return nil, err
	}
	admin, err := client.Open(ctx, c.Connection)
	if err != nil {
		d.close()
		return nil, err
	}
	s := &Sink{admin: admin, database: d}
	if err := s.open(ctx, c, d); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Connections == 0 {
		c.Connections = 4
	}
	if c.DeadLetters == "" {
		c.DeadLetters = "sqlsink-dead-letters"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	return c
}

func (c Config) check() error {
	var errs []error
	if c.Connections < 0 {
		errs = append(errs, fmt.Errorf("the number of connections is %d: it must be at least 1", c.Connections))
	}
	if len(c.Tables) == 0 {
		errs = append(errs, errors.New("there is no table to fill"))
	}
	seen := map[string]bool{}
	for _, p := range c.Tables {
		errs = append(errs, p.Check())
		if name := strings.ToLower(p.Table); seen[name] || name == positionsTable {
			errs = append(errs, fmt.Errorf("table %s is filled from two topics, or is the sink's own", p.Table))
		} else {
			seen[name] = true
		}
	}
	return errors.Join(errs...)
}

// open checks database and topics both before it gives up.
func (s *Sink) open(ctx context.Context, c Config, d dialect) error {
	schemas, errs := s.openTables(ctx, c, d)
	for _, p := range c.Tables {
		n, err := s.admin.Partitions(ctx, p.Topic)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("topic of table %s: %w: start the program that writes it first", p.Table, err))
			continue
		}
		_, err = s.admin.EnsureTopics(ctx, []client.TopicSpec{{Name: p.Topic, MustExist: true, Config: map[string]string{"cleanup.policy": policy(p)}}})
		errs = errors.Join(errs, err)
		s.feeds = append(s.feeds, s.feed(c, d, p, schemas[p.Table], n))
	}
	if errs != nil {
		return errs
	}
	letters, err := openLetters(ctx, c.Connection, s.admin, c.DeadLetters, c.Replication, c.Metrics)
	if err != nil {
		return err
	}
	s.letters = letters
	for _, f := range s.feeds {
		f.letters = letters
	}
	return nil
}

// policy is how a topic must be cleaned up: compaction would drop events.
func policy(p tables.Projection) string {
	if p.Events {
		return "delete"
	}
	return "compact"
}

func (s *Sink) openTables(ctx context.Context, c Config, d dialect) (map[string]*schema, error) {
	con, err := d.connect(ctx)
	if err != nil {
		return nil, explain(d, c.Database, "connect to the database", err)
	}
	defer con.close()
	o := &opening{d: d, c: con, settings: c.Database, create: c.CreateTables, log: c.Log}
	schemas := map[string]*schema{}
	var errs error
	for _, p := range append([]tables.Projection{positions()}, c.Tables...) {
		s, err := o.table(ctx, p)
		errs = errors.Join(errs, err)
		schemas[p.Table] = s
	}
	return schemas, errs
}

func (s *Sink) feed(c Config, d dialect, p tables.Projection, found *schema, partitions int32) *feed {
	f := &feed{
		target: newTarget(p), schema: found, dialect: d, partitions: partitions, metrics: c.Metrics, log: c.Log,
		source: source{conn: c.Connection, admin: s.admin, topic: p.Topic, log: c.Log},
		owner:  c.Owner, connections: c.Connections, reconcile: c.Reconcile,
	}
	if found != nil {
		var notes []string
		f.target.padded, notes = d.keys(f.target, found)
		for _, n := range notes {
			c.Log.Warn("an existing table differs from its declaration", "table", p.Table, "difference", n)
		}
	}
	return f
}

// Run fills the tables until ctx ends, and then returns nil. An error that can't be mended by trying again ends all of
// them.
func (s *Sink) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var feeds sync.WaitGroup
	errs := make(chan error, len(s.feeds))
	for _, f := range s.feeds {
		feeds.Go(func() {
			if err := f.run(ctx); err != nil {
				errs <- err
				cancel(err)
			}
		})
	}
	feeds.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}

// Ready returns nil once every table has caught up, or what is waited for.
func (s *Sink) Ready() error {
	var waiting []string
	for _, f := range s.feeds {
		if !f.ready.Load() {
			waiting = append(waiting, f.target.Table)
		}
	}
	if len(waiting) > 0 {
		return fmt.Errorf("tables that have not caught up: %s", strings.Join(waiting, ", "))
	}
	return nil
}

// Close gives up all connections. Run must have returned.
func (s *Sink) Close() {
	s.database.close()
	if s.letters != nil {
		s.letters.close()
	}
	_ = s.admin.Close()
}
