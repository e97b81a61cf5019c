package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	visitsTopic = "edw_zy_evt_bury_point_log"
	pagesTopic  = "user_last_log"
)

// lastPage keeps the last page of each account on each device. Half of the visits arrive late.
func lastPage() Case {
	return Case{
		Name: "lastpage", Program: "cmd/lastpage", Inputs: []string{visitsTopic}, Outputs: []string{pagesTopic}, View: pagesTopic, Rate: 1000,
		Feed: func(r *rand.Rand) Source { return &visits{rand: r} },
		Verify: func(s *Stage) (v Verdict, err error) {
			last := map[string]*seen{}
			err = read(s, visitsTopic, func(r *kgo.Record) { v.addVisit(last, r) })
			if err != nil {
				return v, err
			}
			got, err := table(s, pagesTopic)
			if err != nil {
				return v, err
			}
			v.comparePages(got, last)
			return v, v.letters(s, "lastpage-dead-letters")
		},
	}
}

type visits struct {
	rand *rand.Rand
	made int64
}

func (g *visits) Next() []Entry {
	g.made++
	account, device := fmt.Sprintf("acc%05d", g.rand.IntN(1500)), fmt.Sprintf("dev%d", 1+g.rand.IntN(2))
	kind, page := fmt.Sprintf(`"type%d"`, g.rand.IntN(8)), fmt.Sprintf(`"/page/%d"`, g.made)
	if g.rand.IntN(8) == 0 {
		kind = "null"
	}
	if g.rand.IntN(8) == 0 {
		page = "null"
	}
	at := firstHour.UnixMilli() + 3_600_000 + g.made*20 - g.rand.Int64N(2)*g.rand.Int64N(600_000)
	return []Entry{{visitsTopic, account + "|" + device, fmt.Sprintf(`{"log_time":%d,"device_id":%q,"account_id":%q,"bury_point_type":%s,"page_name":%s}`,
		at, device, account, kind, page)}}
}

func (g *visits) Last() []Entry { return nil }

// seen is what was logged last of a device.
type seen struct {
	kind, page     *string
	kindAt, pageAt int64
}

func (v *Verdict) addVisit(last map[string]*seen, r *kgo.Record) {
	v.Records++
	var x struct {
		At   int64   `json:"log_time"`
		Kind *string `json:"bury_point_type"`
		Page *string `json:"page_name"`
	}
	if err := json.Unmarshal(r.Value, &x); err != nil {
		v.wrong("input %s: %v", r.Value, err)
		return
	}
	l := last[string(r.Key)]
	if l == nil {
		l = &seen{}
		last[string(r.Key)] = l
	}
	if x.Kind != nil && x.At >= l.kindAt {
		l.kind, l.kindAt = x.Kind, x.At
	}
	if x.Page != nil && x.At >= l.pageAt {
		l.page, l.pageAt = x.Page, x.At
	}
}

func (v *Verdict) comparePages(got map[string][]byte, want map[string]*seen) {
	for key, value := range got {
		if want[key] == nil {
			v.wrong("there is a row %s: %s", key, value)
		}
	}
	for key, w := range want {
		v.Results++
		b := got[key]
		if b == nil {
			v.lost(1, "there is no row %s", key)
			continue
		}
		var row struct {
			Kind *string `json:"bury_point_type"`
			Page *string `json:"page_name"`
		}
		if err := json.Unmarshal(b, &row); err != nil || text(row.Kind) != text(w.kind) || text(row.Page) != text(w.page) {
			v.wrong("row %s: %s (%v), the recount has %s, %s", key, b, err, text(w.kind), text(w.page))
		}
	}
}

func text(s *string) string {
	if s == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *s)
}
