// Package processor makes a program of a topology: the engine, and an HTTP server that tells how it is.
package processor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/service"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// Flags are those of every processor.
type Flags struct {
	config.Kafka
	config.Engine
	config.Log
	Listen string `help:"Address of /healthz, /readyz and /metrics. Port 0: any. Empty: none." default:"127.0.0.1:0" group:"HTTP"`
}

// Common implements Program.
func (f *Flags) Common() *Flags { return f }

// Program embeds Flags and may have more; it says what is run.
type Program interface {
	Topology() (*stream.Topology, error)
	Common() *Flags
}

// Main reads flags and environment, and runs until it is told to stop. Exit code 1: something was wrong, and
// standard error says what.
func Main(p Program, name, purpose string) {
	kong.Parse(p, config.Options(name, purpose)...)
	if err := run(p); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(p Program) error {
	f := p.Common()
	t, err := p.Topology()
	if err != nil {
		return err
	}
	return Run(context.Background(), *f, t.Plan(), f.Logger(os.Stderr))
}

// Run runs a topology until ctx ends or a signal comes, and then returns nil, also while it is still looking at the
// cluster. A second signal kills the process.
func Run(ctx context.Context, f Flags, plan *task.Topology, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	CollectLess(ctx)
	context.AfterFunc(ctx, stop) // gives a second signal its ordinary meaning
	cfg := f.Config(f.Kafka, log)
	cfg.Metrics = engine.NewMetrics()
	health := service.NewHealth()
	if err := health.Registry().Register(cfg.Metrics); err != nil {
		return err
	}
	e, err := engine.Open(ctx, plan, cfg)
	if err != nil && ctx.Err() != nil {
		log.Info("told to stop before the start", "undone", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer e.Close()
	health.Check("engine", e.Ready)
	parts := []service.Part{{Name: plan.Name, Run: e.Run}}
	if f.Listen != "" {
		server, err := service.Listen(f.Listen, health.Wrap(nil), log)
		if err != nil {
			return err
		}
		log.Info("health and metrics", "address", server.Addr())
		parts = append(parts, server.Part("http"))
	}
	return service.Run(ctx, log, parts...)
}
