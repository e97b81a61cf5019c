package demo

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// channelGMV is the shop whose orders come through several channels.
func channelGMV() entry {
	return entry{
		name: "channelgmv", share: 1, inputs: map[string]int32{ordersTopic: 4},
		topology: func(c Config) (*stream.Topology, error) {
			return channelgmv.Topology(channelgmv.Config{Zone: c.Zone, From: c.From, Retain: c.Retain})
		},
		source: func(c chance, zone *time.Location) source { return &orders{chance: c, zone: zone} },
	}
}

// ordersTopic has this name in every zone.
var ordersTopic = channelgmv.Orders(time.UTC).Name

// order is a version of an order as the shop writes it.
type order struct {
	ID        string `json:"order_id"`
	Channel   string `json:"order_channel"`
	OrderTime string `json:"order_time"`
	PayAmount string `json:"pay_amount"`
	RealPay   any    `json:"real_pay"`
	PayTime   any    `json:"pay_time"`
	UserID    any    `json:"user_id"`
	UserName  string `json:"user_name"`
	AreaID    string `json:"area_id"`
}

// orders are mostly new ones, some unpaid, some again, some corrected, some moved to another channel, and now
// and then rubbish.
type orders struct {
	chance
	zone  *time.Location
	count int
	last  []order // to come back to
}

var (
	channels     = []string{"webShop", "webShop", "appShop", "appShop", "appShop", "miniAppShop", "miniAppShop", "qqShop"}
	people       = []string{"Alice", "Bob", "Cindy", "Daisy", "Erik", "Fatima", "Goran", "Hana"}
	brokenOrders = []string{
		`{"order_id": "broken`,
		`{"order_channel":"webShop","real_pay":"10.00","pay_time":"2021-03-25 10:00:00"}`,
		`{"order_id":"x1","order_channel":"webShop","real_pay":"ten","pay_time":"2021-03-25 10:00:00"}`,
		`{"order_id":"x2","order_channel":"webShop","real_pay":"10.00","pay_time":"yesterday"}`,
		"not JSON at all",
	}
)

func (s *orders) before(time.Time) []record { return nil }

func (s *orders) next(now time.Time) record {
	switch n := s.IntN(100); {
	case n < 1:
		return s.rubbish(ordersTopic, brokenOrders)
	case n < 25 && len(s.last) > 0:
		return s.again(now)
	}
	o := s.order(now)
	s.last = remember(s.chance, s.last, 500, o)
	return written(ordersTopic, o.ID, o)
}

func (s *orders) order(now time.Time) order {
	s.count++
	at := now.In(s.zone)
	amount, user := s.amount(5, 505), s.IntN(5000)
	o := order{
		ID: at.Format("20060102150405") + fmt.Sprintf("%06d", s.count), Channel: one(s.chance, channels),
		OrderTime: at.Format(clock), PayAmount: amount, RealPay: amount, PayTime: at.Format(clock),
		UserID: fmt.Sprintf("%06d", user), UserName: people[user%len(people)], AreaID: "330106",
	}
	switch n := s.IntN(100); {
	case n < 10: // not paid yet
		o.RealPay, o.PayTime = nil, nil
	case n < 13: // a guest
		o.UserID = nil
	}
	return o
}

// again comes back to an order: the same record once more, a payment, a correction, or a move.
func (s *orders) again(now time.Time) record {
	i := s.IntN(len(s.last))
	o := s.last[i]
	switch s.IntN(4) {
	case 0: // a duplicate
		return written(ordersTopic, o.ID, o)
	case 1: // moves to another channel
		o.Channel = one(s.chance, channels)
	case 2: // another amount
		o.RealPay = s.amount(1, 301)
	}
	at := now.In(s.zone).Format(clock)
	o.OrderTime = at
	if o.RealPay == nil {
		o.RealPay = o.PayAmount
	}
	if o.PayTime == nil {
		o.PayTime = at
	}
	s.last[i] = o
	return written(ordersTopic, o.ID, o)
}
