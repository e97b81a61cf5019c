// Command coupon runs the topology coupon with the flags of cmd/coupon, for tests that kill it.
//
// It ends with its standard input, so that nothing outlives the test, and says "started" when it has looked at its
// topics and listens for signals.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/coupon"
)

type program struct {
	processor.Flags
	config.Rules `set:"retain=2160h"`
	Campaigns    string `help:"JSON file of the campaigns." type:"existingfile" required:""`
	WhileStdin   bool   `help:"Exit when standard input ends."`
}

func main() {
	p := new(program)
	kong.Parse(p, config.Options("coupon", "The topology coupon, for tests.")...)
	if err := p.run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func (p *program) run() error {
	if p.WhileStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	topology, err := p.topology()
	if err != nil {
		return err
	}
	e, err := engine.Open(context.Background(), topology.Plan(), p.Config(p.Kafka, p.Logger(os.Stderr)))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	fmt.Fprintln(os.Stderr, "started")
	return errors.Join(e.Run(ctx), e.Close())
}

func (p *program) topology() (*stream.Topology, error) {
	text, err := os.ReadFile(p.Campaigns)
	if err != nil {
		return nil, err
	}
	campaigns, err := coupon.ParseCampaigns(text)
	if err != nil {
		return nil, err
	}
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return coupon.Topology(coupon.Config{Zone: zone, From: from, Retain: p.Retain, Campaigns: campaigns})
}
