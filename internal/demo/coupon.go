package demo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// coupons is a campaign: who spends enough on a day is granted coupons, until the budget is used up.
func coupons() entry {
	return entry{
		name: "coupon", share: .2, inputs: map[string]int32{paymentsTopic: 2, refundsTopic: 2},
		topology: func(c Config) (*stream.Topology, error) {
			return coupon.Topology(coupon.Config{Zone: c.Zone, From: c.From, Retain: c.Retain, Campaigns: []coupon.Campaign{campaign}})
		},
		source: func(c chance, zone *time.Location) source { return &bills{chance: c, zone: zone} },
	}
}

// campaign is small enough that its budget is used up within minutes: then refunds of some pay for others.
var campaign = coupon.Campaign{
	Name: "welcome", Budget: 10_000, From: 2020_01_01, To: 2099_12_31,
	Tiers: []coupon.Tier{{Spend: 200, FaceValue: 10}, {Spend: 500, FaceValue: 30}, {Spend: 1000, FaceValue: 80}},
}

// The topics have these names in every zone.
var (
	paymentsTopic = coupon.Payments(time.UTC).Name
	refundsTopic  = coupon.Refunds(time.UTC).Name
)

// bill is a payment, or a refund, as the shop writes it. Fees are in fen.
type bill struct {
	Order    string `json:"biz_order_id"`
	Title    string `json:"auction_title"`
	Buyer    any    `json:"buyer_id"`
	Nick     string `json:"buyer_nick"`
	PayTime  string `json:"pay_time"`
	Created  string `json:"gmt_create"`
	Modified string `json:"gmt_modified"`
	Status   string `json:"pay_status"`
	Fee      string `json:"div_idx_actual_total_fee,omitempty"`
	Refund   string `json:"refund_fee,omitempty"`
}

// bills are payments of few buyers, so that they reach the tiers. Some come twice, or in a second version, or
// at first without a buyer; every fifth is refunded seconds later.
type bills struct {
	chance
	later
	zone  *time.Location
	count int
}

const buyers = 200

var (
	goods       = []string{"tea", "kettle", "bicycle bell", "umbrella", "desk lamp", "headphones", "notebook"}
	brokenBills = []string{
		`{"biz_order_id": "broken`,
		`{"biz_order_id":"x1","pay_status":"2","buyer_id":"nobody","div_idx_actual_total_fee":"100"}`,
		`{"biz_order_id":"x2","pay_status":"2","buyer_id":"7","div_idx_actual_total_fee":"one yuan"}`,
		"not JSON at all",
	}
)

func (s *bills) before(time.Time) []record { return nil }

func (s *bills) next(now time.Time) record {
	if what := s.due(); what != nil {
		return what(now)
	}
	if s.percent(1) {
		return s.rubbish(paymentsTopic, brokenBills)
	}
	b := s.bill(now)
	s.plan(b)
	if s.percent(4) { // the buyer is told by the second version
		s.in(s.between(10, 30), b.again)
		b.Buyer = nil
	}
	return written(paymentsTopic, b.Order, b)
}

func (s *bills) bill(now time.Time) bill {
	s.count++
	at := now.In(s.zone)
	yuan := s.between(5, 90)
	if s.percent(15) {
		yuan = s.between(100, 600)
	}
	buyer := s.few(buyers)
	return bill{
		Order: at.Format("20060102") + fmt.Sprintf("%08d", s.count), Title: one(s.chance, goods),
		Buyer: strconv.Itoa(1 + buyer), Nick: people[buyer%len(people)],
		PayTime: at.Format(clock), Created: at.Format(clock), Modified: at.Format(clock),
		Status: "2", Fee: strconv.Itoa(yuan*100 + s.IntN(100)),
	}
}

// plan says what will become of an order.
func (s *bills) plan(b bill) {
	switch n := s.IntN(100); {
	case n < 20:
		s.in(s.between(15, 60), s.refundOf(b))
	case n < 25:
		s.in(s.between(1, 20), b.again)
	case n < 30: // the smallest fee of all versions counts
		less := b
		less.Fee = b.Fee[:len(b.Fee)-2] + "00"
		s.in(s.between(1, 20), less.again)
	}
}

// again is a later version of a payment.
func (b bill) again(time.Time) record { return written(paymentsTopic, b.Order, b) }

// refundOf gives back all or half, to the day on which was paid.
func (s *bills) refundOf(b bill) func(time.Time) record {
	fen, _ := strconv.Atoi(b.Fee)
	if s.percent(30) {
		fen /= 2
	}
	b.Status, b.Fee, b.Refund = "6", "", strconv.Itoa(-fen)
	return func(now time.Time) record {
		b.Modified = now.In(s.zone).Format(clock)
		return written(refundsTopic, b.Order, b)
	}
}
