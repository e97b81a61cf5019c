package couponkills

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/kills"
)

// tier names a coupon without its sequence.
type tier struct {
	campaign string
	buyer    int64
	day      string
	spend    int64
}

// coupon is what the records of coupon_requests, coupons and coupon_ledger say of one.
type coupon struct {
	ID        string      `json:"id"`
	Campaign  string      `json:"campaign"`
	Buyer     int64       `json:"buyer_id"`
	Day       json.Number `json:"effect_time"`
	Tier      int64       `json:"tier"`
	Sequence  int64       `json:"sequence"`
	FaceValue int64       `json:"face_value"`
}

func (c coupon) tier() tier { return tier{c.Campaign, c.Buyer, c.Day.String(), c.Tier} }

// name is the id that the parts make.
func (c coupon) name() string {
	escaped := strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(c.Campaign)
	return fmt.Sprintf("%s|%d|%s|%d|%d", escaped, c.Buyer, c.Day, c.Tier, c.Sequence)
}

// sums are the totals of a campaign.
type sums struct {
	Budget    int64 `json:"budget"`
	Issued    int64 `json:"issued"`
	Revoked   int64 `json:"revoked"`
	Denied    int64 `json:"denied"`
	Remaining int64 `json:"remaining"`
}

// replay decides requests anew.
type replay struct {
	*Report
	campaigns []Campaign
	last      map[tier]int64        // newest sequence
	open      map[tier]coupon       // asked for and not given back
	issued    map[string]bool       // ids that were ever issued
	held      map[int64][]coupon    // by buyer: issued and not revoked
	sums      map[string]*sums      // by campaign
	events    map[string][]expected // by campaign
}

// expected is an event that must come.
type expected struct {
	ID    string
	Event string
	Left  int64 // of the budget
}

func newReplay(r *Report, campaigns []Campaign) *replay {
	p := &replay{
		Report: r, campaigns: campaigns, last: map[tier]int64{}, open: map[tier]coupon{}, issued: map[string]bool{},
		held: map[int64][]coupon{}, sums: map[string]*sums{}, events: map[string][]expected{},
	}
	for _, c := range campaigns {
		p.sums[c.Name] = &sums{Budget: c.Budget, Remaining: c.Budget}
	}
	return p
}

// request replays one record of coupon_requests.
func (p *replay) request(x brokers.Record) {
	var q struct {
		coupon
		Kind string `json:"kind"`
	}
	err := json.Unmarshal(x.Value, &q)
	if err != nil || q.ID != q.name() || string(x.Key) != q.Campaign || p.sums[q.Campaign] == nil {
		p.Differ("request at partition %d, offset %d: %s: %s (%v)", x.Partition, x.Offset, x.Key, x.Value, err)
		return
	}
	asked, open := p.open[q.tier()]
	switch {
	case q.Kind == "issue" && !open && q.Sequence == p.last[q.tier()]+1:
		p.last[q.tier()], p.open[q.tier()] = q.Sequence, q.coupon
		p.decide(q.coupon)
	case q.Kind == "revoke" && open && asked == q.coupon:
		delete(p.open, q.tier())
		p.revoke(q.coupon)
	default:
		p.Differ("request to %s %s at partition %d, offset %d, after sequence %d (open: %t)", q.Kind, q.ID, x.Partition, x.Offset, p.last[q.tier()], open)
	}
}

func (p *replay) decide(c coupon) {
	s := p.sums[c.Campaign]
	event := "denied"
	if s.Issued-s.Revoked+c.FaceValue <= s.Budget {
		event = "issued"
		p.issued[c.ID] = true
		p.held[c.Buyer] = append(p.held[c.Buyer], c)
		s.Issued += c.FaceValue
		p.Issued++
	} else {
		s.Denied += c.FaceValue
		p.Denied++
	}
	p.expect(c, event)
}

func (p *replay) revoke(c coupon) {
	if !p.issued[c.ID] {
		return // denied stays denied, and frees nothing
	}
	p.held[c.Buyer] = slices.DeleteFunc(p.held[c.Buyer], func(h coupon) bool { return h == c })
	p.sums[c.Campaign].Revoked += c.FaceValue
	p.Revoked++
	p.expect(c, "revoked")
}

func (p *replay) expect(c coupon, event string) {
	s := p.sums[c.Campaign]
	s.Remaining = s.Budget - s.Issued + s.Revoked
	p.events[c.Campaign] = append(p.events[c.Campaign], expected{c.ID, event, s.Remaining})
}

