package demo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

// hourlyPremiums is the insurance company that counts premiums per hour.
func hourlyPremiums() entry {
	return entry{
		name: "hourlypremium", share: .1, inputs: map[string]int32{policiesTopic: 2},
		topology: func(c Config) (*stream.Topology, error) {
			return hourlypremium.Topology(hourlypremium.Config{Zone: c.Zone, From: c.From, Retain: c.Retain})
		},
		source: func(c chance, _ *time.Location) source { return &policies{chance: c} },
	}
}

var policiesTopic = hourlypremium.UserOrders.Name

// policy is a change of a policy order, as the office writes it: null is what has not changed.
type policy struct {
	ID       int64  `json:"id"`
	OrderNo  any    `json:"order_no"`
	Type     int    `json:"order_type"`
	Name     string `json:"customer_name"`
	Tel      any    `json:"customer_tel"`
	Created  int64  `json:"gmt_created"`
	Modified any    `json:"gmt_modified"` // ms
	Premium  any    `json:"account_payble"`
}

// policies are orders of this hour and of those before it; whichever changes moves to this one.
type policies struct {
	chance
	count int64
	last  []policy
}

var brokenPolicies = []string{
	`{"id": 1, "order_no": `,
	`{"order_no":"P-x","gmt_modified":1616637600000,"account_payble":10}`,
	`{"id":"x","gmt_modified":1616637600000,"account_payble":10}`,
	`{"id":1,"gmt_modified":1616637600000,"account_payble":"much"}`,
}

// before is what the hours before this one have sold.
func (s *policies) before(now time.Time) (all []record) {
	for hours := 5; hours > 0; hours-- {
		for range s.between(4, 12) {
			all = append(all, s.sold(now.Add(-time.Duration(hours)*time.Hour)))
		}
	}
	return all
}

func (s *policies) next(now time.Time) record {
	switch n := s.IntN(100); {
	case n < 1:
		return s.rubbish(policiesTopic, brokenPolicies)
	case n < 40:
		return s.change(now)
	case n < 45: // arrives late
		return s.sold(now.Add(-time.Duration(s.between(1, 3)) * time.Hour))
	}
	return s.sold(now)
}

// sold is a new order.
func (s *policies) sold(at time.Time) record {
	s.count++
	holder := s.IntN(300)
	p := policy{
		ID: s.count, OrderNo: fmt.Sprintf("P-%07d", s.count), Type: s.between(1, 3), Name: people[holder%len(people)], Tel: fmt.Sprintf("138%08d", holder),
		Created: at.UnixMilli(), Modified: at.UnixMilli(), Premium: json.Number(s.amount(80, 2500)),
	}
	if s.percent(10) { // the number is told later
		p.Tel = nil
	}
	s.last = remember(s.chance, s.last, 200, p)
	return p.record()
}

// change comes back to an order: a duplicate, another premium, the telephone number, or a record without a time,
// which is left out.
func (s *policies) change(now time.Time) record {
	i := s.IntN(len(s.last))
	p := s.last[i]
	switch s.IntN(8) {
	case 0, 1:
		return p.record()
	case 2:
		p.Modified = nil
		return p.record()
	case 3:
		p.Tel = fmt.Sprintf("138%08d", s.IntN(300))
	default:
		p.Premium = s.amount(80, 2500)
	}
	p.Modified = now.UnixMilli()
	s.last[i] = p
	p.OrderNo = nil
	return p.record()
}

func (p policy) record() record { return written(policiesTopic, strconv.FormatInt(p.ID, 10), p) }
