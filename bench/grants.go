package main

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	requestsTopic = "coupon_requests"
	couponsTopic  = "coupons"
	ledgerTopic   = "coupon_ledger"
	budgetTopic   = "campaign_budget"
)

var grantTopics = []string{requestsTopic, couponsTopic, ledgerTopic, budgetTopic}

// reachedBy are the tiers that spends have reached, as campaign|buyer|day|tier.
func reachedBy(rows map[string]spendRow, offers []offer) map[string]bool {
	reached := map[string]bool{}
	for _, r := range rows {
		for _, o := range offers {
			for _, t := range o.tiers {
				if int64(o.first) <= r.Day && r.Day <= int64(o.last) && r.Amount >= t.spend {
					reached[fmt.Sprintf("%s|%d|%d|%d", o.name, r.Buyer, r.Day, t.spend)] = true
				}
			}
		}
	}
	return reached
}

// granted is what is read of requests and coupons.
type granted struct {
	ID        string `json:"id"`
	Campaign  string `json:"campaign"`
	Buyer     int64  `json:"buyer_id"`
	Day       int64  `json:"effect_time"`
	Tier      int64  `json:"tier"`
	Sequence  int64  `json:"sequence"`
	FaceValue int64  `json:"face_value"`
	Kind      string `json:"kind"`
	Event     string `json:"event"`
	Remaining int64  `json:"remaining"`
}

// decided is what is compared of a coupon's event.
type decided struct {
	id, event string
	remaining int64
}

// account is a row of campaign_budget.
type account struct {
	Budget    int64 `json:"budget"`
	Issued    int64 `json:"issued"`
	Revoked   int64 `json:"revoked"`
	Denied    int64 `json:"denied"`
	Remaining int64 `json:"remaining"`
}

// holding is what is compared of a row of coupon_ledger.
type holding struct{ Face, Coupons int64 }

// grants replays the log of requests: what was decided must follow from it, and those that are open in the end
// must be the tiers reached. Which coupons the budget was enough for depends on the order of requests, so the log
// is the only witness.
type grants struct {
	held    *table[bool]    // requests open, by tier
	events  *table[decided] // by campaign and number
	budgets *table[account] // by campaign
	ledger  *table[holding] // by buyer

	accounts  map[string]*account
	open      map[string]string // the event by which an open request was answered, by id
	sequences map[string]int64  // the newest, by tier
	holdings  map[int64]holding
	decisions map[string]int // how many follow from the log, by campaign
	coupons   map[string]int // how many there are
}

func newGrants(offers []offer, reached map[string]bool) *grants {
	g := &grants{
		held:   newTable("the open requests", reached),
		events: newTable(couponsTopic, map[string]decided{}), budgets: newTable(budgetTopic, map[string]account{}),
		ledger:   newTable(ledgerTopic, map[string]holding{}),
		accounts: map[string]*account{}, open: map[string]string{}, sequences: map[string]int64{},
		holdings: map[int64]holding{}, decisions: map[string]int{}, coupons: map[string]int{},
	}
	for _, o := range offers {
		g.accounts[o.name] = &account{Budget: o.budget, Remaining: o.budget}
	}
	return g
}

func (g *grants) compare() error {
	return cmp.Or(g.held.compare(), g.events.compare(), g.budgets.compare(), g.ledger.compare())
}

func (g *grants) take(r *kgo.Record) error {
	var err error
	switch r.Topic {
	case budgetTopic:
		err = g.budgets.take(r)
	case ledgerTopic:
		err = g.takeLedger(r)
	case couponsTopic:
		var c granted
		if err = json.Unmarshal(r.Value, &c); err == nil {
			g.coupons[c.Campaign]++
			g.events.set(numbered(c.Campaign, g.coupons[c.Campaign]), decided{c.ID, c.Event, c.Remaining})
		}
	case requestsTopic:
		var c granted
		if err = json.Unmarshal(r.Value, &c); err == nil {
			err = g.request(c)
		}
	}
	if err != nil {
		return fmt.Errorf("topic %s, partition %d, offset %d: %q: %w", r.Topic, r.Partition, r.Offset, r.Value, err)
	}
	return nil
}

func numbered(campaign string, n int) string { return fmt.Sprintf("%s#%d", campaign, n) }

func (g *grants) takeLedger(r *kgo.Record) error {
	if r.Value == nil {
		g.ledger.remove(string(r.Key))
		return nil
	}
	var row struct {
		Face    int64     `json:"face_value"`
		Coupons []granted `json:"coupons"`
	}
	if err := json.Unmarshal(r.Value, &row); err != nil {
		return err
	}
	var face int64
	for _, c := range row.Coupons {
		face += c.FaceValue
	}
	if face != row.Face {
		return fmt.Errorf("the coupons are worth %d, not %d", face, row.Face)
	}
	g.ledger.set(string(r.Key), holding{row.Face, int64(len(row.Coupons))})
	return nil
}

// request decides one as the rule says.
func (g *grants) request(c granted) error {
	a, tier := g.accounts[c.Campaign], fmt.Sprintf("%s|%d|%d|%d", c.Campaign, c.Buyer, c.Day, c.Tier)
	was, open := g.open[c.ID]
	switch {
	case a == nil:
		return fmt.Errorf("there is no campaign %q", c.Campaign)
	case c.ID != fmt.Sprintf("%s|%d", tier, c.Sequence):
		return fmt.Errorf("the id is not that of tier %s", tier)
	case c.Kind == "issue" && (open || g.held.got[tier] || c.Sequence != g.sequences[tier]+1):
		return fmt.Errorf("coupon %d of the tier follows %d", c.Sequence, g.sequences[tier])
	case c.Kind == "issue":
		g.issue(c, a, tier)
	case c.Kind != "revoke" || !open:
		return fmt.Errorf("it gives back what nobody asked for")
	default:
		g.held.remove(tier)
		delete(g.open, c.ID)
		if was == "issued" {
			a.Revoked, a.Remaining = a.Revoked+c.FaceValue, a.Remaining+c.FaceValue
			g.decide(c, a, "revoked", -1)
		}
	}
	return nil
}

func (g *grants) issue(c granted, a *account, tier string) {
	g.sequences[tier] = c.Sequence
	g.held.set(tier, true)
	if c.FaceValue > a.Remaining {
		a.Denied += c.FaceValue
		g.open[c.ID] = "denied"
		g.decide(c, a, "denied", 0)
		return
	}
	a.Issued, a.Remaining = a.Issued+c.FaceValue, a.Remaining-c.FaceValue
	g.open[c.ID] = "issued"
	g.decide(c, a, "issued", 1)
}

// decide expects what a decision makes known. coupons is what the buyer holds more by it.
func (g *grants) decide(c granted, a *account, event string, coupons int64) {
	g.decisions[c.Campaign]++
	g.events.expect(numbered(c.Campaign, g.decisions[c.Campaign]), decided{c.ID, event, a.Remaining})
	g.budgets.expect(c.Campaign, *a)
	if coupons == 0 {
		return
	}
	h := g.holdings[c.Buyer]
	h = holding{h.Face + coupons*c.FaceValue, h.Coupons + coupons}
	g.holdings[c.Buyer] = h
	if key := fmt.Sprint(c.Buyer); h.Coupons == 0 {
		g.ledger.renounce(key)
	} else {
		g.ledger.expect(key, h)
	}
}
