// Package demo is the first minute: a broker in memory, records that come in, and everything that works on
// them in one process, with the same code as in production.
//
// Each use case is an entry (entry.go) in a file of its own: its topology, and a source of records made of
// chance. They share the broker, one look-up with its page, and nothing else.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tributary-go/tributary/internal/embedded"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/service"
)

// Config of a demo.
type Config struct {
	Only   []string       // names of use cases; none: all
	Zone   *time.Location // of business times; nil: UTC
	From   time.Time
	Retain time.Duration
	Rate   int    // generated orders a second; the smaller use cases have a share of it
	Seed   uint64 // of what is generated
	Orders string // file of JSON lines to read instead, for channelgmv alone; "": generate
	Drain  bool   // end when all input is in the tables, and print them
	Listen string
	Out    io.Writer
	Log    *slog.Logger
}

// Run runs until ctx ends, a signal comes, or with Drain all is done.
func Run(ctx context.Context, c Config) (err error) {
	shown, err := c.entries()
	if err != nil {
		return err
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	broker, err := embedded.Start(embedded.Options{Topics: inputs(shown)})
	if err != nil {
		return err
	}
	defer broker.Close()
	dir, err := os.MkdirTemp("", "tributary-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := open(ctx, c, broker.Addrs(), dir)
	if err != nil {
		return err
	}
	defer s.close()
	for _, e := range shown {
		if err := s.add(ctx, e); err != nil {
			return fmt.Errorf("use case %s: %w", e.name, err)
		}
	}
	server, err := s.serve()
	if err != nil {
		return err
	}
	c.greet(server.Addr(), broker.Addrs()[0], shown)
	return service.Run(ctx, c.Log, s.parts...)
}

// entries are the use cases to show: with a file of orders, the one that reads orders.
func (c Config) entries() ([]entry, error) {
	if c.Orders == "" {
		return picked(c.Only)
	}
	orders := channelGMV()
	if slices.ContainsFunc(c.Only, func(name string) bool { return name != orders.name }) {
		return nil, fmt.Errorf("a file of orders is for %s alone", orders.name)
	}
	return []entry{orders}, nil
}

func inputs(shown []entry) map[string]int32 {
	topics := map[string]int32{}
	for _, e := range shown {
		maps.Copy(topics, e.inputs)
	}
	return topics
}

func (c Config) greet(address, broker string, shown []entry) {
	var names []string
	for _, e := range shown {
		names = append(names, e.name)
	}
	fmt.Fprintf(c.Out, "Live page:          http://%s/\nTables:             http://%s/v1/tables\nKafka (in memory):  %s\nRunning:            %s\nCtrl-C ends.\n",
		address, address, broker, strings.Join(names, ", "))
}

// serve puts one look-up before all tables.
func (s *stage) serve() (*service.Server, error) {
	handler, err := lookup.New(lookup.Config{Tables: s.tables, Metrics: s.health.Registry(), Log: s.config.Log})
	if err != nil {
		return nil, err
	}
	server, err := service.Listen(s.config.Listen, s.health.Wrap(handler), s.config.Log)
	if err != nil {
		return nil, err
	}
	s.parts = append(s.parts, server.Part("http"))
	return server, nil
}

// close ends what the parts leave behind.
func (s *stage) close() {
	err := s.producer.Close()
	for _, e := range s.engines {
		err = errors.Join(err, e.Close())
	}
	if err != nil {
		s.config.Log.Warn("the demo did not end cleanly", "error", err)
	}
}
