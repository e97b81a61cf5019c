package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// orders is a stream of order versions: about a third are later versions of an order seen before. It is the same for
// the same numbers.
type orders struct {
	rand   *rand.Rand
	next   int
	recent []order // of which later versions may come
}

// order is a version of an order.
type order struct {
	number  int // of the record that was its first version
	channel string
	user    int
	first   int    // second of the day of its first version
	at      int    // second of the day of this version
	day     string // of order_time and pay_time
	cents   int64
}

const (
	reportDay    = "2021-03-25" // the day that is reported
	dayBefore    = "2021-03-24" // of one record in twenty, which does not count
	reportNow    = reportDay + " 12:03:00"
	lastSecond   = 86399
	recentOrders = 5000
)

var channels = []string{"webShop", "appShop", "miniAppShop", "qqShop"}

func newOrders() *orders { return &orders{rand: rand.New(rand.NewPCG(5, 5))} }

func (g *orders) take() order {
	o := g.version()
	o.day = reportDay
	if g.rand.IntN(20) == 0 {
		o.day = dayBefore
	}
	o.cents = int64(100 + g.rand.IntN(89_901))
	g.next++
	return o
}

func (g *orders) version() order {
	if len(g.recent) > 0 && g.rand.IntN(10) < 3 {
		o := g.recent[g.rand.IntN(len(g.recent))]
		o.at = min(lastSecond, o.first+1+g.rand.IntN(300))
		return o
	}
	first := g.rand.IntN(80_001)
	o := order{number: g.next, channel: channels[g.rand.IntN(len(channels))], user: g.rand.IntN(200_001), first: first, at: first}
	if len(g.recent) < recentOrders {
		g.recent = append(g.recent, o)
	} else {
		g.recent[g.rand.IntN(recentOrders)] = o
	}
	return o
}

// orderRoom is more than any order's JSON needs.
const orderRoom = 320

func (o order) id() []byte { return padded(append(make([]byte, 0, 16), "2021"...), o.number, 12) }

func (o order) append(b []byte) []byte {
	b = append(b, `{"order_id":"`...)
	b = append(b, o.id()...)
	b = append(b, `","order_channel":"`...)
	b = append(b, o.channel...)
	b = append(b, `","order_time":"`...)
	b = clock(b, o.day, o.at)
	b = append(b, `","pay_amount":"`...)
	b = money(b, o.cents)
	b = append(b, `","real_pay":"`...)
	b = money(b, o.cents)
	b = append(b, `","pay_time":"`...)
	b = clock(b, o.day, o.paidAt())
	b = append(b, `","user_id":"`...)
	b = padded(b, o.user, 6)
	return append(b, `","user_name":"Alice","area_id":"330106"}`...)
}

// paidAt is the second of the day at which it was paid.
func (o order) paidAt() int { return min(lastSecond, o.at+60) }

func clock(b []byte, day string, second int) []byte {
	b = append(append(b, day...), ' ')
	b = append(padded(b, second/3600, 2), ':')
	b = append(padded(b, second/60%60, 2), ':')
	return padded(b, second%60, 2)
}

func money(b []byte, cents int64) []byte {
	b = strconv.AppendInt(b, cents/100, 10)
	return padded(append(b, '.'), int(cents%100), 2)
}

// channelRow is what is compared of a row of trade_channel_collect.
type channelRow struct {
	Begin    string `json:"begin_time"`
	Code     string `json:"channel_code"`
	Name     string `json:"channel_name"`
	Payers   int64  `json:"cur_order_user_count"`
	Orders   int64  `json:"cur_order_count"`
	LastPaid string `json:"last_pay_time"`
	Cents    int64  `json:"-"` // cur_gmv
}

// ledger holds the newest paid version of each order: the recount, which knows nothing of tables and corrections.
type ledger map[int]order

// add replaces the version held by a later one; of two with the same time the first stays.
func (l ledger) add(o order) {
	if o.day != reportDay {
		return
	}
	if held, ok := l[o.number]; !ok || o.at > held.at {
		l[o.number] = o
	}
}

// rows is the table, by channel.
func (l ledger) rows() map[string]channelRow {
	rows, users := map[string]channelRow{}, map[string]map[int]bool{}
	for _, o := range l {
		code, name := channelNames(o.channel)
		r := rows[code]
		if users[code] == nil {
			users[code] = map[int]bool{}
		}
		users[code][o.user] = true
		r.Begin, r.Code, r.Name = reportDay+" 00:00:00", code, name
		r.Orders, r.Cents, r.Payers = r.Orders+1, r.Cents+o.cents, int64(len(users[code]))
		r.LastPaid = max(r.LastPaid, string(clock(nil, o.day, o.paidAt())))
		rows[code] = r
	}
	return rows
}

func channelNames(channel string) (code, name string) {
	switch channel {
	case "webShop":
		return channel, "Website"
	case "appShop":
		return channel, "Shopping App"
	case "miniAppShop":
		return channel, "Miniprogram"
	}
	return "other", "Other"
}

// parseCents reads a decimal number of at most two decimals exactly.
func parseCents(text []byte) (int64, error) {
	whole, part, _ := bytes.Cut(text, []byte("."))
	for len(part) < 2 {
		part = append(part[:len(part):len(part)], '0')
	}
	if len(part) > 2 || len(whole) == 0 {
		return 0, fmt.Errorf("%q is not an amount with at most two decimals", text)
	}
	return strconv.ParseInt(string(whole)+string(part), 10, 64)
}
