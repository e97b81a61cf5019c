// Command channelgmv keeps the sales per channel and day.
package main

import (
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// program is what can be set by flags and environment.
type program struct {
	processor.Flags
	config.Rules
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return channelgmv.Topology(channelgmv.Config{Zone: zone, From: from, Retain: p.Retain})
}

func main() {
	processor.Main(new(program), "channelgmv",
		"Keeps sales per channel and day: reads topic trade_order_detail_info, keeps the compacted topic trade_channel_collect.")
}
