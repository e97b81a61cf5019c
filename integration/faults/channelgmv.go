package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	ordersTopic  = "trade_order_detail_info"
	collectTopic = "trade_channel_collect"
)

// channelGMV keeps sales per channel and day. Versions of orders move them to other channels, days and payers.
func channelGMV() Case {
	return Case{
		Name: "channelgmv", Program: "cmd/channelgmv", Inputs: []string{ordersTopic}, Outputs: []string{collectTopic}, View: collectTopic, Rate: 1000,
		Feed: func(r *rand.Rand) Source { return &orders{rand: r, orders: 4000} },
		Verify: func(s *Stage) (v Verdict, err error) {
			newest := map[string]order{}
			err = read(s, ordersTopic, func(r *kgo.Record) { v.addOrder(newest, r) })
			if err != nil {
				return v, err
			}
			got, err := table(s, collectTopic)
			if err != nil {
				return v, err
			}
			v.compareChannels(got, channelsOf(newest))
			return v, v.letters(s, "channelgmv-dead-letters")
		},
	}
}

// orders are versions of so many orders, each later than all before.
type orders struct {
	rand   *rand.Rand
	orders int
	second int
}

var channels = []string{"webShop", "appShop", "miniAppShop", "qqShop"}

func (g *orders) Next() []Entry {
	g.second++
	id := fmt.Sprintf("2021%06d", g.rand.IntN(g.orders))
	user := fmt.Sprintf("%05d", g.rand.IntN(g.orders/3+1))
	day := 22 + g.rand.IntN(4)
	at := fmt.Sprintf("2021-03-%02d %02d:%02d:%02d", day, g.rand.IntN(24), g.rand.IntN(60), g.rand.IntN(60))
	made := fmt.Sprintf("%04d-01-01 %02d:%02d:%02d", 2000+g.second/86400, g.second/3600%24, g.second/60%60, g.second%60)
	return []Entry{{ordersTopic, id, fmt.Sprintf(`{"order_id":%q,"order_channel":%q,"order_time":%q,"pay_amount":"1","real_pay":"%d.%02d",`+
		`"pay_time":%q,"user_id":%q,"user_name":"Alice","area_id":"330106"}`,
		id, channels[g.rand.IntN(len(channels))], made, g.rand.IntN(900), g.rand.IntN(100), at, user)}}
}

func (g *orders) Last() []Entry { return nil }

// order is what counts of a version.
type order struct {
	Channel string      `json:"order_channel"`
	Made    string      `json:"order_time"`
	Pay     json.Number `json:"real_pay"`
	Paid    string      `json:"pay_time"`
	User    string      `json:"user_id"`
}

func (v *Verdict) addOrder(newest map[string]order, r *kgo.Record) {
	v.Records++
	var o order
	if err := json.Unmarshal(r.Value, &o); err != nil {
		v.wrong("input %s: %v", r.Value, err)
		return
	}
	if held, ok := newest[string(r.Key)]; !ok || o.Made > held.Made {
		newest[string(r.Key)] = o
	}
}

// channelDay is a row of the result.
type channelDay struct {
	orders, cents int64
	payers        map[string]bool
	last          string
}

func channelsOf(newest map[string]order) map[string]*channelDay {
	rows := map[string]*channelDay{}
	for _, o := range newest {
		code := o.Channel
		if code == "qqShop" {
			code = "other"
		}
		key := o.Paid[:10] + " 00:00:00|" + code
		if rows[key] == nil {
			rows[key] = &channelDay{payers: map[string]bool{}}
		}
		row := rows[key]
		row.orders++
		row.cents += cents(o.Pay)
		row.payers[o.User] = true
		row.last = max(row.last, o.Paid)
	}
	return rows
}

// compareChannels: an order that is missing in its channel is lost, one that is there twice duplicated.
func (v *Verdict) compareChannels(got map[string][]byte, want map[string]*channelDay) {
	for key, value := range got {
		if want[key] == nil {
			v.wrong("there is a row %s: %s", key, value)
		}
	}
	for key, w := range want {
		var row struct {
			GMV    json.Number `json:"cur_gmv"`
			Payers int         `json:"cur_order_user_count"`
			Orders int64       `json:"cur_order_count"`
			Last   string      `json:"last_pay_time"`
		}
		v.Results++
		if b := got[key]; b != nil {
			if err := json.Unmarshal(b, &row); err != nil {
				v.wrong("row %s: %s: %v", key, b, err)
			}
		}
		if v.compareCounts("orders of "+key, row.Orders, w.orders) && (cents(row.GMV) != w.cents || row.Payers != len(w.payers) || row.Last != w.last) {
			v.wrong("row %s: %+v, the recount has %d cents, %d payers, %s", key, row, w.cents, len(w.payers), w.last)
		}
	}
}
