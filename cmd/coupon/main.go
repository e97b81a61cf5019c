// Command coupon keeps what each buyer spent per day, refunds taken off.
package main

import (
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// program is what can be set by flags and environment. Refunds come for 90 days.
type program struct {
	processor.Flags
	config.Rules `set:"retain=2160h"`
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	return coupon.Topology(coupon.Config{Zone: zone, From: from, Retain: p.Retain})
}

func main() {
	processor.Main(new(program), "coupon",
		"Keeps the spend per buyer and day: reads topics dwd_tb_trd_pay_ri and dwd_tb_trd_rfd_ri, keeps the compacted topic tddl_output.")
}
