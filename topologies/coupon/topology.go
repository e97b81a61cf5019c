// Package coupon totals what each buyer spent per day, with refunds taken off, and grants coupons for it.
//
// One order is many records, on two topics: payments and refunds, each in several versions that arrive in
// any order. The topology makes one record of those with the same order and status, the minimum of each
// column, so that the result does not depend on the order of arrival; then it adds up per buyer and day.
//
//	dwd_tb_trd_pay_ri -+
//	                   +-> minima per (order, status) -> spend per (buyer, day) -> tddl_output
//	dwd_tb_trd_rfd_ri -+
//
// With campaigns, a spend that reaches a tier asks for a coupon, and one that falls below it gives it back. One
// task per campaign answers, in the order in which it notes the requests, as long as the budget lasts.
//
//	spend -> tiers reached per (buyer, day) -> budget per campaign -> coupon_requests, coupons, campaign_budget
//	                                                               -> coupons per buyer -> coupon_ledger
//
// Read on in entry.go (what comes in), paytime.go (on which day it counts) and spend.go (what goes out); then
// in campaign.go (what can be configured), request.go (who asks), budget.go (who decides) and ledger.go (who
// holds what).
package coupon

import (
	"errors"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Config holds what differs between installations. Its zero value is one that works.
type Config struct {
	// Zone is where the shop's clock hangs. It says when a pay_time was, for From, Retain and the bound on
	// times ahead; it moves no order to another day. nil: Asia/Shanghai.
	Zone *time.Location
	// From leaves out records paid before it, before anything else looks at them. Those without a readable
	// pay_time stay. Zero: all are kept.
	From time.Time
	// Retain is for how long after it was paid an order can still be corrected and refunded; what comes
	// later is a dead letter. 0: for ever, and the state grows for ever. DefaultRetain is what the binary uses.
	Retain time.Duration
	// Campaigns say which coupons are granted. nil: the topology ends with TddlOutput. Not nil and empty: no
	// coupon is issued any more, those that are held are still revoked.
	Campaigns []Campaign
}

// DefaultRetain is the time in which orders are refunded.
const DefaultRetain = 90 * day

const day = 24 * time.Hour

// shanghai is Asia/Shanghai since 1991; as a value, so that nothing has to be read from a disk.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Payments is the first input: paid orders, as other programs write them.
func Payments(zone *time.Location) stream.Topic[stream.Unkeyed, Entry] {
	return stream.NewTopic[stream.Unkeyed]("dwd_tb_trd_pay_ri", PaymentEntries, paidAt(zone))
}

// Refunds is the second input: refunds, whose fees are negative.
func Refunds(zone *time.Location) stream.Topic[stream.Unkeyed, Entry] {
	return stream.NewTopic[stream.Unkeyed]("dwd_tb_trd_rfd_ri", RefundEntries, paidAt(zone))
}

// The topics and tables between input and output, and the output.
var (
	EntriesByOrder = stream.NewTopic[OrderStatus]("coupon-entries-by-order", codecs.Compact[Entry](1), nil)
	Entries        = tables.New[OrderStatus]("coupon-entries", codecs.Compact[Entry](1))
	EntriesByBuyer = stream.NewChangeTopic[BuyerDay]("coupon-entries-by-buyer", codecs.Compact[Entry](1))
	Spends         = tables.New[BuyerDay]("coupon-spends", codecs.Compact[Spend](1))

	// HeldBack counts, by what is missing, the entries that belong to no buyer or day yet.
	EntriesHeldBack = stream.NewChangeTopic[Lack]("coupon-entries-held-back", codecs.Compact[Entry](1))
	HeldBack        = tables.New[Lack]("coupon-held-back", codecs.Compact[Held](1))

	TddlOutput = stream.NewTopic[BuyerDay]("tddl_output", codecs.JSON[DailySpend](), nil)
)

// The topics and tables between spend and coupons, and the outputs. Requests and coupons are kept for ever: they
// say what was decided and why.
var (
	TotalsByDay        = stream.NewChangeTopic[BuyerDay]("coupon-totals-by-day", codecs.Compact[DayTotal](1))
	TiersReached       = tables.New[BuyerDay]("coupon-tiers-reached", codecs.Compact[Reached](1))
	RequestsByCampaign = stream.NewTopic[CampaignName]("coupon-requests-by-campaign", codecs.Compact[Request](1), nil)
	Accounts           = tables.New[CampaignName]("coupon-accounts", codecs.Compact[Account](1))
	GrantedCoupons     = tables.NewSub("granted", codecs.Compact[Granted](1))
	DecisionsByBuyer   = stream.NewTopic[Buyer]("coupon-decisions-by-buyer", codecs.Compact[Decision](1), nil)
	Holdings           = tables.New[Buyer]("coupon-holdings", codecs.Compact[Holding](1))

	CouponRequests  = stream.NewTopic[CampaignName]("coupon_requests", codecs.JSON[LoggedRequest](), nil, stream.Events(0))
	Coupons         = stream.NewTopic[CampaignName]("coupons", codecs.JSON[CouponEvent](), nil, stream.Events(0))
	CampaignBudgets = stream.NewTopic[CampaignName]("campaign_budget", codecs.JSON[CampaignBudget](), nil)
	CouponLedger    = stream.NewTopic[Buyer]("coupon_ledger", codecs.JSON[BuyerLedger](), nil)
)

// Topology reads Payments and Refunds and keeps TddlOutput.
func Topology(c Config) (*stream.Topology, error) {
	if c.Zone == nil {
		c.Zone = shanghai
	}
	t := stream.New("coupon")

	both := stream.From(t, Payments(c.Zone)).Merge(stream.From(t, Refunds(c.Zone))).Filter(c.since)
	byOrder := stream.KeyBy(both, EntriesByOrder, Entry.key)
	entries := stream.Fold(byOrder, retain(Entries, c, 0), minima)

	byBuyer := stream.GroupBy(entries, EntriesByBuyer, Entry.buyerDay)
	spends := stream.Aggregate(byBuyer, retain(Spends, c, 1),
		stream.SumInt("amount", (*Spend).amount, Entry.amount),
		stream.Min("created", (*Spend).created, Entry.created, nullable{}),
		stream.Max("modified", (*Spend).modified, Entry.modified, nullable{}),
	)
	stream.MapRows(spends, c.dailySpend).Filter(DailySpend.positive).To(TddlOutput)

	heldBack := stream.GroupBy(entries, EntriesHeldBack, Entry.lack)
	stream.Aggregate(heldBack, retain(HeldBack, c, 1), stream.Count[Entry]("entries", (*Held).entries))

	if c.Campaigns == nil {
		return t.Build()
	}
	wrong := joined(checkCampaigns(c.Campaigns))
	c.Campaigns = ascending(c.Campaigns)
	c.grant(t, spends)
	built, err := t.Build()
	if err := errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return built, nil
}

// grant leads from spends to coupons.
func (c Config) grant(t *stream.Topology, spends stream.Changes[BuyerDay, Spend]) {
	totals := stream.GroupBy(stream.MapRows(spends, dayTotal), TotalsByDay, DayTotal.key)
	asked := stream.OnChange(stream.NewProcessor(t, retain(TiersReached, c, requesterLevel)), totals, c.coupons)

	accounts := stream.NewProcessor(t, Accounts)
	stream.WithSubs(accounts, GrantedCoupons.Name)
	d := decider{c, stream.OutputOf(accounts, CouponRequests), stream.OutputOf(accounts, Coupons), stream.OutputOf(accounts, CampaignBudgets)}
	decisions := stream.On(accounts, stream.KeyBy(asked, RequestsByCampaign, Request.campaign), d.decide)
	stream.OnTimer(accounts, closing, d.forget)

	holdings := stream.NewProcessor(t, Holdings)
	l := ledger{c, stream.OutputOf(holdings, CouponLedger)}
	stream.On(holdings, stream.KeyBy(decisions.Filter(Decision.moves), DecisionsByBuyer, Decision.buyer), l.enter)
	stream.OnTimer(holdings, closing, l.forget)
}

// since reports whether an entry counts from c.From on.
func (c Config) since(e Entry) bool {
	at, readable := parsePayTime(e.PayTime, c.Zone)
	return c.From.IsZero() || !readable || !at.Before(c.From)
}

// retain gives a table its retention. Each level keeps a day more than the one above it, whose changes it
// takes in: a correction must still find what it corrects.
func retain[K stream.Key, A any](t tables.Table[K, A], c Config, level int) tables.Table[K, A] {
	if c.Retain > 0 {
		t.Retain = c.Retain + time.Duration(level)*day
	}
	return t
}
