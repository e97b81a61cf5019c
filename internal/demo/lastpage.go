package demo

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

// lastPages is the shop that wants to know where its visitors are.
func lastPages() entry {
	return entry{
		name: "lastpage", share: .15, inputs: map[string]int32{visitsTopic: 2},
		topology: func(c Config) (*stream.Topology, error) {
			return lastpage.Topology(lastpage.Config{Zone: c.Zone, From: c.From, Retain: c.Retain})
		},
		source: func(c chance, _ *time.Location) source { return &visits{chance: c} },
	}
}

var visitsTopic = lastpage.Visits(lastpage.ByLogTime).Name

// visit is a record of the log.
type visit struct {
	LogTime any    `json:"log_time"` // s or ms
	Device  any    `json:"device_id"`
	Account any    `json:"account_id"`
	Kind    any    `json:"bury_point_type"`
	Page    any    `json:"page_name"`
	IP      string `json:"ip"` // nobody reads it
}

// visits are of accounts on one or two devices. Some come late, twice, or without a part of what they should say.
type visits struct {
	chance
	latest record
}

const accounts = 120

var (
	pages        = []string{"/home", "/search", "/tea", "/lamps", "/cart", "/checkout", "/orders", "/help"}
	kinds        = []string{"page", "page", "click", "exposure"}
	brokenVisits = []string{
		`{"log_time": 16`,
		`{"log_time":"soon","account_id":"a001","device_id":"phone","page_name":"/home"}`,
		`{"log_time":-1,"account_id":"a001","device_id":"phone","page_name":"/home"}`,
	}
)

func (s *visits) before(time.Time) []record { return nil }

func (s *visits) next(now time.Time) record {
	switch n := s.IntN(100); {
	case n < 1:
		return s.rubbish(visitsTopic, brokenVisits)
	case n < 5 && s.latest.value != nil:
		return s.latest
	}
	s.latest = s.visit(now)
	return s.latest
}

func (s *visits) visit(now time.Time) record {
	account := fmt.Sprintf("a%03d", 1+s.few(accounts))
	v := visit{LogTime: now.UnixMilli(), Device: one(s.chance, []string{"phone", "phone", "laptop"}), Account: account, Kind: one(s.chance, kinds), Page: one(s.chance, pages), IP: "192.0.2.7"}
	switch n := s.IntN(100); {
	case n < 10:
		v.LogTime = now.Unix()
	case n < 20: // comes late: what is newer stays
		v.LogTime = now.Add(-time.Duration(s.between(5, 60)) * time.Second).UnixMilli()
	case n < 25: // nobody is logged in
		v.Account = nil
	case n < 28:
		v.Device = nil
	case n < 35:
		v.Page = nil
	case n < 42:
		v.Kind = nil
	}
	return written(visitsTopic, account, v)
}
