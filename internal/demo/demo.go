// Package demo is the first minute: a broker in memory, orders that come in, and everything that works on
// them in one process, with the same code as in production.
package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"text/tabwriter"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/embedded"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/service"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// Config of a demo.
type Config struct {
	Zone   *time.Location
	From   time.Time
	Retain time.Duration
	Rate   int    // generated orders a second
	Seed   uint64 // of the generator
	Orders string // file of JSON lines to read instead; "": generate
	Drain  bool   // end when all input is in the tables, and print them
	Listen string
	Out    io.Writer
	Log    *slog.Logger
}

const inputPartitions = 4

// Run runs until ctx ends, a signal comes, or with Drain all is done.
func Run(ctx context.Context, c Config) (err error) {
	topology, err := channelgmv.Topology(channelgmv.Config{Zone: c.Zone, From: c.From, Retain: c.Retain})
	if err != nil {
		return err
	}
	input := channelgmv.Orders(c.Zone).Name
	broker, err := embedded.Start(embedded.Options{Topics: map[string]int32{input: inputPartitions}})
	if err != nil {
		return err
	}
	defer broker.Close()
	dir, err := os.MkdirTemp("", "tributary-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	conn := client.Connection{Brokers: broker.Addrs()}
	metrics := engine.NewMetrics()
	e, err := engine.Open(ctx, topology.Plan(), engine.Config{Connection: conn, Instance: "demo", StateDir: dir, Log: c.Log, Metrics: metrics, IdleAfter: time.Second})
	if err != nil {
		return err
	}
	defer e.Close()
	health := service.NewHealth()
	health.Registry().MustRegister(metrics)
	health.Check("engine", e.Ready)

	parts := []service.Part{{Name: "engine", Run: e.Run}}
	var tables []lookup.Table
	for _, s := range view.Specs(topology.Plan()) {
		v, err := view.New(ctx, conn, e.Admin(), s, c.Log)
		if err != nil {
			return err
		}
		tables = append(tables, v)
		parts = append(parts, service.Part{Name: "view " + s.Info.Name, Run: v.Run})
	}
	handler, err := lookup.New(lookup.Config{Tables: tables, Metrics: health.Registry(), Log: c.Log})
	if err != nil {
		return err
	}
	server, err := service.Listen(c.Listen, health.Wrap(handler), c.Log)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "Sales per channel:  http://%s/\nTables:             http://%s/v1/tables\nKafka (in memory):  %s\nCtrl-C ends.\n", server.Addr(), server.Addr(), broker.Addrs()[0])
	feed := &feeder{c: c, conn: conn, topic: input, engine: e, table: tables[0]}
	parts = append(parts, server.Part("http"), service.Part{Name: "orders", Run: feed.run})
	return service.Run(ctx, c.Log, parts...)
}

// feeder writes the input, and with Drain waits until it has come through.
type feeder struct {
	c      Config
	conn   client.Connection
	topic  string
	engine *engine.Engine
	table  lookup.Table // the result
}

func (f *feeder) run(ctx context.Context) error {
	conf, err := f.conn.Config()
	if err != nil {
		return err
	}
	conf.Producer.Return.Successes = true
	p, err := sarama.NewSyncProducer(f.conn.Brokers, conf)
	if err != nil {
		return err
	}
	defer p.Close()
	if f.c.Orders == "" {
		return f.generate(ctx, p)
	}
	n, err := f.read(ctx, p)
	if err != nil || !f.c.Drain {
		return err
	}
	if err := f.engine.Drain(ctx); err != nil {
		return err
	}
	if err := f.settle(ctx); err != nil {
		return err
	}
	fmt.Fprintf(f.c.Out, "\n%d records from %s\n\n", n, f.c.Orders)
	if err := printTable(f.c.Out, f.table); err != nil {
		return err
	}
	return service.ErrStop
}

func (f *feeder) generate(ctx context.Context, p sarama.SyncProducer) error {
	g := &generator{rand: rand.New(rand.NewPCG(f.c.Seed, 0)), zone: f.c.Zone}
	t := time.NewTicker(time.Second / time.Duration(max(1, f.c.Rate)))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			key, value := g.record(now)
			if err := f.send(p, key, value); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (f *feeder) send(p sarama.SyncProducer, key string, value []byte) error {
	m := &sarama.ProducerMessage{Topic: f.topic, Value: sarama.ByteEncoder(value)}
	if key != "" {
		m.Key = sarama.StringEncoder(key)
	}
	_, _, err := p.SendMessage(m)
	return err
}

func (f *feeder) read(ctx context.Context, p sarama.SyncProducer) (n int, err error) {
	file, err := os.Open(f.c.Orders)
	if err != nil {
		return 0, fmt.Errorf("--orders: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() && ctx.Err() == nil {
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
			if err := f.send(p, "", bytes.Clone(line)); err != nil {
				return n, fmt.Errorf("record %d of %s: %w", n+1, f.c.Orders, err)
			}
			n++
		}
	}
	return n, lines.Err()
}

// settle waits until the view of the results has everything that the engine has committed.
func (f *feeder) settle(ctx context.Context) error {
	for p := int32(0); int(p) < f.table.Info().Partitions; p++ {
		end, err := f.engine.Admin().LastVisible(ctx, f.table.Info().Topic, p)
		if err != nil {
			return err
		}
		for f.table.Position()[p] < end && end > 0 {
			select {
			case <-ctx.Done():
				return errors.New("stopped before all input was in the tables")
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

func printTable(w io.Writer, t lookup.Table) error {
	rows, err := t.Scan("", "", 1000)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n", t.Info().Name)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%s\n", r.Key, r.Value)
	}
	return tw.Flush()
}