// checkReached: what was asked for and not given back is what the spends have reached.
func (p *replay) checkReached(spends map[buyerDay]int64) {
	want := map[tier]bool{}
	for k, yuan := range spends {
		for _, c := range p.campaigns {
			from, to := strings.ReplaceAll(c.From, "-", ""), strings.ReplaceAll(c.To, "-", "")
			for _, t := range c.Tiers {
				if from <= k.day && k.day <= to && yuan >= t.Spend {
					want[tier{c.Name, k.buyer, k.day, t.Spend}] = true
				}
			}
		}
	}
	for k := range kills.Union(p.open, want) {
		if _, open := p.open[k]; open != want[k] {
			p.Differ("coupon of %+v: asked for: %t, reached: %t", k, open, want[k])
		}
	}
}

// checkEvents compares the events of each campaign, one after the other. It trusts nothing of the replay where it
// looks for ids that come twice and for budgets that are exceeded.
func (p *replay) checkEvents(records []brokers.Record) {
	got := map[string][]expected{}
	seen, outstanding := map[expected]bool{}, map[string]int64{}
	for _, x := range records {
		var e struct {
			coupon
			Event string `json:"event"`
			Left  int64  `json:"remaining"`
		}
		err := json.Unmarshal(x.Value, &e)
		if once := (expected{ID: e.ID, Event: e.Event}); err != nil || string(x.Key) != e.Campaign || seen[once] {
			p.Differ("event at partition %d, offset %d: %s twice, or not what it should be (%v): %s", x.Partition, x.Offset, e.ID, err, x.Value)
		} else {
			seen[once] = true
		}
		switch e.Event {
		case "issued":
			outstanding[e.Campaign] += e.FaceValue
		case "revoked":
			outstanding[e.Campaign] -= e.FaceValue
		}
		if s := p.sums[e.Campaign]; s == nil || outstanding[e.Campaign] > s.Budget {
			p.Differ("event at partition %d, offset %d: %d yuan are outstanding of campaign %s", x.Partition, x.Offset, outstanding[e.Campaign], e.Campaign)
		}
		got[e.Campaign] = append(got[e.Campaign], expected{e.ID, e.Event, e.Left})
	}
	for name := range kills.Union(got, p.events) {
		p.compareEvents(name, got[name], p.events[name])
	}
}

func (p *replay) compareEvents(campaign string, got, want []expected) {
	if len(got) != len(want) {
		p.Differ("campaign %s has %d events, the replay %d", campaign, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			p.Differ("event %d of campaign %s: %+v, the replay has %+v", i+1, campaign, got[i], want[i])
			return // those after it differ too
		}
	}
}

// checkLedger compares what buyers hold, in any order: events of several campaigns come as they come.
func (p *replay) checkLedger(records []brokers.Record) {
	got := map[string][]string{}
	for key, value := range kills.Latest(records) {
		var row struct {
			Buyer     int64    `json:"buyer_id"`
			FaceValue int64    `json:"face_value"`
			Coupons   []coupon `json:"coupons"`
		}
		if err := json.Unmarshal(value, &row); err != nil || fmt.Sprint(row.Buyer) != key {
			p.Differ("coupon_ledger %s: %s (%v)", key, value, err)
		}
		for _, c := range row.Coupons {
			got[key] = append(got[key], c.ID)
			row.FaceValue -= c.FaceValue
		}
		if row.FaceValue != 0 {
			p.Differ("coupon_ledger %s: face_value is off by %d", key, row.FaceValue)
		}
		slices.Sort(got[key])
	}
	want := map[string][]string{}
	for buyer, cs := range p.held {
		for _, c := range cs {
			want[fmt.Sprint(buyer)] = append(want[fmt.Sprint(buyer)], c.ID)
		}
	}
	for buyer, ids := range want {
		slices.Sort(ids)
		if !slices.Equal(got[buyer], ids) {
			p.Differ("buyer %s holds %q, want %q", buyer, got[buyer], ids)
		}
	}
	maps.DeleteFunc(got, func(buyer string, _ []string) bool { return want[buyer] != nil })
	for buyer, ids := range got {
		p.Differ("buyer %s holds %q, want nothing", buyer, ids)
	}
}

func (p *replay) checkBudgets(records []brokers.Record) {
	got := kills.Latest(records)
	for name, want := range p.sums {
		var row sums
		value, there := got[name]
		if !there {
			row = sums{Budget: want.Budget, Remaining: want.Budget} // nobody has asked yet
		} else if err := json.Unmarshal(value, &row); err != nil {
			p.Differ("campaign_budget %s: %s (%v)", name, value, err)
		}
		if row != *want {
			p.Differ("campaign_budget %s: %+v, want %+v", name, row, *want)
		}
		delete(got, name)
	}
	for name := range got {
		p.Differ("campaign_budget has a row of %s, which is no campaign", name)
	}
}
