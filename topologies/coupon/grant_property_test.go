package coupon_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// someCampaigns are few, with budgets that are soon exhausted.
func someCampaigns(t *rapid.T) (cs []coupon.Campaign) {
	for _, name := range []coupon.CampaignName{"a", "a|7"}[:rapid.IntRange(1, 2).Draw(t, "campaigns")] {
		c := coupon.Campaign{Name: name, From: 20210301, To: 20210331, Budget: rapid.Int64Range(0, 60).Draw(t, "budget")}
		if rapid.Bool().Draw(t, "one day") {
			c.From = 20210325
		}
		spends := rapid.SliceOfNDistinct(rapid.Int64Range(1, 900), 1, 3, rapid.ID).Draw(t, "spends")
		for _, spend := range spends {
			c.Tiers = append(c.Tiers, coupon.Tier{Spend: spend, FaceValue: rapid.Int64Range(1, 40).Draw(t, "face value")})
		}
		cs = append(cs, c)
	}
	return cs
}

// audit replays coupon_requests with nothing but the budgets.
type audit struct {
	budgets map[coupon.CampaignName]int64
	open    map[string]coupon.LoggedRequest // what was asked for and not given back
	issued  map[string]bool                 // of these, what was issued
	last    map[string]int64                // the sequence of each campaign, buyer, day and tier
	events  map[coupon.CampaignName][]string
	totals  map[coupon.CampaignName]totals
}

func replay(t *rapid.T, cs []coupon.Campaign, requests []streamtest.Rec[coupon.CampaignName, coupon.LoggedRequest]) audit {
	a := audit{
		budgets: map[coupon.CampaignName]int64{}, open: map[string]coupon.LoggedRequest{}, issued: map[string]bool{},
		last: map[string]int64{}, events: map[coupon.CampaignName][]string{}, totals: map[coupon.CampaignName]totals{},
	}
	for _, c := range cs {
		a.budgets[c.Name] = c.Budget
	}
	for _, r := range requests {
		if r.Key != r.Value.Campaign {
			t.Fatalf("request %+v has the key %s", r.Value, r.Key)
		}
		event := a.answer(t, *r.Value)
		if event != "" {
			a.events[r.Key] = append(a.events[r.Key], fmt.Sprintf("%s %s", event, r.Value.ID))
		}
	}
	return a
}

func (a audit) answer(t *rapid.T, r coupon.LoggedRequest) string {
	id := string(r.ID)
	tier := id[:strings.LastIndexByte(id, '|')]
	sums := a.totals[r.Campaign]
	defer func() {
		if sums[3] = a.budgets[r.Campaign] - sums[0] + sums[1]; sums[3] < 0 {
			t.Fatalf("the budget of %s is exceeded: %v", r.Campaign, sums)
		}
		a.totals[r.Campaign] = sums
	}()
	if r.Kind == coupon.Issue {
		a.last[tier]++
		if _, twice := a.open[id]; twice || r.Sequence != a.last[tier] || !strings.HasSuffix(id, fmt.Sprintf("|%d", r.Sequence)) {
			t.Fatalf("%s is asked for after sequence %d", id, a.last[tier]-1)
		}
		a.open[id] = r
		if a.issued[id] = sums[0]-sums[1]+r.FaceValue <= a.budgets[r.Campaign]; !a.issued[id] {
			sums[2] += r.FaceValue
			return "denied"
		}
		sums[0] += r.FaceValue
		return "issued"
	}
	asked, open := a.open[id]
	if !open || asked.FaceValue != r.FaceValue {
		t.Fatalf("%s is given back, and was asked for as %+v", id, asked)
	}
	delete(a.open, id)
	if !a.issued[id] {
		return ""
	}
	sums[1] += r.FaceValue
	return "revoked"
}

// ledger is what buyers hold, sorted.
func (a audit) ledger() map[coupon.Buyer][]coupon.CouponID {
	m := map[coupon.Buyer][]coupon.CouponID{}
	for id, r := range a.open {
		if a.issued[id] {
			k := coupon.Buyer(fmt.Sprint(r.Buyer))
			m[k] = append(m[k], r.ID)
		}
	}
	for _, ids := range m {
		slices.Sort(ids)
	}
	return m
}

