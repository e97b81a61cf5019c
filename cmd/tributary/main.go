// Command tributary shows what Tributary does: a demo without Kafka, the topologies as graphs, and rules tried out.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/demo"
	"github.com/tributary-go/tributary/topologies"
)

type program struct {
	Demo     demoCommand     `cmd:"" help:"Run everything in this process, on a broker in memory: what comes in, the processors, look-ups, a live page."`
	Describe describeCommand `cmd:"" help:"Print the graph of a topology."`
	Cep      cepCommand      `cmd:"" help:"Rules over clicks as documents: check them, try them out."`
}

func main() {
	var p program
	options := config.Options("tributary", "Real-time marketing and insurance analytics on goka and Kafka.")
	options = append(options, kong.Vars{"use_cases": strings.Join(demo.Names(), ", ")})
	k := kong.Parse(&p, options...)
	if err := k.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "tributary: %v\n", err)
		os.Exit(1)
	}
}

type demoCommand struct {
	Listen   string     `help:"Address of the page and the look-ups." default:"127.0.0.1:8080"`
	Only     []string   `help:"Use cases to show: ${use_cases}. Default: all." placeholder:"NAME"`
	Rate     int        `help:"Orders a second. Other use cases have a share of it." default:"40"`
	Seed     uint64     `help:"Seed of what is generated." default:"1"`
	Orders   string     `help:"Read orders from a file of JSON lines instead; shows channelgmv alone." type:"existingfile"`
	Drain    bool       `help:"With --orders: end when all of them are in the tables, and print them."`
	LogLevel slog.Level `help:"Least level that is logged: debug, info, warn or error." default:"error"`
	config.Rules
}

// Run runs the demo.
func (d *demoCommand) Run() error {
	zone, from, err := d.Times()
	if err != nil {
		return err
	}
	if d.Drain && d.Orders == "" {
		return fmt.Errorf("--drain needs --orders: generated orders have no end")
	}
	log := config.Log{LogLevel: d.LogLevel}.Logger(os.Stderr)
	return demo.Run(context.Background(), demo.Config{
		Only: d.Only, Zone: zone, From: from, Retain: d.Retain, Rate: d.Rate, Seed: d.Seed,
		Orders: d.Orders, Drain: d.Drain, Listen: d.Listen, Out: os.Stdout, Log: log,
	})
}

type describeCommand struct {
	Topology string `arg:"" help:"Name of the topology."`
	Mermaid  bool   `help:"As a Mermaid flow chart."`
}

// Run prints a graph.
func (d *describeCommand) Run() error {
	e, ok := topologies.Named(d.Topology)
	if !ok {
		var names []string
		for _, e := range topologies.All() {
			names = append(names, e.Name)
		}
		return fmt.Errorf("there is no topology %q: there are %s", d.Topology, strings.Join(names, ", "))
	}
	t, err := e.New(topologies.Settings{Retain: e.Retain})
	if err != nil {
		return err
	}
	if d.Mermaid {
		fmt.Print(t.Mermaid())
	} else {
		fmt.Print(t.Describe())
	}
	return nil
}
