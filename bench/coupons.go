package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	paymentsTopic = "dwd_tb_trd_pay_ri"
	refundsTopic  = "dwd_tb_trd_rfd_ri"
	spendsTopic   = "tddl_output"
)

// couponInput is what buyers do. Of ten records about seven are new orders, two later versions of an entry, whose
// columns are other ones, and one is a refund.
type couponInput struct {
	records   int // 0: as many as the orders need
	orders    int // 0: as many as the records make
	buyers    int
	days      int
	campaigns bool // grant coupons
}

func couponCase(in couponInput) useCase {
	c := useCase{
		name: "coupon", about: "payments and refunds, and coupons from a budget",
		inputs: []string{paymentsTopic, refundsTopic}, outputs: []string{spendsTopic, "coupon", "campaign_budget"},
		generate: in.generate,
	}
	if in.campaigns {
		c.flags = func(folder string) ([]string, error) {
			file := filepath.Join(folder, "campaigns.json")
			return []string{"--campaigns=" + file}, os.WriteFile(file, campaignsJSON(in.offers()), 0o644)
		}
	}
	return c
}

// offers are campaigns, the second of which has not enough for all.
func (in couponInput) offers() []offer {
	if !in.campaigns {
		return nil
	}
	return []offer{
		{name: "spring", budget: 1_000_000_000, first: 20210301, last: 20210331, tiers: []tier{{500, 20}, {3000, 200}}},
		{name: "thursday", budget: int64(in.records), first: 20210325, last: 20210325, tiers: []tier{{1000, 50}}},
	}
}

// offer is a campaign.
type offer struct {
	name        string
	budget      int64
	first, last int // days
	tiers       []tier
}

type tier struct{ spend, face int64 }

func campaignsJSON(offers []offer) []byte {
	date := func(day int) string { return fmt.Sprintf("%d-%02d-%02d", day/10000, day/100%100, day%100) }
	b := []byte("[")
	for i, o := range offers {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"name":%q,"budget":%d,"from":%q,"to":%q,"tiers":[`, o.name, o.budget, date(o.first), date(o.last))
		for j, t := range o.tiers {
			if j > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"spend":%d,"face_value":%d}`, t.spend, t.face)
		}
		b = append(b, "]}"...)
	}
	return append(b, ']')
}

// entry is a record of an order: a payment, or a refund.
type entry struct {
	order    int
	refund   bool
	buyer    int
	day      int // of March 2021
	paid     int // second of the day
	modified int // the same
	fee      int // fen; negative for refunds
}

// entries makes records of buyers.
type entries struct {
	in     couponInput
	rand   *rand.Rand
	orders int
	recent []entry
}

func newEntries(in couponInput) *entries {
	return &entries{in: in, rand: rand.New(rand.NewPCG(7, 7))}
}

const lastDay = 25 // of March 2021, on which all days end

func (g *entries) take() entry {
	kind := g.rand.IntN(10)
	if kind < 7 || len(g.recent) == 0 {
		e := entry{order: g.orders, buyer: 1 + g.rand.IntN(g.in.buyers), day: lastDay - g.rand.IntN(g.in.days), paid: g.rand.IntN(80_000), fee: 100 + g.rand.IntN(60_000)}
		e.modified = e.paid + g.rand.IntN(100)
		g.orders++
		if len(g.recent) < recentOrders {
			g.recent = append(g.recent, e)
		} else {
			g.recent[g.rand.IntN(recentOrders)] = e
		}
		return e
	}
	e := g.recent[g.rand.IntN(len(g.recent))]
	e.modified += g.rand.IntN(5000)
	if kind == 7 {
		e.refund, e.fee = true, -1-g.rand.IntN(e.fee)
	} else {
		e.fee = max(100, e.fee-1000+g.rand.IntN(2000))
	}
	return e
}

// more reports whether there are records still to be made when n were.
func (g *entries) more(n int) bool {
	if g.in.records > 0 {
		return n < g.in.records
	}
	return g.orders < g.in.orders
}

const entryRoom = 420

func (e entry) id() []byte { return padded(append(make([]byte, 0, 16), "31"...), e.order, 12) }

func (e entry) topic() string {
	if e.refund {
		return refundsTopic
	}
	return paymentsTopic
}

func (e entry) date() string { return "2021-03-" + strconv.Itoa(e.day) }

