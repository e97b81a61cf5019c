// Command premiumdrop tells when the premium of somebody we know has fallen.
package main

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// program is what can be set by flags and environment. The dimension is kept for ever.
type program struct {
	processor.Flags
	config.Rules `set:"retain=0s"`
	Ratio        string `help:"Share of a premium that must be left: below it is an alert. More than 0, at most 1." default:"0.85" group:"Rules"`
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	ratio, err := premiumdrop.ParseRatio(p.Ratio)
	if err != nil {
		return nil, fmt.Errorf("--ratio: %w", err)
	}
	return premiumdrop.Topology(premiumdrop.Config{Zone: zone, From: from, Retain: p.Retain, Ratio: ratio})
}

func main() {
	processor.Main(new(program), "premiumdrop",
		"Alerts when premiums fall: reads topic dh_prd_dm_account_wechat_trace and the table topic raw_info, keeps the compacted topics wechat_activity_user and raw_info_updates.")
}