// reached are the tiers that spends have reached: campaign, buyer, day, tier.
func reached(cs []coupon.Campaign, spends table) map[string]bool {
	m := map[string]bool{}
	for key, s := range spends {
		for _, c := range cs {
			for _, tier := range c.Tiers {
				day := strings.Split(string(key), "|")[1]
				if fmt.Sprint(c.From) <= day && day <= fmt.Sprint(c.To) && s.amount >= tier.Spend {
					m[fmt.Sprintf("%s|%s|%d", strings.ReplaceAll(string(c.Name), "|", `\|`), key, tier.Spend)] = true
				}
			}
		}
	}
	return m
}

func (a audit) asked() map[string]bool {
	m := map[string]bool{}
	for id := range a.open {
		m[id[:strings.LastIndexByte(id, '|')]] = true
	}
	return m
}

// agrees compares everything that the topology wrote about coupons with the replay of its requests.
func (s shop) agrees(t *rapid.T, cs []coupon.Campaign) audit {
	a := replay(t, cs, streamtest.Read(s.Driver, coupon.CouponRequests))
	events := map[coupon.CampaignName][]string{}
	for _, r := range streamtest.Read(s.Driver, coupon.Coupons) {
		events[r.Key] = append(events[r.Key], fmt.Sprintf("%s %s", r.Value.Event, r.Value.ID))
	}
	if !maps.EqualFunc(events, a.events, slices.Equal) {
		t.Fatalf("the events are\n%q\nwant\n%q", events, a.events)
	}
	s.accounts(a.totals)
	ledger := s.ledger()
	for _, ids := range ledger {
		slices.Sort(ids)
	}
	if want := a.ledger(); !maps.EqualFunc(ledger, want, slices.Equal) {
		t.Fatalf("the ledger is\n%q\nwant\n%q", ledger, want)
	}
	return a
}

func TestCouponsAreWhatAReplayOfTheRequestsGivesHoweverEntriesArrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := entries(t)
		c := config(t)
		c.Campaigns = someCampaigns(t)
		s := drawn(t, c)
		s.takesSomehow(t, all)
		s.refusedNothing()
		want, _ := recount(merged(all))
		s.shows(want)
		a := s.agrees(t, c.Campaigns)
		if got, want := a.asked(), reached(c.Campaigns, want); !maps.Equal(got, want) {
			t.Fatalf("asked for are\n%v\nand reached\n%v", got, want)
		}
	})
}

// What stays when everything was taken back: the sequences of tiers that were ever reached, until their day is
// closed, and one row per campaign.
func TestWhatIsTakenBackLeavesNothingButSequencesAndTotals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := entries(t)
		for _, e := range merged(all) { // all lose their pay day
			e.PayTime = codecs.NotNull("")
			all = append(all, e)
		}
		c := config(t)
		c.Campaigns = someCampaigns(t)
		s := drawn(t, c)
		s.takesSomehow(t, all)
		s.refusedNothing()
		s.shows(table{})
		a := s.agrees(t, c.Campaigns)
		s.leaves(t, c.Retain > 0, a)
	})
}

func (s shop) leaves(t *rapid.T, retained bool, a audit) {
	var accounts, tiers []string
	days := map[string]bool{}
	for campaign := range a.totals {
		accounts = append(accounts, string(campaign))
	}
	for tier := range a.last {
		parts := strings.Split(tier, "|")
		days[strings.Join(parts[len(parts)-3:len(parts)-1], "|")] = true
	}
	for day := range days {
		tiers = append(tiers, day)
	}
	for name, want := range map[string][]string{coupon.Accounts.Name: accounts, coupon.TiersReached.Name: tiers, coupon.Holdings.Name: nil} {
		slices.Sort(want)
		if got := s.keys(name); !slices.Equal(got, want) {
			t.Fatalf("table %s holds\n%q\nwant\n%q", name, got, want)
		}
	}
}
