package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	clicksTopic = "clickstream"
	alertsTopic = "alerts"
)

// clickAlerts finds five patterns in clicks. Each alert has an id made of its clicks, and must be there once.
func clickAlerts() Case {
	return Case{
		Name: "clickalerts", Program: "cmd/clickalerts", Inputs: []string{clicksTopic}, Outputs: []string{alertsTopic}, Rate: 600,
		// What a kill delays must not look like a pause of the clicks.
		Flags: func(*Stage) []string { return []string{"--max-idle-advance", "0s"} },
		Feed: func(r *rand.Rand) Source {
			return &clicks{rand: r, now: firstHour.UnixMilli(), open: make([]session, 100)}
		},
		Verify: verifyAlerts,
	}
}

// click is a row of the table of clicks. Ids rise with time.
type click struct {
	id            int
	At            int64       `json:"value_eventTime"` // ms since 1970; no two are equal
	Kind          string      `json:"value_eventType"`
	Product       string      `json:"value_productId"`
	Category      *string     `json:"value_categoryCode"`
	Price         json.Number `json:"value_price"`
	User, Session string      `json:"-"`
}

// clicks makes sessions, of which a hundred are open at a time. A user has about two.
type clicks struct {
	rand     *rand.Rand
	made     int
	sessions int
	now      int64
	open     []session
}

type session struct {
	user, number int
	left         int // clicks still to come
	product      int // looked at last
	pence        int // its price then
}

func (g *clicks) Next() []Entry {
	s := &g.open[g.rand.IntN(len(g.open))]
	if s.left == 0 {
		g.sessions++
		*s = session{user: g.sessions/2 + g.rand.IntN(50), number: g.sessions, left: 2 + g.rand.IntN(8)}
	}
	s.left--
	g.now += 1 + g.rand.Int64N(600)
	kind := "view"
	switch k := g.rand.IntN(20); {
	case k < 4:
		kind = "cart"
	case k < 6:
		kind = "purchase"
	}
	if s.product == 0 || kind == "view" && g.rand.IntN(2) == 0 {
		s.product, s.pence = 1+g.rand.IntN(5000), 500+g.rand.IntN(60_000)
	}
	if g.rand.IntN(3) == 0 {
		s.pence = s.pence*9/10 + 1
	}
	return []Entry{g.entry(kind, s)}
}

func (g *clicks) entry(kind string, s *session) Entry {
	g.made++
	category := "null"
	if s.product%20 > 0 {
		category = fmt.Sprintf(`"category.%d"`, s.product%20)
	}
	return Entry{clicksTopic, fmt.Sprintf(`{"key_id":%d}`, g.made), fmt.Sprintf(`{"value_eventTime":%d,"value_eventType":%q,"value_productId":"%d",`+
		`"value_categoryId":"2053013555631882655","value_categoryCode":%s,"value_brand":"brand","value_price":%d.%02d,"value_userId":"user-%d","value_userSession":"session-%d"}`,
		g.now, kind, s.product, category, s.pence/100, s.pence%100, s.user, s.number)}
}

// Last are clicks a month later, in every partition: until then some carts would not have been left behind.
func (g *clicks) Last() []Entry {
	g.now += 30 * 24 * 60 * minute
	var all []Entry
	for range 400 {
		g.now++
		all = append(all, g.entry("none", &session{}))
	}
	return all
}

func verifyAlerts(s *Stage) (v Verdict, err error) {
	bySession, byUser := map[string][]click{}, map[string][]click{}
	err = read(s, clicksTopic, func(r *kgo.Record) {
		v.Records++
		c, err := parseClick(r)
		if err != nil {
			v.wrong("input %s: %s: %v", r.Key, r.Value, err)
		}
		bySession[c.Session], byUser[c.User] = append(bySession[c.Session], c), append(byUser[c.User], c)
	})
	if err != nil {
		return v, err
	}
	want := alerts{}
	for _, cs := range inTime(bySession) {
		want.ofSession(cs)
	}
	for _, cs := range inTime(byUser) {
		want.ofUser(cs)
	}
	got := map[string]int{}
	if err := read(s, alertsTopic, func(r *kgo.Record) { v.checkAlert(want, got, r) }); err != nil {
		return v, err
	}
	for id := range want {
		if got[id] == 0 {
			v.lost(1, "alert %s", id)
		}
	}
	return v, v.letters(s, "clickalerts-dead-letters")
}

func parseClick(r *kgo.Record) (click, error) {
	var key struct {
		ID int `json:"key_id"`
	}
	var c struct {
		click
		User    string `json:"value_userId"`
		Session string `json:"value_userSession"`
	}
	if err := json.Unmarshal(r.Key, &key); err != nil {
		return click{}, err
	}
	err := json.Unmarshal(r.Value, &c)
	c.id, c.click.User, c.click.Session = key.ID, c.User, c.Session
	return c.click, err
}

// inTime sorts the clicks of each.
func inTime(m map[string][]click) map[string][]click {
	for _, cs := range m {
		slices.SortFunc(cs, func(a, b click) int { return a.id - b.id })
	}
	return m
}

func (v *Verdict) checkAlert(want alerts, got map[string]int, r *kgo.Record) {
	var row alert
	v.Results++
	id := string(r.Key)
	if err := json.Unmarshal(r.Value, &row); err != nil {
		v.wrong("alert %s: %s: %v", id, r.Value, err)
		return
	}
	got[id]++
	switch w, ok := want[id]; {
	case got[id] > 1:
		v.duplicated(1, "alert %s, again at partition %d, offset %d", id, r.Partition, r.Offset)
	case !ok:
		v.wrong("alert %s: %s, no clicks make it", id, r.Value)
	case row != w:
		v.wrong("alert %s: %+v, the recount has %+v", id, row, w)
	}
}
