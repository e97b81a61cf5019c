// Command clickalerts runs the topology clickalerts with the flags of cmd/clickalerts that matter, for tests that
// kill it.
package main

import (
	"github.com/tributary-go/tributary/integration/kills/program"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// killed is what can be set. Time does not go on without clicks: whether a cart is late would depend on pauses.
type killed struct {
	program.Flags
	config.Rules `set:"retain=192h"`
}

// Topology implements program.Program.
func (p *killed) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return clickalerts.Topology(clickalerts.Config{Zone: zone, From: from, Retain: p.Retain})
}

func main() { program.Main(new(killed), "clickalerts") }
