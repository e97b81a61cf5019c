package coupon

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tributary-go/tributary/tables"
)

// Campaign says which coupons are granted for what a buyer spends on a day. All amounts are whole yuan, as the
// amounts of tddl_output are.
type Campaign struct {
	Name   CampaignName
	Budget int64  // the most that the coupons which are issued and not revoked may be worth together
	From   int64  // first pay day, yyyyMMdd
	To     int64  // last pay day, yyyyMMdd
	Tiers  []Tier // in any order
}

// Tier is a coupon of its own: who reaches two tiers on a day is granted two coupons.
type Tier struct {
	Spend     int64 // the least that a buyer spent on the day. It is the tier's name in ids and in state
	FaceValue int64 // what the coupon is worth
}

// CampaignName is the key of a campaign.
type CampaignName string

// yuanLimit bounds budgets, spends and face values: with it a campaign's totals fit for almost a million
// coupons of the largest value.
const yuanLimit = 10_000_000_000_000

// runsOn reports whether a pay day lies in the campaign's validity.
func (c Campaign) runsOn(payDay int64) bool { return c.From <= payDay && payDay <= c.To }

// ascending returns the campaigns in their order, the tiers of each by spend.
func ascending(cs []Campaign) []Campaign {
	sorted := slices.Clone(cs)
	for i := range sorted {
		sorted[i].Tiers = slices.SortedFunc(slices.Values(sorted[i].Tiers), func(a, b Tier) int { return cmp.Compare(a.Spend, b.Spend) })
	}
	return sorted
}

// mistake is something wrong with a field of a campaign.
type mistake struct {
	campaign int // its place, from 1
	name     CampaignName
	field    string // such as tiers[2].spend; places count from 1
	text     string
}

func (m mistake) Error() string {
	if m.field == "" {
		return fmt.Sprintf("campaign %d: %s", m.campaign, m.text)
	}
	return fmt.Sprintf("campaign %d (%q): %s: %s", m.campaign, string(m.name), m.field, m.text)
}

// checkCampaigns lists everything that is wrong with campaigns.
func checkCampaigns(cs []Campaign) (all []mistake) {
	first := map[CampaignName]int{}
	for i, c := range cs {
		add := func(wrong bool, field, format string, args ...any) {
			if wrong {
				all = append(all, mistake{i + 1, c.Name, field, fmt.Sprintf(format, args...)})
			}
		}
		err := tables.CheckKey(c.Name)
		add(err != nil, "name", "%v", err)
		add(first[c.Name] > 0, "name", "campaign %d has it too", first[c.Name])
		first[c.Name] = cmp.Or(first[c.Name], i+1)
		add(c.Budget < 0 || c.Budget >= yuanLimit, "budget", "%d is not from 0 to below 10^13 yuan", c.Budget)
		add(!isDay(c.From), "from", "%d is not a day (yyyyMMdd)", c.From)
		add(!isDay(c.To), "to", "%d is not a day (yyyyMMdd)", c.To)
		add(c.To < c.From, "to", "%d lies before from, which is %d", c.To, c.From)
		add(len(c.Tiers) == 0, "tiers", "there are none, so the campaign grants nothing")
		c.checkTiers(add)
	}
	return all
}

func (c Campaign) checkTiers(add func(wrong bool, field, format string, args ...any)) {
	first := map[int64]int{}
	for i, t := range c.Tiers {
		field := fmt.Sprintf("tiers[%d].", i+1)
		add(t.Spend < 1 || t.Spend >= yuanLimit, field+"spend", "%d is not from 1 to below 10^13 yuan", t.Spend)
		add(first[t.Spend] > 0, field+"spend", "tier %d has %d too", first[t.Spend], t.Spend)
		first[t.Spend] = cmp.Or(first[t.Spend], i+1)
		add(t.FaceValue < 1 || t.FaceValue >= yuanLimit, field+"face_value", "%d is not from 1 to below 10^13 yuan", t.FaceValue)
	}
}

func isDay(n int64) bool { return dayOf(startOf(n, time.UTC)) == n }

// startOf is the instant at which a day, yyyyMMdd, begins in a zone.
func startOf(payDay int64, zone *time.Location) time.Time {
	return time.Date(int(payDay/10000), time.Month(payDay/100%100), int(payDay%100), 0, 0, 0, 0, zone)
}
