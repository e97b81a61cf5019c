package main

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	policiesTopic = "user_order"
	hoursTopic    = "adm_pfm_zy_order_gmv_msx_hs"
)

// premiumInput is what policyholders do.
type premiumInput struct {
	records int
	hours   int
	// orders: three of ten records are later versions of an order, some without a phone number or an amount, some in
	// another hour, and people have several orders. Without it every record is an order, a policy and a holder of its
	// own.
	orders bool
}

func premiumCase(in premiumInput) useCase {
	return useCase{
		name: "hourlypremium", about: "premiums, policies and holders per hour",
		inputs: []string{policiesTopic}, outputs: []string{hoursTopic}, generate: in.generate,
	}
}

// policy is a version of an order. 0 is null.
type policy struct {
	id     int
	number int   // order_no
	holder int   // customer_tel
	at     int64 // ms since 1970
	cents  int64
}

// policies makes versions of orders.
type policies struct {
	in     premiumInput
	rand   *rand.Rand
	next   int
	recent []int
}

func newPolicies(in premiumInput) *policies {
	return &policies{in: in, rand: rand.New(rand.NewPCG(9, 9))}
}

// firstHour is when the input begins.
var firstHour = time.Date(2021, 3, 20, 0, 0, 0, 0, time.UTC)

func (g *policies) take() policy {
	later := g.in.orders && len(g.recent) > 0 && g.rand.IntN(10) < 3
	p := policy{at: firstHour.UnixMilli() + g.rand.Int64N(int64(g.in.hours)*time.Hour.Milliseconds()), cents: 1 + g.rand.Int64N(1_000_000)}
	if later {
		p.id = g.recent[g.rand.IntN(len(g.recent))]
	} else {
		g.next++
		p.id = g.next
		if len(g.recent) < recentOrders {
			g.recent = append(g.recent, p.id)
		} else {
			g.recent[g.rand.IntN(recentOrders)] = p.id
		}
	}
	p.number, p.holder = p.id, p.id
	if !g.in.orders {
		return p
	}
	p.number, p.holder = 1+p.id/3*2, 1+g.rand.IntN(g.in.records/3+1)
	if later && g.rand.IntN(2) == 0 {
		p.holder = 0
	}
	if later && g.rand.IntN(3) == 0 {
		p.cents = 0
	}
	return p
}

const policyRoom = 420

func (p policy) key() []byte { return strconv.AppendInt(nil, int64(p.id), 10) }

func (p policy) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), int64(p.id), 10)
	b = append(padded(append(b, `,"order_no":"P`...), p.number, 10), `","order_type":1,"pay_time":`...)
	b = strconv.AppendInt(b, p.at, 10)
	b = append(b, `,"order_price":199.5,"customer_name":"Alice","customer_tel":`...)
	if p.holder == 0 {
		b = append(b, "null"...)
	} else {
		b = append(padded(append(b, `"13`...), p.holder, 9), '"')
	}
	b = append(b, `,"certificate_no":"330106199001011234","gmt_created":`...)
	b = strconv.AppendInt(b, p.at-60_000, 10)
	b = append(b, `,"gmt_modified":`...)
	b = strconv.AppendInt(b, p.at, 10)
	b = append(b, `,"account_payble":`...)
	if p.cents == 0 {
		b = append(b, "null"...)
	} else {
		b = money(b, p.cents)
	}
	return append(b, '}')
}

// hourRow is what is compared of a row of adm_pfm_zy_order_gmv_msx_hs.
type hourRow struct{ cents, policies, holders int64 }

// office holds the last values of each order, by id: the recount.
type office []policy

func (o *office) add(p policy) {
	for len(*o) <= p.id {
		*o = append(*o, policy{})
	}
	held := (*o)[p.id]
	if p.holder == 0 {
		p.holder = held.holder
	}
	if p.cents == 0 {
		p.cents = held.cents
	}
	(*o)[p.id] = p
}

func (o office) rows() map[string]hourRow {
	type names struct{ policies, holders map[int]struct{} }
	rows, all := map[string]hourRow{}, map[int64]names{}
	for _, p := range o {
		if p.id == 0 {
			continue
		}
		hour := p.at / time.Hour.Milliseconds()
		n, ok := all[hour]
		if !ok {
			n = names{map[int]struct{}{}, map[int]struct{}{}}
			all[hour] = n
		}
		n.policies[p.number] = struct{}{}
		if p.holder > 0 {
			n.holders[p.holder] = struct{}{}
		}
		key := time.UnixMilli(p.at).UTC().Format("2006010215")
		rows[key] = hourRow{rows[key].cents + p.cents, int64(len(n.policies)), int64(len(n.holders))}
	}
	return rows
}

func (in premiumInput) generate(out emit) outcome {
	var memory slab
	var held office
	g := newPolicies(in)
	for range in.records {
		p := g.take()
		held.add(p)
		out(policiesTopic, p.key(), memory.take(p.append(memory.room(policyRoom))))
	}
	return newTableOutcome(hoursTopic, held.rows(), readHour)
}

func readHour(b []byte) (hourRow, error) {
	var row struct {
		Premium  json.Number `json:"total_premium"`
		Policies int64       `json:"policy_cnt"`
		Holders  int64       `json:"policy_holder_cnt"`
	}
	if err := json.Unmarshal(b, &row); err != nil {
		return hourRow{}, err
	}
	cents, err := parseCents([]byte(row.Premium))
	return hourRow{cents, row.Policies, row.Holders}, err
}
