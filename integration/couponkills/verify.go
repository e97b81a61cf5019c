package couponkills

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/kills"
)

// Left is what a run left behind: every record of its topics, read committed, partition by partition.
type Left struct {
	Payments, Refunds         []brokers.Record
	Spends, Requests, Coupons []brokers.Record
	Ledger, Budgets, Refused  []brokers.Record
}

// Collect reads the topics.
func Collect(t testing.TB, c brokers.Cluster) Left {
	t.Helper()
	read := func(topic string) []brokers.Record { return c.ReadCommitted(t, topic) }
	return Left{
		Payments: read(Payments), Refunds: read(Refunds),
		Spends: read("tddl_output"), Requests: read("coupon_requests"), Coupons: read("coupons"),
		Ledger: read("coupon_ledger"), Budgets: read("campaign_budget"), Refused: read("coupon-dead-letters"),
	}
}

// Report is what the verifier found.
type Report struct {
	Records, Spends, Requests, Issued, Revoked, Denied int
	kills.Found                                        // nothing: everything is as a recount and a replay have it
}

func (r *Report) String() string {
	return fmt.Sprintf("%d records, %d spends, %d requests; coupons: %d issued, %d revoked, %d denied; %v",
		r.Records, r.Spends, r.Requests, r.Issued, r.Revoked, r.Denied, &r.Found)
}

// Verify recounts what buyers spent from the inputs, and replays the requests: the last request of each coupon
// must be what the spends have reached, the events what the replay decides, campaign by campaign and one after
// the other, and both tables what comes out of it.
func Verify(l Left, campaigns []Campaign) *Report {
	r := &Report{Records: len(l.Payments) + len(l.Refunds), Requests: len(l.Requests)}
	for _, x := range l.Refused {
		r.Differ("dead letter: %s: %.200s", x.Headers["reason"], x.Value)
	}
	spends := r.recount(l)
	r.Spends = len(spends)
	r.checkSpends(l.Spends, spends)
	p := newReplay(r, campaigns)
	for _, x := range l.Requests {
		p.request(x)
	}
	p.checkReached(spends)
	p.checkEvents(l.Coupons)
	p.checkLedger(l.Ledger)
	p.checkBudgets(l.Budgets)
	return r
}

// buyerDay is a day's spend: buyer and yyyyMMdd.
type buyerDay struct {
	buyer int64
	day   string
}

// order is an order in a status; nothing is missing in what is fed, and all text is ASCII.
type order struct{ id, status string }

type version struct {
	Order   string `json:"biz_order_id"`
	Status  string `json:"pay_status"`
	Buyer   int64  `json:"buyer_id,string"`
	PayTime string `json:"pay_time"`
	Paid    *int64 `json:"div_idx_actual_total_fee"`
	Refund  *int64 `json:"refund_fee"`
}

func (v version) fee() int64 {
	if v.Paid != nil {
		return *v.Paid
	}
	return *v.Refund
}

// recount takes the minima per order and status, and adds up whole yuan per buyer and day.
func (r *Report) recount(l Left) map[buyerDay]int64 {
	type minima struct {
		buyer   int64
		payTime string
		fee     int64
	}
	orders := map[order]minima{}
	for _, x := range slices.Concat(l.Payments, l.Refunds) {
		var v version
		if err := json.Unmarshal(x.Value, &v); err != nil || v.Paid == nil && v.Refund == nil {
			r.Differ("input %s: %v", x.Value, err)
			continue
		}
		m, held := orders[order{v.Order, v.Status}]
		if !held {
			m = minima{v.Buyer, v.PayTime, v.fee()}
		}
		orders[order{v.Order, v.Status}] = minima{m.buyer, min(m.payTime, v.PayTime), min(m.fee, v.fee())}
	}
	spends := map[buyerDay]int64{}
	for _, m := range orders {
		spends[buyerDay{m.buyer, strings.ReplaceAll(m.payTime[:10], "-", "")}] += m.fee / 100
	}
	maps.DeleteFunc(spends, func(_ buyerDay, yuan int64) bool { return yuan <= 0 })
	return spends
}

func (r *Report) checkSpends(records []brokers.Record, want map[buyerDay]int64) {
	got := map[buyerDay]int64{}
	for key, value := range kills.Latest(records) {
		var row struct {
			Buyer  int64       `json:"buyer_id"`
			Day    json.Number `json:"effect_time"`
			Amount int64       `json:"cumulate_amount"`
		}
		if err := json.Unmarshal(value, &row); err != nil || key != fmt.Sprintf("%d|%s", row.Buyer, row.Day) {
			r.Differ("tddl_output %s: %s (%v)", key, value, err)
			continue
		}
		got[buyerDay{row.Buyer, row.Day.String()}] = row.Amount
	}
	for k := range kills.Union(got, want) {
		if got[k] != want[k] {
			r.Differ("spend of buyer %d on %s: %d, want %d", k.buyer, k.day, got[k], want[k])
		}
	}
}
