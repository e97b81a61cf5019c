package main

import (
	"context"
	"log/slog"

	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/internal/service"
	"github.com/tributary-go/tributary/internal/task"
)

// runWithoutTransactions is processor.Run with an engine that gives up exactly-once, which no product offers. It has
// no server for health and metrics.
func runWithoutTransactions(ctx context.Context, f processor.Flags, plan *task.Topology, log *slog.Logger) error {
	processor.CollectLess(ctx)
	cfg := f.Config(f.Kafka, log)
	cfg.Controls.WithoutTransactions = true
	e, err := engine.Open(ctx, plan, cfg)
	if err != nil {
		return err
	}
	defer e.Close()
	return service.Run(ctx, log, service.Part{Name: plan.Name, Run: e.Run})
}
