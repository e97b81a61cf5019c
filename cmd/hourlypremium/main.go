// Command hourlypremium keeps premiums, policies and policyholders per hour.
package main

import (
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

// program is what can be set by flags and environment.
type program struct {
	processor.Flags
	config.Rules
	Identity string `help:"Field by which records are of the same order: ${enum}. With another one, start empty." enum:"id,order_no" default:"id" group:"Rules"`
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return hourlypremium.Topology(hourlypremium.Config{
		Zone: zone, From: from, Retain: p.Retain, Identity: hourlypremium.Identity(p.Identity),
	})
}

func main() {
	processor.Main(new(program), "hourlypremium",
		"Keeps premiums per hour: reads topic user_order, keeps the compacted topic adm_pfm_zy_order_gmv_msx_hs.")
}
