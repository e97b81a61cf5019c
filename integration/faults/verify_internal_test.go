package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fed are records as a source makes them, in one partition.
func fed(s Source, n int) (rs []*kgo.Record) {
	var entries []Entry
	for range n {
		entries = append(entries, s.Next()...)
	}
	for i, e := range append(entries, s.Last()...) {
		rs = append(rs, &kgo.Record{Topic: e.Topic, Offset: int64(i), Key: []byte(e.Key), Value: []byte(e.Value)})
	}
	return rs
}

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

// expect judges lost, duplicated and wrong.
func expect(t *testing.T, what string, v Verdict, lost, duplicated, wrong int) {
	t.Helper()
	if v.Lost != lost || v.Duplicated != duplicated || v.Wrong != wrong {
		t.Errorf("%s: want %d lost, %d duplicated, %d wrong; got %v", what, lost, duplicated, wrong, v)
	}
}

func TestTotalsAreJudged(t *testing.T) {
	var in Verdict
	users := map[string][]int64{}
	for _, r := range fed(&payments{rand: random()}, 6000) {
		in.addPayment(users, r)
	}
	const user = "u00001"
	sums := users[user]
	if len(sums) < 3 {
		t.Fatalf("%s has %d payments", user, len(sums))
	}
	judge := func(numbers ...int) (v Verdict) {
		seen := map[string]int{}
		for i, n := range numbers {
			v.checkTotal(users, seen, &kgo.Record{Offset: int64(i), Key: []byte(user), Value: fmt.Appendf(nil, `{"n":%d,"s":%d}`, n, sums[n-1])})
		}
		return v
	}
	expect(t, "an honest run", judge(1, 2, 3), 0, 0, 0)
	expect(t, "the second is missing", judge(1, 3), 1, 0, 0)
	expect(t, "the second is there twice", judge(1, 2, 2, 3), 0, 1, 0)
	expect(t, "counted again from the first on", judge(1, 2, 1, 2, 3), 0, 2, 0)
	sums[1]++
	v := judge(1)
	v.checkTotal(users, map[string]int{user: 1}, &kgo.Record{Key: []byte(user), Value: fmt.Appendf(nil, `{"n":2,"s":%d}`, sums[1]-1)})
	expect(t, "another sum", v, 0, 0, 1)
}

func TestChannelsAreJudged(t *testing.T) {
	newest := map[string]order{}
	for _, r := range fed(&orders{rand: random(), orders: 300}, 2000) {
		new(Verdict).addOrder(newest, r)
	}
	want := channelsOf(newest)
	key := sortedKeys(want)[3]
	judge := func(spoil func(rows map[string]*channelDay)) (v Verdict) {
		rows := map[string]*channelDay{}
		for k, c := range want {
			row := *c
			rows[k] = &row
		}
		spoil(rows)
		got := map[string][]byte{}
		for k, c := range rows {
			got[k] = fmt.Appendf(nil, `{"cur_gmv":%d.%02d,"cur_order_user_count":%d,"cur_order_count":%d,"last_pay_time":%q}`, c.cents/100, c.cents%100, len(c.payers), c.orders, c.last)
		}
		v.compareChannels(got, want)
		return v
	}
	expect(t, "an honest run", judge(func(map[string]*channelDay) {}), 0, 0, 0)
	expect(t, "an order is not counted", judge(func(rows map[string]*channelDay) { rows[key].orders-- }), 1, 0, 0)
	expect(t, "two orders too many", judge(func(rows map[string]*channelDay) { rows[key].orders += 2 }), 0, 2, 0)
	expect(t, "a cent too many", judge(func(rows map[string]*channelDay) { rows[key].cents++ }), 0, 0, 1)
	expect(t, "a payer is missing", judge(func(rows map[string]*channelDay) { rows[key].payers = nil }), 0, 0, 1)
	expect(t, "another last time", judge(func(rows map[string]*channelDay) { rows[key].last = "" }), 0, 0, 1)
	expect(t, "a row is missing", judge(func(rows map[string]*channelDay) { delete(rows, key) }), int(want[key].orders), 0, 0)
	expect(t, "a row too many", judge(func(rows map[string]*channelDay) { rows["x"] = rows[key] }), 0, 0, 1)
}

