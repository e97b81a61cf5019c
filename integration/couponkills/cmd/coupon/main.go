// Command coupon runs the topology coupon with the flags of cmd/coupon, for tests that kill it.
package main

import (
	"os"

	"github.com/tributary-go/tributary/integration/kills/program"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// killed is what can be set.
type killed struct {
	program.Flags
	config.Rules `set:"retain=2160h"`
	Campaigns    string `help:"JSON file of the campaigns." type:"existingfile" required:""`
}

// Topology implements program.Program.
func (p *killed) Topology() (*stream.Topology, error) {
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

func main() { program.Main(new(killed), "coupon") }
