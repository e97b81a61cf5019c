package main

import (
	"math/rand/v2"
	"strconv"
)

const (
	clicksTopic = "clickstream"
	alertsTopic = "alerts"
)

// clickCase is what users click in sessions, and then one click per partition a month later: until then some carts
// would not have been left behind.
func clickCase(n int) useCase {
	return useCase{
		name: "clickalerts", about: "five patterns in clicks",
		inputs: []string{clicksTopic}, outputs: []string{alertsTopic},
		generate: func(out emit) outcome { return produceClicks(n, out) },
	}
}

// click is a row of the table of clicks. Ids rise with time.
type click struct {
	id            int
	at            int64 // ms since 1970; no two are equal
	kind          string
	product       int // one of category product%20; of 0 no code is known
	cents         int64
	user, session int
}

// clicks makes sessions: some hundreds are open at a time, half a minute from click to click.
type clicks struct {
	rand     *rand.Rand
	users    int
	next     int
	sessions int
	now      int64
	open     []session
	pace     int64 // ms from click to click at most
}

type session struct {
	user, number int
	left         int   // clicks still to come
	product      int   // looked at last
	cents        int64 // its price then
}

const (
	openSessions = 400
	clickPace    = 150 // ms
)

// newClicks makes n clicks of n/12 users. They take longer by the factor stretch, with fewer sessions at a time.
func newClicks(n, stretch int) *clicks {
	return &clicks{rand: rand.New(rand.NewPCG(17, 17)), users: n/12 + 1, now: firstHour.UnixMilli(),
		open: make([]session, max(1, openSessions/stretch)), pace: clickPace * int64(stretch)}
}

func (g *clicks) take() click {
	s := &g.open[g.rand.IntN(len(g.open))]
	if s.left == 0 {
		g.sessions++
		*s = session{user: 1 + g.rand.IntN(g.users), number: g.sessions, left: 2 + g.rand.IntN(8)}
	}
	s.left--
	g.next++
	g.now += 1 + g.rand.Int64N(g.pace)
	c := click{id: g.next, at: g.now, user: s.user, session: s.number, kind: "view"}
	switch k := g.rand.IntN(20); {
	case k < 4:
		c.kind = "cart"
	case k < 6:
		c.kind = "purchase"
	}
	if s.product == 0 || c.kind == "view" && g.rand.IntN(2) == 0 {
		s.product, s.cents = 1+g.rand.IntN(5000), 500+g.rand.Int64N(60_000)
	}
	if g.rand.IntN(3) == 0 {
		s.cents = s.cents*9/10 + 1
	}
	c.product, c.cents = s.product, s.cents
	return c
}

const clickRoom = 360

func (c click) key() []byte {
	return append(strconv.AppendInt([]byte(`{"key_id":`), int64(c.id), 10), '}')
}

func userText(n int) []byte    { return padded([]byte("user-"), n, 7) }
func sessionText(n int) []byte { return padded([]byte("1515915625-"), n, 9) }

// category is the code of the product's category; "": not known.
func (c click) category() string {
	if c.product%20 == 0 {
		return ""
	}
	return "category." + strconv.Itoa(c.product%20)
}

func (c click) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"value_eventTime":`...), c.at, 10)
	b = append(append(b, `,"value_eventType":"`...), c.kind...)
	b = strconv.AppendInt(append(b, `","value_productId":"`...), int64(c.product), 10)
	b = append(b, `","value_categoryId":"2053013555631882655","value_categoryCode":`...)
	if code := c.category(); code == "" {
		b = append(b, "null"...)
	} else {
		b = append(append(append(b, '"'), code...), '"')
	}
	b = append(b, `,"value_brand":"brand","value_price":`...)
	b = money(b, c.cents)
	b = append(append(b, `,"value_userId":"`...), userText(c.user)...)
	b = append(append(b, `","value_userSession":"`...), sessionText(c.session)...)
	return append(b, `"}`...)
}

const month = 30 * 24 * 3600 * 1000 // ms

// produceClicks recounts alerts.
func produceClicks(n int, out emit) outcome {
	var memory slab
	alerts := map[string]alertRow{}
	makeClicks(newClicks(n, 1), n, 10*minute, noteAlerts(alerts), func(c click) {
		out(clicksTopic, c.key(), memory.take(c.append(memory.room(clickRoom))))
	})
	return newTableOutcome(alertsTopic, alerts, nil)
}

// makeClicks sends n clicks, and then one per partition a month later. It notes what the former match.
func makeClicks(g *clicks, n int, cartWithin int64, note noter, send func(click)) {
	bySession, byUser := map[int][]click{}, map[int][]click{}
	for range n {
		c := g.take()
		bySession[c.session] = append(bySession[c.session], c)
		byUser[c.user] = append(byUser[c.user], c)
		send(c)
	}
	for reached, last := map[int32]bool{}, (click{id: n, at: g.now + month, kind: "none"}); len(reached) < partitions; {
		last.id, last.at, last.user, last.session = last.id+1, last.at+1, 0, 0
		reached[partitionOf(last.key())] = true
		send(last)
	}
	for _, cs := range bySession {
		recountSession(cs, cartWithin, note)
	}
	for _, cs := range byUser {
		recountUser(cs, note)
	}
}