func TestHoursAreJudged(t *testing.T) {
	held := map[string]policy{}
	for _, r := range fed(&policies{rand: random()}, 3000) {
		new(Verdict).addPolicy(held, r)
	}
	want := hoursOf(held)
	key := sortedKeys(want)[3]
	judge := func(cents int64, policies, holders int) (v Verdict) {
		got := map[string][]byte{}
		for k, h := range want {
			c, p, o := h.cents, len(h.policies), len(h.holders)
			if k == key {
				c, p, o = c+cents, p+policies, o+holders
			}
			got[k] = fmt.Appendf(nil, `{"total_premium":%d.%02d,"policy_cnt":%d,"policy_holder_cnt":%d}`, c/100, c%100, p, o)
		}
		v.compareHours(got, want)
		return v
	}
	expect(t, "an honest run", judge(0, 0, 0), 0, 0, 0)
	expect(t, "a policy is missing", judge(0, -1, 0), 1, 0, 0)
	expect(t, "a policy too many", judge(0, 1, 0), 0, 1, 0)
	expect(t, "a cent too few", judge(-1, 0, 0), 0, 0, 1)
	expect(t, "a holder too many", judge(0, 0, 1), 0, 0, 1)
}

func TestPagesAreJudged(t *testing.T) {
	last := map[string]*seen{}
	for _, r := range fed(&visits{rand: random()}, 3000) {
		new(Verdict).addVisit(last, r)
	}
	key := sortedKeys(last)[3]
	judge := func(spoil func(got map[string][]byte)) (v Verdict) {
		got := map[string][]byte{}
		for k, l := range last {
			got[k], _ = json.Marshal(map[string]*string{"bury_point_type": l.kind, "page_name": l.page})
		}
		spoil(got)
		v.comparePages(got, last)
		return v
	}
	expect(t, "an honest run", judge(func(map[string][]byte) {}), 0, 0, 0)
	expect(t, "a row is missing", judge(func(got map[string][]byte) { delete(got, key) }), 1, 0, 0)
	expect(t, "an older page", judge(func(got map[string][]byte) { got[key] = []byte(`{"bury_point_type":"type1","page_name":"/page/0"}`) }), 0, 0, 1)
	expect(t, "a row too many", judge(func(got map[string][]byte) { got["x"] = got[key] }), 0, 0, 1)
}

func TestAlertsAreJudged(t *testing.T) {
	bySession, byUser, want := map[string][]click{}, map[string][]click{}, alerts{}
	for _, r := range fed(&clicks{rand: random(), open: make([]session, 20)}, 3000) {
		c, err := parseClick(r)
		if err != nil {
			t.Fatal(err)
		}
		bySession[c.Session], byUser[c.User] = append(bySession[c.Session], c), append(byUser[c.User], c)
	}
	for _, cs := range bySession {
		want.ofSession(cs)
	}
	for _, cs := range byUser {
		want.ofUser(cs)
	}
	kinds := map[string]int{}
	for _, a := range want {
		kinds[a.Type]++
	}
	if len(kinds) != 6 {
		t.Errorf("the clicks do not make every kind of alert: %v", kinds)
	}
	id := sortedKeys(want)[3]
	judge := func(ids ...string) (v Verdict) {
		got := map[string]int{}
		for _, id := range ids {
			value, _ := json.Marshal(want[id])
			v.checkAlert(want, got, &kgo.Record{Key: []byte(id), Value: value})
		}
		return v
	}
	expect(t, "an alert", judge(id), 0, 0, 0)
	expect(t, "an alert twice", judge(id, id), 0, 1, 0)
	expect(t, "an alert of nothing", judge("cross-sell|1|match|1,1|1"), 0, 0, 1)
	var v Verdict
	v.checkAlert(want, map[string]int{}, &kgo.Record{Key: []byte(id), Value: []byte(`{"alertType":"OTHER"}`)})
	expect(t, "another alert", v, 0, 0, 1)
}

func TestLevelsAreJudged(t *testing.T) {
	ramp := func(from, to int64) Level {
		l := Level{Name: "x"}
		for i := range int64(40) {
			l.Samples = append(l.Samples, from+(to-from)*i/39)
		}
		return l
	}
	for _, c := range []struct {
		of   Level
		flat bool
	}{{ramp(500<<20, 500<<20), true}, {ramp(500<<20, 700<<20), false}, {ramp(500<<20, 100<<20), true}, {ramp(1<<20, 3<<20), true}} {
		if c.of.Flat() != c.flat {
			t.Errorf("%v: level: %t", c.of, c.of.Flat())
		}
	}
}
