package demo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// order is a version of an order as the shop writes it: an input record of channelgmv.
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

// generator writes what a shop writes: mostly new orders, some unpaid, some again, some corrected, some
// moved to another channel, and now and then rubbish.
type generator struct {
	rand *rand.Rand
	zone *time.Location
	next int
	last []order // the latest orders, to come back to
}

const layout = "2006-01-02 15:04:05"

var (
	channels = []string{"webShop", "webShop", "appShop", "appShop", "appShop", "miniAppShop", "miniAppShop", "qqShop"}
	names    = []string{"Alice", "Bob", "Cindy", "Daisy", "Erik", "Fatima", "Goran", "Hana"}
	broken   = []string{
		`{"order_id": "broken`,
		`{"order_channel":"webShop","real_pay":"10.00","pay_time":"2021-03-25 10:00:00"}`,
		`{"order_id":"x1","order_channel":"webShop","real_pay":"ten","pay_time":"2021-03-25 10:00:00"}`,
		`{"order_id":"x2","order_channel":"webShop","real_pay":"10.00","pay_time":"yesterday"}`,
		"not JSON at all",
	}
)

// record is the next record: its key and value.
func (g *generator) record(now time.Time) (key string, value []byte) {
	switch n := g.rand.IntN(100); {
	case n < 1:
		return "", []byte(broken[g.rand.IntN(len(broken))])
	case n < 25 && len(g.last) > 0:
		return g.again(now)
	}
	o := g.order(now)
	g.remember(o)
	return encode(o)
}

func (g *generator) order(now time.Time) order {
	g.next++
	at := now.In(g.zone)
	amount := fmt.Sprintf("%d.%02d", 5+g.rand.IntN(500), g.rand.IntN(100))
	user := g.rand.IntN(5000)
	o := order{
		ID: at.Format("20060102150405") + fmt.Sprintf("%06d", g.next), Channel: channels[g.rand.IntN(len(channels))],
		OrderTime: at.Format(layout), PayAmount: amount, RealPay: amount, PayTime: at.Format(layout),
		UserID: fmt.Sprintf("%06d", user), UserName: names[user%len(names)], AreaID: "330106",
	}
	switch n := g.rand.IntN(100); {
	case n < 10: // not paid yet
		o.RealPay, o.PayTime = nil, nil
	case n < 13: // a guest
		o.UserID = nil
	}
	return o
}

// again comes back to an order: the same record once more, a payment, a correction, or a move.
func (g *generator) again(now time.Time) (string, []byte) {
	i := g.rand.IntN(len(g.last))
	o := g.last[i]
	switch g.rand.IntN(4) {
	case 0: // a duplicate
		return encode(o)
	case 1: // moves to another channel
		o.Channel = channels[g.rand.IntN(len(channels))]
	case 2: // another amount
		o.RealPay = fmt.Sprintf("%d.%02d", 1+g.rand.IntN(300), g.rand.IntN(100))
	}
	at := now.In(g.zone).Format(layout)
	o.OrderTime = at
	if o.RealPay == nil {
		o.RealPay = o.PayAmount
	}
	if o.PayTime == nil {
		o.PayTime = at
	}
	g.last[i] = o
	return encode(o)
}

func (g *generator) remember(o order) {
	const most = 500
	if len(g.last) < most {
		g.last = append(g.last, o)
		return
	}
	g.last[g.rand.IntN(most)] = o
}

func encode(o order) (string, []byte) {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings and nil
	}
	return o.ID, b
}
