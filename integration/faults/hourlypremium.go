package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	policiesTopic = "user_order"
	hoursTopic    = "adm_pfm_zy_order_gmv_msx_hs"
)

// hourlyPremium keeps premiums, policies and holders per hour. Orders change their hour and their holder; nulls leave
// what was known.
func hourlyPremium() Case {
	return Case{
		Name: "hourlypremium", Program: "cmd/hourlypremium", Inputs: []string{policiesTopic}, Outputs: []string{hoursTopic}, View: hoursTopic, Rate: 800,
		Flags: func(*Stage) []string { return []string{"--zone", "UTC"} },
		Feed:  func(r *rand.Rand) Source { return &policies{rand: r} },
		Verify: func(s *Stage) (v Verdict, err error) {
			held := map[string]policy{}
			err = read(s, policiesTopic, func(r *kgo.Record) { v.addPolicy(held, r) })
			if err != nil {
				return v, err
			}
			got, err := table(s, hoursTopic)
			if err != nil {
				return v, err
			}
			v.compareHours(got, hoursOf(held))
			return v, v.letters(s, "hourlypremium-dead-letters")
		},
	}
}

type policies struct{ rand *rand.Rand }

var firstHour = time.Date(2021, 3, 20, 0, 0, 0, 0, time.UTC)

func (g *policies) Next() []Entry {
	id := 1 + g.rand.IntN(3000)
	at := firstHour.Add(time.Duration(g.rand.Int64N(int64(24 * time.Hour)))).UnixMilli()
	number, holder, premium := fmt.Sprintf("P%06d", 1+id/3*2), fmt.Sprintf(`"13%06d"`, g.rand.IntN(800)), fmt.Sprintf("%d.%02d", g.rand.IntN(9000), g.rand.IntN(100))
	if g.rand.IntN(4) == 0 {
		holder = "null"
	}
	if g.rand.IntN(4) == 0 {
		premium = "null"
	}
	return []Entry{{policiesTopic, fmt.Sprint(id), fmt.Sprintf(`{"id":%d,"order_no":%q,"order_type":1,"pay_time":%d,"order_price":199.5,"customer_name":"Alice",`+
		`"customer_tel":%s,"certificate_no":"330106199001011234","gmt_created":%d,"gmt_modified":%d,"account_payble":%s}`,
		id, number, at, holder, at-60_000, at, premium)}}
}

func (g *policies) Last() []Entry { return nil }

// policy is what counts of an order: the last value of each field that was not null.
type policy struct {
	Number  string       `json:"order_no"`
	Holder  *string      `json:"customer_tel"`
	At      int64        `json:"gmt_modified"`
	Premium *json.Number `json:"account_payble"`
}

func (v *Verdict) addPolicy(held map[string]policy, r *kgo.Record) {
	v.Records++
	var p policy
	if err := json.Unmarshal(r.Value, &p); err != nil {
		v.wrong("input %s: %v", r.Value, err)
		return
	}
	before := held[string(r.Key)]
	if p.Holder == nil {
		p.Holder = before.Holder
	}
	if p.Premium == nil {
		p.Premium = before.Premium
	}
	held[string(r.Key)] = p
}

// hour is a row of the result.
type hour struct {
	cents             int64
	policies, holders map[string]bool
}

func hoursOf(held map[string]policy) map[string]*hour {
	rows := map[string]*hour{}
	for _, p := range held {
		key := time.UnixMilli(p.At).UTC().Format("2006010215")
		if rows[key] == nil {
			rows[key] = &hour{policies: map[string]bool{}, holders: map[string]bool{}}
		}
		row := rows[key]
		row.policies[p.Number] = true
		if p.Holder != nil {
			row.holders[*p.Holder] = true
		}
		if p.Premium != nil {
			row.cents += cents(*p.Premium)
		}
	}
	return rows
}

// compareHours: a policy or an amount that is missing in its hour is lost, one too many duplicated.
func (v *Verdict) compareHours(got map[string][]byte, want map[string]*hour) {
	for key, value := range got {
		if want[key] == nil {
			v.wrong("there is a row of hour %s: %s", key, value)
		}
	}
	for key, w := range want {
		var row struct {
			Premium  json.Number `json:"total_premium"`
			Policies int64       `json:"policy_cnt"`
			Holders  int         `json:"policy_holder_cnt"`
		}
		v.Results++
		if b := got[key]; b != nil {
			if err := json.Unmarshal(b, &row); err != nil {
				v.wrong("hour %s: %s: %v", key, b, err)
			}
		}
		if v.compareCounts("policies of hour "+key, row.Policies, int64(len(w.policies))) && (cents(row.Premium) != w.cents || row.Holders != len(w.holders)) {
			v.wrong("hour %s: %+v, the recount has %d cents, %d holders", key, row, w.cents, len(w.holders))
		}
	}
}
