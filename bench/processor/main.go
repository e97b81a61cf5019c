// Command processor runs a measured topology as the product's binaries do, and under a profiler if asked to.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/integration/countsum"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

type program struct {
	processor.Flags
	Profile string `help:"Write profiles to this path with .cpu (the whole run) and .heap (its fullest moment) added. Default: none." type:"path"`

	Countsum      countSum      `cmd:"" help:"Count and sum payments per user."`
	Channelgmv    channelGMV    `cmd:"" help:"Sales per channel and day."`
	Coupon        coupons       `cmd:"" help:"Spend per buyer and day, and coupons."`
	Hourlypremium hourlyPremium `cmd:"" help:"Premiums per hour."`
	Premiumdrop   premiumDrop   `cmd:"" help:"Premiums that have fallen."`
	Lastpage      lastPage      `cmd:"" help:"Last pages."`
	Clickalerts   clickAlerts   `cmd:"" help:"Patterns in clicks."`
}

type countSum struct {
	Name string `help:"Name of the topology." required:""`
	In   string `help:"Input topic, keyed by user." required:""`
	Out  string `help:"Output topic." required:""`

	WithoutTransactions bool `help:"Write at least once, without transactions. Tables and outputs are wrong after any failure: only to measure."`
}

// Topology is what kong's command stands for.
func (c countSum) Topology() (*stream.Topology, error) { return countsum.Topology(c.Name, c.In, c.Out) }

type channelGMV struct{ config.Rules }

// Topology is what kong's command stands for.
func (c channelGMV) Topology() (*stream.Topology, error) {
	zone, from, err := c.Times()
	if err != nil {
		return nil, err
	}
	return channelgmv.Topology(channelgmv.Config{Zone: zone, From: from, Retain: c.Retain})
}

func main() {
	p := new(program)
	command := kong.Parse(p, config.Options("processor", "Runs a measured topology.")...)
	if err := p.run(command.Command()); err != nil {
		fmt.Fprintf(os.Stderr, "processor: %v\n", err)
		os.Exit(1)
	}
}

func (p *program) run(command string) (err error) {
	build := map[string]func() (*stream.Topology, error){
		"countsum": p.Countsum.Topology, "channelgmv": p.Channelgmv.Topology, "coupon": p.Coupon.Topology,
		"hourlypremium": p.Hourlypremium.Topology, "premiumdrop": p.Premiumdrop.Topology, "lastpage": p.Lastpage.Topology,
		"clickalerts": p.Clickalerts.Topology,
	}
	t, err := build[command]()
	if err != nil {
		return err
	}
	if p.Profile != "" {
		stop, err := profile(p.Profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	if p.Countsum.WithoutTransactions {
		return runWithoutTransactions(context.Background(), p.Flags, t.Plan(), p.Logger(os.Stderr))
	}
	return processor.Run(context.Background(), p.Flags, t.Plan(), p.Logger(os.Stderr))
}
