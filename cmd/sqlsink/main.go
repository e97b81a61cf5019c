// Command sqlsink keeps SQL tables equal to the result topics of the topologies.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/service"
	"github.com/tributary-go/tributary/internal/sqlsink"
	"github.com/tributary-go/tributary/topologies"
)

type program struct {
	config.Kafka
	database
	config.Log
	Table        []string `help:"Tables to fill. Default: all whose topics exist." placeholder:"NAME" group:"Tables"`
	CreateTables bool     `help:"Create tables that are missing." group:"Tables"`
	Reconcile    bool     `help:"Compare the tables with the whole topics first, and delete rows that those don't have." group:"Tables"`
	Connections  int      `help:"Connections for each table, at most one for each partition. SQLite: 1." default:"4" group:"Tables"`
	DeadLetters  string   `help:"Topic for records that the database refuses. It is created if it is missing." default:"sqlsink-dead-letters" group:"Tables"`
	Replication  int16    `help:"Replicas of topics that are created. 0: the brokers' default." default:"0" group:"Tables"`
	Listen       string   `help:"Address of /healthz, /readyz and /metrics. Port 0: any. Empty: none." default:"127.0.0.1:0" group:"HTTP"`
}

func main() {
	var p program
	kong.Parse(&p, config.Options("sqlsink", "Fills SQL tables from the result topics of the topologies, exactly once.")...)
	if err := p.run(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "sqlsink: %v\n", err)
		os.Exit(1)
	}
}

func (p *program) run(ctx context.Context) error {
	log := p.Logger(os.Stderr)
	db, err := p.settings()
	if err != nil {
		return err
	}
	tables, err := sqlsink.Named(ctx, p.Connection(), topologies.Tables(), p.Table)
	if err != nil {
		return err
	}
	metrics, health := sqlsink.NewMetrics(), service.NewHealth()
	health.Registry().MustRegister(metrics)
	sink, err := sqlsink.Open(ctx, sqlsink.Config{
		Connection: p.Connection(), Database: db, Tables: tables, Connections: p.Connections, CreateTables: p.CreateTables,
		Reconcile: p.Reconcile, DeadLetters: p.DeadLetters, Replication: p.Replication, Owner: owner(), Log: log, Metrics: metrics,
	})
	if err != nil {
		return err
	}
	defer sink.Close()
	health.Check("tables", sink.Ready)
	parts := []service.Part{{Name: "tables", Run: sink.Run}}
	if p.Listen != "" {
		server, err := service.Listen(p.Listen, health.Wrap(nil), log)
		if err != nil {
			return err
		}
		log.Info("health and metrics", "address", server.Addr())
		parts = append(parts, server.Part("http"))
	}
	return service.Run(ctx, log, parts...)
}

// owner is this process for people who look at the positions.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}
