// Package topologies lists the topologies that come with Tributary.
package topologies

import (
	"slices"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/channelgmv"
	"github.com/tributary-go/tributary/topologies/clickalerts"
	"github.com/tributary-go/tributary/topologies/coupon"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
	"github.com/tributary-go/tributary/topologies/lastpage"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// Settings are what all topologies have in common.
type Settings struct {
	Zone   *time.Location // of times without one, and of days; nil: the topology's default
	From   time.Time      // leaves out what happened before it; zero: nothing
	Retain time.Duration  // for how long state can be corrected; 0: for ever

	RuleTopic string // of rules over clicks that come as data, see clickalerts.Config; "": none do
}

// Entry is a topology by name.
type Entry struct {
	Name   string
	Doc    string        // one line
	Retain time.Duration // what its binary uses unless told otherwise; 0: for ever
	New    func(Settings) (*stream.Topology, error)
}

// All lists the topologies. A new one is a line here.
func All() []Entry {
	return []Entry{
		{"channelgmv", "what was paid per sales channel and day", channelgmv.DefaultRetain, newChannelGMV},
		{"clickalerts", "what the clicks in a shop mean: carts left behind, customers about to leave", clickalerts.DefaultRetain, newClickAlerts},
		{"coupon", "what each buyer spent per day, refunds taken off, and the coupons for it", coupon.DefaultRetain, newCoupon},
		{"hourlypremium", "premiums, policies and policyholders per hour", hourlypremium.DefaultRetain, newHourlyPremium},
		{"lastpage", "the page that each account saw last, per device", lastpage.DefaultRetain, newLastPage},
		{"premiumdrop", "whose premium has fallen, and what each was last", 0, newPremiumDrop},
	}
}

// Named finds a topology.
func Named(name string) (Entry, bool) {
	all := All()
	i := slices.IndexFunc(all, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return all[i], true
}

func newChannelGMV(s Settings) (*stream.Topology, error) {
	return channelgmv.Topology(channelgmv.Config{Zone: s.Zone, From: s.From, Retain: s.Retain})
}

func newClickAlerts(s Settings) (*stream.Topology, error) {
	return clickalerts.Topology(clickalerts.Config{Zone: s.Zone, From: s.From, Retain: s.Retain, RuleTopic: s.RuleTopic})
}

// newCoupon is the topology that grants coupons; without campaigns it ends with the spend.
func newCoupon(s Settings) (*stream.Topology, error) {
	return coupon.Topology(coupon.Config{Zone: s.Zone, From: s.From, Retain: s.Retain, Campaigns: []coupon.Campaign{}})
}

func newHourlyPremium(s Settings) (*stream.Topology, error) {
	return hourlypremium.Topology(hourlypremium.Config{Zone: s.Zone, From: s.From, Retain: s.Retain})
}

func newLastPage(s Settings) (*stream.Topology, error) {
	return lastpage.Topology(lastpage.Config{Zone: s.Zone, From: s.From, Retain: s.Retain})
}

func newPremiumDrop(s Settings) (*stream.Topology, error) {
	return premiumdrop.Topology(premiumdrop.Config{Zone: s.Zone, From: s.From, Retain: s.Retain})
}
