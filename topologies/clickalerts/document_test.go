package clickalerts_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/cep/rules"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/integration/golden"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// documented are the patterns of the package, read from their documents.
func documented(t testing.TB) (all []rules.Rule[clickalerts.Click]) {
	t.Helper()
	docs := clickalerts.Documents()
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		r, err := clickalerts.ReadRule(docs[name])
		if err != nil {
			t.Fatalf("rules/%s.json: %v", name, err)
		}
		if r.Name != name || r.State != rules.Active {
			t.Errorf("rules/%s.json is rule %q, and %s", name, r.Name, r.State)
		}
		all = append(all, r)
	}
	return all
}

// captured is a click as it is sent: the JSON of key and value.
type captured struct{ key, value string }

// given are the alerts that a topology makes of clicks, by id.
func given(t streamtest.TB, c clickalerts.Config, clicks []captured) map[clickalerts.AlertID]clickalerts.Alert {
	t.Helper()
	topology, err := clickalerts.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := streamtest.New(t, topology, streamtest.MaxAhead(0), streamtest.Start(noon), streamtest.CommitEvery(64))
	for _, x := range append(clicks, captured{`{"key_id":99999}`, `{"value_eventTime":9000000000000,"value_userId":"end","value_userSession":"end"}`}) {
		d.SendRaw("clickstream", 0, []byte(x.key), []byte(x.value))
	}
	d.Run()
	return streamtest.Table(d, clickalerts.Alerts)
}

func TestDocumentsGiveTheAlertsOfThePatternsInTheReferencesCases(t *testing.T) {
	cases, err := golden.ArchivedCEP()
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]int{}
	for _, c := range cases {
		if c.Family != "business" || testing.Short() && len(c.Events) > 500 {
			continue
		}
		var clicks []captured
		for _, e := range c.Events {
			value, err := json.Marshal(map[string]any{
				"value_eventTime": e.Ts, "value_eventType": e.EventType, "value_productId": e.ProductID, "value_categoryCode": e.CategoryCode,
				"value_price": e.Price, "value_userId": e.UserID, "value_userSession": e.UserSession,
			})
			if err != nil {
				t.Fatal(err)
			}
			clicks = append(clicks, captured{fmt.Sprintf(`{"key_id":%s}`, strings.TrimPrefix(e.ID, "c")), string(value)})
		}
		want := given(t, clickalerts.Config{ByArrival: true}, clicks)
		got := given(t, clickalerts.Config{ByArrival: true, Rules: documented(t)}, clicks)
		if !maps.Equal(got, want) {
			t.Errorf("%s: the documents give\n%v\nwant\n%v", c.Name, got, want)
		}
		for _, a := range want {
			alerts[a.Type]++
		}
	}
	if len(alerts) != 6 {
		t.Errorf("the cases have alerts %v: there are six types", alerts)
	}
}

// randomClicks are clicks in the order of their times and ids, of few users, sessions and products.
func randomClicks(t *rapid.T) (clicks []captured, decoded []clickalerts.Click) {
	text := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	at, users, later := noon.UnixMilli(), []string{`"u"`, `"v"`, `null`}, []int64{0, 1, 30_000, 60_000, 299_999, 300_000, 600_000}
	if rapid.Bool().Draw(t, "one user") { // finds longer patterns
		users, later = users[:1], later[:3]
	}
	for i := range rapid.IntRange(1, 30).Draw(t, "clicks") {
		at += rapid.SampledFrom(later).Draw(t, "later")
		value := fmt.Sprintf(`{"value_eventTime":%d,"value_eventType":%s,"value_productId":%s,"value_categoryCode":%s,"value_price":%s,"value_userId":%s,"value_userSession":%s}`,
			at, text("type", `"view"`, `"view"`, `"view"`, `"cart"`, `"cart"`, `"purchase"`, `"none"`), text("product", `"a"`, `"b"`, `""`, `null`), text("category", `"x"`, `"y"`, `""`, `null`),
			text("price", `199.99`, `200`, `200.00`, `200.01`, `1e3`, `null`), text("user", users...), text("session", `"s"`, `"t"`, `""`))
		if strings.Contains(value, `"value_userId":null,"value_userSession":""`) {
			continue
		}
		record, err := clickalerts.ClickRecords.Decode([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		clicks = append(clicks, captured{fmt.Sprintf(`{"key_id":%d}`, i+1), value})
		decoded = append(decoded, clickalerts.Click{ID: int64(i + 1), Record: record})
	}
	return clicks, decoded
}

func TestDocumentsGiveTheAlertsOfThePatternsAndSoDoReplays(t *testing.T) {
	docs, seen := documented(t), map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		clicks, decoded := randomClicks(t)
		config := clickalerts.Config{Once: rapid.Bool().Draw(t, "once")}
		want := given(t, config, clicks)
		for _, a := range want {
			seen[a.Type]++
		}
		config.Rules = docs
		if got := given(t, config, clicks); !maps.Equal(got, want) {
			t.Fatalf("the documents give\n%v\nwant\n%v", got, want)
		}
		if config.Once {
			return
		}
		decoded = append(decoded, clickalerts.Click{Record: clickalerts.ClickRecord{At: codecs.NotNull[int64](9_000_000_000_000), Session: codecs.NotNull("end"), User: codecs.NotNull("end")}})
		if got := replayed(docs, decoded); !maps.Equal(got, said(want)) {
			t.Fatalf("replays give\n%v\nwant\n%v", got, said(want))
		}
	})
	if len(seen) < 5 { // price sensitivity is rare in them
		t.Errorf("the streams have alerts %v: five of the six types are not rare", seen)
	}
}

