// Command premiumdrop runs the topology premiumdrop with the flags of cmd/premiumdrop, for tests that kill it.
package main

import (
	"github.com/tributary-go/tributary/integration/kills/program"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// killed is what can be set.
type killed struct {
	program.Flags
	config.Rules `set:"retain=0s"`
}

// Topology implements program.Program.
func (p *killed) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return premiumdrop.Topology(premiumdrop.Config{Zone: zone, From: from, Retain: p.Retain})
}

func main() { program.Main(new(killed), "premiumdrop") }
