package demo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// premiumDrops is the insurance company that looks after customers whose premium has fallen.
func premiumDrops() entry {
	return entry{
		name: "premiumdrop", share: .1, inputs: map[string]int32{tracesTopic: 2, customersTopic: 2},
		topology: func(c Config) (*stream.Topology, error) { // customers are remembered for ever
			return premiumdrop.Topology(premiumdrop.Config{Zone: c.Zone, From: c.From})
		},
		source: func(c chance, _ *time.Location) source { return &customers{chance: c, premiums: map[int]float64{}} },
	}
}

var (
	tracesTopic    = premiumdrop.Traces.Name
	customersTopic = premiumdrop.RawInfo.Name
)

// trace is what a customer pays from now on.
type trace struct {
	ID       any    `json:"id"`
	Channel  string `json:"channel"`
	OpenID   string `json:"open_id"`
	Event    string `json:"event"`
	Premium  any    `json:"now_premium"`
	Info     string `json:"now_info"`
	Modified int64  `json:"gmt_modified"` // ms
}

// customer is a row of the dimension.
type customer struct {
	ID      int    `json:"id"`
	Premium string `json:"raw_premium"`
	Info    string `json:"raw_info"`
}

// customers are known before the first of them changes anything. Later some come, some go, and of most of them
// the premium goes up and down.
type customers struct {
	chance
	premiums map[int]float64 // by id
	count    int             // ids given
	latest   record          // to be written again
}

const (
	knownCustomers = 150
	lowPremium     = 300 // below it the contract is made anew
)

var (
	plans        = []string{"health basic", "health plus", "family", "travel", "household"}
	brokenTraces = []string{
		`{"id": 7, "now_premium": `,
		`{"id":7,"channel":"wechat","now_info":"family"}`,
		`{"id":7,"now_premium":"n/a","now_info":"family"}`,
		`{"id":"seven","now_premium":"100.00","now_info":"family"}`,
	}
)

func (s *customers) before(time.Time) (all []record) {
	for range knownCustomers {
		s.count++
		all = append(all, s.contract(s.count))
	}
	return all
}

func (s *customers) next(now time.Time) record {
	switch n := s.IntN(100); {
	case n < 1:
		return s.rubbish(tracesTopic, brokenTraces)
	case n < 4: // somebody whom the dimension does not know
		return s.trace(s.count+1000, "500.00", now)
	case n < 6:
		s.count++
		return s.contract(s.count)
	case n < 7:
		return s.leave()
	case n < 12 && s.latest.value != nil:
		return s.latest
	}
	id := 1 + s.IntN(s.count)
	if s.premiums[id] < lowPremium {
		return s.contract(id)
	}
	s.premiums[id] *= s.factor()
	s.latest = s.trace(id, money(s.premiums[id]), now)
	return s.latest
}

// factor is by how much a premium changes: mostly by little, and now and then by more than 15 % downward.
func (s *customers) factor() float64 {
	if s.percent(15) {
		return .5 + s.Float64()*.3
	}
	return .92 + s.Float64()*.2
}

// contract is a new row of the dimension, or a row made anew.
func (s *customers) contract(id int) record {
	s.premiums[id] = float64(s.between(800, 6000))
	return written(customersTopic, strconv.Itoa(id), customer{id, money(s.premiums[id]), one(s.chance, plans)})
}

// leave takes a customer out of the dimension.
func (s *customers) leave() record {
	id := 1 + s.IntN(s.count)
	delete(s.premiums, id)
	return record{topic: customersTopic, key: strconv.Itoa(id)}
}

func (s *customers) trace(id int, premium string, now time.Time) record {
	return written(tracesTopic, strconv.Itoa(id), trace{
		ID: id, Channel: "wechat", OpenID: fmt.Sprintf("o%08d", id), Event: "premium_changed", Premium: premium, Info: one(s.chance, plans), Modified: now.UnixMilli(),
	})
}

func money(amount float64) string { return strconv.FormatFloat(amount, 'f', 2, 64) }
