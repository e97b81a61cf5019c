// Command coupon keeps what each buyer spent per day, refunds taken off, and grants coupons for it.
package main

import (
	"fmt"
	"os"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// program is what can be set by flags and environment. Refunds come for 90 days.
type program struct {
	processor.Flags
	config.Rules `set:"retain=2160h"`
	Campaigns    string `help:"JSON file of the campaigns that grant coupons. Default: none, and nothing but the spend is kept." type:"path" group:"Rules" placeholder:"FILE"`
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	campaigns, err := p.campaigns()
	if err != nil {
		return nil, err
	}
	return coupon.Topology(coupon.Config{Zone: zone, From: from, Retain: p.Retain, Campaigns: campaigns})
}

// campaigns reads the file. nil: there is none.
func (p *program) campaigns() ([]coupon.Campaign, error) {
	if p.Campaigns == "" {
		return nil, nil
	}
	text, err := os.ReadFile(p.Campaigns)
	if err != nil {
		return nil, fmt.Errorf("--campaigns: %w", err)
	}
	cs, err := coupon.ParseCampaigns(text)
	if err != nil {
		return nil, fmt.Errorf("--campaigns %s:\n%w", p.Campaigns, err)
	}
	return cs, nil
}

func main() {
	processor.Main(new(program), "coupon",
		"Keeps the spend per buyer and day: reads topics dwd_tb_trd_pay_ri and dwd_tb_trd_rfd_ri, keeps the compacted topic tddl_output. "+
			"With --campaigns it grants coupons: topics coupon_requests and coupons, compacted topics coupon_ledger and campaign_budget.")
}
