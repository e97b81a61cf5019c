// Command clickalerts tells what the clicks in a shop mean.
package main

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/internal/backtest"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// program is what can be set by flags and environment. Clicks are remembered as long as the binary's default
// says, so that none counts twice.
type program struct {
	processor.Flags
	config.Rules    `set:"retain=192h"`
	Once            bool          `help:"Find matches of a pattern that don't overlap, and tell of the churn risk of a user once in the pattern's window. Without it every match is an alert." group:"Rules"`
	ByArrival       bool          `help:"Take clicks of one time as they arrived, not by their ids." group:"Rules"`
	MaxIdleAdvance  time.Duration `help:"How far event time goes on while nobody clicks, at the rate of the wall clock: so a cart that was left behind is noticed before the next click. 0: not at all." default:"1h" group:"Time"`
	CrossSellWithin time.Duration `help:"Cross-sell: from view to view." default:"5m" group:"Rules"`
	CartPrice       string        `help:"Abandoned cart: price above which a cart counts." default:"200" group:"Rules"`
	CartWithin      time.Duration `help:"Abandoned cart: from cart to purchase." default:"10m" group:"Rules"`
	IntentViews     int           `help:"Purchase intent: views of one session." default:"4" group:"Rules"`
	IntentWithin    time.Duration `help:"Purchase intent: from the first to the last view." default:"15m" group:"Rules"`
	DropWithin      time.Duration `help:"Price sensitivity: from the first view to the cart." default:"10m" group:"Rules"`
	ChurnViews      int           `help:"Churn risk: views without a purchase." default:"10" group:"Rules"`
	ChurnWithin     time.Duration `help:"Churn risk: from the first view to the click after the last." default:"168h" group:"Rules"`
	RuleFile        []string      `help:"Files with rules as documents, in place of the five patterns, whose thresholds say nothing then." type:"existingfile" placeholder:"FILE" group:"Rules"`
	RuleTopic       string        `help:"Topic of rules as documents (clickalerts-rules): they are added, replaced, paused and removed while the program runs. The patterns, or the files, hold until a document of the name comes. Default: none." placeholder:"NAME" group:"Rules"`
}

// Topology implements processor.Program.
func (p *program) Topology() (*stream.Topology, error) {
	zone, from, err := p.Times()
	if err != nil {
		return nil, err
	}
	price, err := decimal.NewFromString(p.CartPrice)
	if err != nil {
		return nil, fmt.Errorf("--cart-price %q is not a number", p.CartPrice)
	}
	documents, err := backtest.ReadRules(p.RuleFile)
	if err != nil {
		return nil, fmt.Errorf("--rule-file: %w", err)
	}
	return clickalerts.Topology(clickalerts.Config{
		Rules: documents, RuleTopic: p.RuleTopic,
		Zone: zone, From: from, Retain: p.Retain, Once: p.Once, ByArrival: p.ByArrival,
		MaxIdleAdvance: p.MaxIdleAdvance,
		Thresholds: clickalerts.Thresholds{
			CrossSellWithin: p.CrossSellWithin, CartPrice: price, CartWithin: p.CartWithin, IntentViews: p.IntentViews, IntentWithin: p.IntentWithin,
			DropWithin: p.DropWithin, ChurnViews: p.ChurnViews, ChurnWithin: p.ChurnWithin,
		},
	})
}

func main() {
	processor.Main(new(program), "clickalerts",
		"Finds patterns in clicks: reads topic clickstream, keeps the compacted topic alerts.")
}