func (e entry) append(b, id []byte) []byte {
	fee, status := `","div_idx_actual_total_fee":`, "2"
	if e.refund {
		fee, status = `","refund_fee":`, "4"
	}
	b = append(append(b, `{"biz_order_id":"`...), id...)
	b = append(b, `","auction_id":"55501234","auction_title":"A title of a product","buyer_id":"`...)
	b = strconv.AppendInt(b, int64(e.buyer), 10)
	b = append(b, `","buyer_nick":"nick","pay_time":"`...)
	b = clock(b, e.date(), e.paid)
	b = append(b, `","gmt_create":"`...)
	b = clock(b, e.date(), e.paid)
	b = append(b, `","gmt_modified":"`...)
	b = clock(b, e.date(), e.modified)
	b = append(append(b, `","biz_type":"100","pay_status":"`...), status...)
	b = append(b, `","attributes":";a:1;b:2;","from_group":"0`...)
	b = strconv.AppendInt(append(b, fee...), int64(e.fee), 10)
	return append(b, '}')
}

// entryKey is what versions are of the same entry by.
type entryKey struct {
	order  int
	refund bool
}

// shop holds the minimum of each column of each entry: the recount.
type shop map[entryKey]entry

func (s shop) add(e entry) {
	key := entryKey{e.order, e.refund}
	if held, ok := s[key]; ok { // buyer, day and time of an order are always the same
		e.modified, e.fee = min(e.modified, held.modified), min(e.fee, held.fee)
	}
	s[key] = e
}

// spendRow is what is compared of a row of tddl_output.
type spendRow struct {
	Created  raw   `json:"gmt_create"`
	Modified raw   `json:"gmt_modified"`
	Buyer    int64 `json:"buyer_id"`
	Amount   int64 `json:"cumulate_amount"`
	Day      int64 `json:"effect_time"`
}

// spends are the rows of buyers' days, those without a positive amount included.
func (s shop) spends() map[string]spendRow {
	type day struct{ buyer, day int }
	type sum struct{ created, modified, amount int }
	sums := map[day]sum{}
	for _, e := range s {
		at := day{e.buyer, e.day}
		held, ok := sums[at]
		if !ok {
			held = sum{created: e.paid, modified: e.modified}
		}
		sums[at] = sum{min(held.created, e.paid), max(held.modified, e.modified), held.amount + e.fee/100}
	}
	rows := make(map[string]spendRow, len(sums))
	for at, s := range sums {
		date, number := entry{day: at.day}.date(), int64(20210300+at.day)
		rows[fmt.Sprintf("%d|%d", at.buyer, number)] = spendRow{
			Created: quoted(clock(nil, date, s.created)), Modified: quoted(clock(nil, date, s.modified)),
			Buyer: int64(at.buyer), Amount: int64(s.amount), Day: number,
		}
	}
	return rows
}

func (in couponInput) generate(out emit) outcome {
	var memory slab
	g, held := newEntries(in), shop{}
	for n := 0; g.more(n); n++ {
		e := g.take()
		held.add(e)
		id := e.id()
		out(e.topic(), id, memory.take(e.append(memory.room(entryRoom), id)))
	}
	rows := held.spends()
	reached := reachedBy(rows, in.offers())
	maps.DeleteFunc(rows, func(_ string, r spendRow) bool { return r.Amount <= 0 })
	return (&couponOutcome{offers: in.offers(), wantSpends: rows, wantHeld: reached}).again()
}

// couponOutcome is what spends and coupons must come to.
type couponOutcome struct {
	offers     []offer
	wantSpends map[string]spendRow
	wantHeld   map[string]bool

	spends *table[spendRow]
	grants *grants // nil: no campaigns
}

func (o *couponOutcome) again() outcome {
	n := &couponOutcome{offers: o.offers, wantSpends: o.wantSpends, wantHeld: o.wantHeld, spends: newTable(spendsTopic, o.wantSpends)}
	if o.offers != nil {
		n.grants = newGrants(o.offers, o.wantHeld)
	}
	return n
}

func (o *couponOutcome) topics() []string {
	if o.grants == nil {
		return []string{spendsTopic}
	}
	return append([]string{spendsTopic}, grantTopics...)
}

func (o *couponOutcome) take(r *kgo.Record) error {
	if r.Topic == spendsTopic {
		return o.spends.take(r)
	}
	return o.grants.take(r)
}

func (o *couponOutcome) compare() error {
	if err := o.spends.compare(); err != nil || o.grants == nil {
		return err
	}
	return o.grants.compare()
}