// said are messages by rule, clicks and time.
func said(alerts map[clickalerts.AlertID]clickalerts.Alert) map[string]string {
	all := map[string]string{}
	for id, a := range alerts {
		at, _ := time.Parse(time.RFC3339, a.EventTime)
		all[fmt.Sprint(id, " ", at.UnixMilli(), " ", a.User, a.Session)] = a.Type + a.Message
	}
	return all
}

func replayed(docs []rules.Rule[clickalerts.Click], clicks []clickalerts.Click) map[string]string {
	all := map[string]string{}
	for _, r := range docs {
		for _, f := range r.Replay(clicks, func(c clickalerts.Click) int64 { return c.Record.At.V }).Found {
			kind := map[bool]string{true: "timeout", false: "match"}[f.Timeout]
			of := f.Alert.Of.Record
			all[fmt.Sprintf("%s|%d|%s|%s|1 %d %s%s", r.Name, r.Version, kind, clickalerts.ClickList(f.Match), f.At, of.User.V, of.Session.V)] = f.Alert.Type + f.Alert.Message
		}
	}
	return all
}

func TestARuleOfItsOwnTakesThePlaceOfThePatterns(t *testing.T) {
	read := func(state string) clickalerts.Config {
		c := clickalerts.Config{Zone: time.UTC}
		for name, key := range map[string]string{"wished": "userSession", "other": "userId"} {
			r, err := clickalerts.ReadRule(fmt.Appendf(nil, `{"name": %q, "version": 7, "key": %q, "state": %q,
				"pattern": {"stages": [{"name": "wish", "contiguity": "begin", "where": {"expr": "type == 'wish' && userId != 'v'"}}]},
				"onMatch": {"type": "WISHED", "message": "{wish.userId} wished {wish.productId} for {wish.price}"}}`, name, key, state))
			if err != nil {
				t.Fatal(err)
			}
			c.Rules = append(c.Rules, r)
		}
		return c
	}
	s := open(t, read("active"))
	s.clicks("1 wish 0 tv 300.10", "2 view 1 tv 300", "3 wish 2 tv 300 v")
	s.says("wished|7|match|1|1 12:00:00 WISHED: u wished tv for 300.1", "other|7|match|1|1 12:00:00 WISHED: u wished tv for 300.1")
	for _, state := range []string{"paused", "shadow"} {
		s := open(t, read(state))
		s.clicks("1 wish 0 tv 300.10")
		s.says()
	}
}

func TestMistakesOfRulesTogetherAreReported(t *testing.T) {
	r := documented(t)[0]
	if _, err := clickalerts.Topology(clickalerts.Config{Rules: []rules.Rule[clickalerts.Click]{r, r}}); err == nil ||
		!strings.Contains(err.Error(), `two rules have the name "abandoned-cart"`) || !strings.Contains(err.Error(), "no rule has the key userId") {
		t.Errorf("%v", err)
	}
}
