package faults

import (
	"math/rand/v2"
	"slices"

	"github.com/tributary-go/tributary/integration/couponkills"
)

// coupon grants and takes back coupons within budgets. Its verifier is that of package couponkills, which does not tell
// lost from duplicated: every difference is wrong.
func coupon() Case {
	return Case{
		Name: "coupon", Program: "cmd/coupon", Inputs: []string{couponkills.Payments, couponkills.Refunds}, Outputs: []string{"tddl_output"},
		Others: []string{"coupon_requests", "coupons", "coupon_ledger", "campaign_budget"}, Rate: 600,
		Flags: func(s *Stage) []string { return []string{"--campaigns", couponkills.File(s.T, couponkills.Campaigns)} },
		Feed: func(r *rand.Rand) Source {
			return &purchases{feed: couponkills.Feed{Records: 100, Buyers: 250, Rand: r}}
		},
		Verify: func(s *Stage) (Verdict, error) {
			l := couponkills.Collect(s.T, s.Cluster)
			r := couponkills.Verify(l, couponkills.Campaigns)
			v := Verdict{Records: r.Records, Results: r.Spends + len(l.Coupons)}
			v.found(r.Found)
			return v, nil
		},
	}
}

// purchases are handed out one by one.
type purchases struct {
	feed couponkills.Feed
	made []couponkills.Entry
}

func (p *purchases) Next() []Entry {
	if len(p.made) == 0 {
		p.made = p.feed.Entries()
	}
	e := p.made[0]
	p.made = slices.Delete(p.made, 0, 1)
	return []Entry{Entry(e)}
}

func (p *purchases) Last() []Entry { return nil }
