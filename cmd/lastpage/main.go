// Command lastpage keeps the page that each account saw last, per device.
package main

import (
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

// program is what can be set by flags and environment.
type program struct {
	processor.Flags
	config.Rules
	Order string `help:"What makes a value the last one: ${enum}." enum:"log_time,arrival" default:"log_time" group:"Rules"`
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return lastpage.Topology(lastpage.Config{Zone: zone, From: from, Retain: p.Retain, Order: lastpage.Order(p.Order)})
}

func main() {
	processor.Main(new(program), "lastpage",
		"Keeps last pages: reads topic edw_zy_evt_bury_point_log, keeps the compacted topic user_last_log.")
}
