package demo

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/service"
	"github.com/tributary-go/tributary/stream"
)

// stage is where the use cases run side by side.
type stage struct {
	config   Config
	conn     client.Connection
	producer sarama.SyncProducer
	dir      string // of all stores; each engine has a directory of its own in it
	metrics  *engine.Metrics
	health   *service.Health

	engines []*engine.Engine
	tables  []lookup.Table
	parts   []service.Part
}

func open(ctx context.Context, c Config, brokers []string, dir string) (*stage, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &stage{config: c, conn: client.Connection{Brokers: brokers}, dir: dir, metrics: engine.NewMetrics(), health: service.NewHealth()}
	if err := s.health.Registry().Register(s.metrics); err != nil {
		return nil, err
	}
	conf, err := s.conn.Config()
	if err != nil {
		return nil, err
	}
	conf.Producer.Return.Successes = true
	s.producer, err = sarama.NewSyncProducer(brokers, conf)
	return s, err
}

// add prepares a use case: what its inputs hold before, its engine, its views and what feeds it.
func (s *stage) add(ctx context.Context, e entry) error {
	topology, err := e.topology(s.config)
	if err != nil {
		return err
	}
	f := &feeder{stage: s, entry: e}
	if s.config.Orders == "" {
		f.source = e.source(newChance(s.config.Seed, e.name), s.config.Zone)
		if err := s.send(f.source.before(time.Now())...); err != nil {
			return err
		}
	}
	if f.engine, err = s.engine(ctx, topology); err != nil {
		return err
	}
	if f.result, err = s.views(ctx, topology, f.engine); err != nil {
		return err
	}
	s.parts = append(s.parts, service.Part{Name: "input of " + e.name, Run: f.run})
	return nil
}

func (s *stage) engine(ctx context.Context, t *stream.Topology) (*engine.Engine, error) {
	e, err := engine.Open(ctx, t.Plan(), engine.Config{
		Connection: s.conn, Instance: "demo", StateDir: s.dir, Log: s.config.Log, Metrics: s.metrics, IdleAfter: time.Second,
	})
	if err != nil {
		return nil, err
	}
	s.engines = append(s.engines, e)
	s.health.Check(t.Name(), e.Ready)
	s.parts = append(s.parts, service.Part{Name: t.Name(), Run: e.Run})
	return e, nil
}

// views makes all tables of a topology readable, and returns the first: its result.
func (s *stage) views(ctx context.Context, t *stream.Topology, e *engine.Engine) (result lookup.Table, err error) {
	for _, spec := range view.Specs(t.Plan()) {
		v, err := view.New(ctx, s.conn, e.Admin(), spec, s.config.Log)
		if err != nil {
			return nil, err
		}
		if result == nil {
			result = v
		}
		s.tables = append(s.tables, v)
		s.parts = append(s.parts, service.Part{Name: "view " + spec.Info.Name, Run: v.Run})
	}
	return result, nil
}

// send writes records and waits until the broker has them.
func (s *stage) send(all ...record) error {
	for _, r := range all {
		m := &sarama.ProducerMessage{Topic: r.topic}
		if r.key != "" {
			m.Key = sarama.StringEncoder(r.key)
		}
		if r.value != nil {
			m.Value = sarama.ByteEncoder(r.value)
		}
		if _, _, err := s.producer.SendMessage(m); err != nil {
			return fmt.Errorf("write to topic %s: %w", r.topic, err)
		}
	}
	return nil
}
