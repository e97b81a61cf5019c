// Command lookup answers questions about the tables of the topologies over HTTP.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/service"
	"github.com/tributary-go/tributary/topologies"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

type program struct {
	config.Kafka
	config.Log
	Listen string   `help:"Address to listen on." default:"127.0.0.1:8080"`
	Table  []string `help:"Tables to read. Default: all whose topics exist." placeholder:"NAME"`
}

func main() {
	var p program
	kong.Parse(&p, config.Options("lookup", "Answers look-ups over HTTP: rows by key or prefix, and rows as they change.")...)
	if err := p.run(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "lookup: %v\n", err)
		os.Exit(1)
	}
}

func (p *program) run(ctx context.Context) error {
	log := p.Logger(os.Stderr)
	specs, err := p.specs()
	if err != nil {
		return err
	}
	views, err := view.Open(ctx, p.Connection(), specs, len(p.Table) > 0, log)
	if err != nil {
		return err
	}
	defer views.Close()
	health := service.NewHealth()
	handler, err := lookup.New(lookup.Config{Tables: views.Tables(), Metrics: health.Registry(), Log: log})
	if err != nil {
		return err
	}
	health.Check("views", views.Ready)
	server, err := service.Listen(p.Listen, health.Wrap(handler), log)
	if err != nil {
		return err
	}
	log.Info("look-ups", "address", server.Addr())
	return service.Run(ctx, log, server.Part("http"), service.Part{Name: "views", Run: views.Run})
}

// specs are the tables asked for, of all topologies.
func (p *program) specs() ([]view.Spec, error) {
	var all []view.Spec
	for _, e := range topologies.All() {
		t, err := e.New(topologies.Settings{Retain: e.Retain, RuleTopic: clickalerts.RuleTopic})
		if err != nil {
			return nil, err
		}
		all = append(all, view.Specs(t.Plan())...)
	}
	return view.Named(all, p.Table)
}
