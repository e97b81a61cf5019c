package demo

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// clickAlerts is the shop that watches what its visitors do. A cart counts as left behind after half a minute, so
// that the first minute shows it, and matches don't overlap.
func clickAlerts() entry {
	return entry{
		name: "clickalerts", share: .1, inputs: map[string]int32{clicksTopic: 2},
		topology: func(c Config) (*stream.Topology, error) {
			return clickalerts.Topology(clickalerts.Config{
				Zone: c.Zone, From: c.From, Retain: c.Retain, Once: true,
				Thresholds: clickalerts.Thresholds{CartWithin: 30 * time.Second},
			})
		},
		source: func(c chance, _ *time.Location) source { return &clicks{chance: c} },
	}
}

var clicksTopic = clickalerts.Clicks.Name

// click is a row of the table of clicks, as a capture writes it.
type click struct {
	At       any    `json:"value_eventTime"` // ms
	Type     string `json:"value_eventType"`
	Product  string `json:"value_productId"`
	Category string `json:"value_categoryId"`
	Code     any    `json:"value_categoryCode"`
	Brand    string `json:"value_brand"`
	Price    int    `json:"value_price"`
	User     any    `json:"value_userId"`
	Session  any    `json:"value_userSession"`
}

// session is somebody in the shop: what is left to do.
type session struct {
	user, name string
	todo       []click
}

// clicks are of sessions that go on side by side. Some rows are captured twice, or deleted.
type clicks struct {
	chance
	sessions []session
	started  int
	count    int
	latest   record
}

const (
	openSessions = 8
	clickers     = 40
)

var (
	departments  = []string{"kitchen.kettles", "furniture.lamps", "electronics.audio", "sport.bicycles"}
	brokenClicks = []string{
		`{"value_eventTime": 16`,
		`{"value_eventType":"view","value_userId":"u1","value_userSession":"s1"}`,
		`{"value_eventTime":1616637600000,"value_eventType":"view"}`,
		`{"value_eventTime":1616637600000,"value_eventType":"view","value_price":"cheap","value_userId":"u1"}`,
	}
)

func (s *clicks) before(time.Time) []record { return nil }

func (s *clicks) next(now time.Time) record {
	switch n := s.IntN(100); {
	case n < 1:
		r := s.rubbish(clicksTopic, brokenClicks)
		r.key = s.id()
		return r
	case n < 4 && s.latest.value != nil: // captured again
		return s.latest
	case n < 5 && s.latest.value != nil: // deleted from the table
		return record{topic: clicksTopic, key: s.latest.key}
	}
	s.latest = s.click(now)
	return s.latest
}

// id is the key of the table's next row.
func (s *clicks) id() string {
	s.count++
	return fmt.Sprintf(`{"key_id":%d}`, s.count)
}

// click is the next of some session; one that has done all leaves, and another comes.
func (s *clicks) click(now time.Time) record {
	for len(s.sessions) < openSessions {
		s.sessions = append(s.sessions, s.enter())
	}
	i := s.IntN(len(s.sessions))
	who := &s.sessions[i]
	c := who.todo[0]
	c.At, c.User, c.Session = now.UnixMilli(), who.user, who.name
	if who.todo = who.todo[1:]; len(who.todo) == 0 {
		s.sessions = append(s.sessions[:i], s.sessions[i+1:]...)
	}
	return written(clicksTopic, s.id(), c)
}

// enter is a visitor: one who looks around, buys, leaves a cart behind, or waits for a lower price.
func (s *clicks) enter() session {
	s.started++
	who := session{user: fmt.Sprintf("u%d", 1+s.few(clickers)), name: fmt.Sprintf("s%d", s.started)}
	p := s.product()
	switch s.IntN(6) {
	case 0:
		who.todo = []click{p.as("view"), p.as("cart"), p.as("purchase")}
	case 1:
		p.Price = s.between(210, 900)
		who.todo = []click{p.as("view"), p.as("cart")}
	case 2:
		cheaper := p
		cheaper.Price = p.Price * 8 / 10
		who.todo = []click{p.as("view"), cheaper.as("view"), cheaper.as("cart")}
	default:
		for range s.between(2, 6) {
			who.todo = append(who.todo, s.product().as("view"))
		}
	}
	return who
}

func (s *clicks) product() click {
	n := s.IntN(60)
	return click{Product: fmt.Sprintf("p%d", n), Category: fmt.Sprint(n % len(departments)), Code: departments[n%len(departments)], Brand: "Acme", Price: s.between(20, 400)}
}

func (c click) as(kind string) click {
	c.Type = kind
	return c
}
