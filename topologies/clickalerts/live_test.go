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

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// changing is a topology whose rules come as data too.
var changing = clickalerts.Config{Zone: time.UTC, RuleTopic: clickalerts.RuleTopic}

// openChanging has read the topic of rules to its end, which is empty.
func openChanging(t *testing.T, opts ...streamtest.Option) shop {
	t.Helper()
	s := open(t, changing, opts...)
	s.SetIdle(clickalerts.RuleTopic, 0, true)
	return s
}

// put sends a document under a name; "" removes the rule.
func (s shop) put(name, document string) {
	var value []byte
	if document != "" {
		value = []byte(document)
	}
	s.SendRaw(clickalerts.RuleTopic, -1, []byte(name), value)
	s.Run()
}

// cart is the document of abandoned carts with other texts in it: from, to, and so on.
func cartRule(texts ...string) string {
	return strings.NewReplacer(append(texts, "High-value cart abandonment detected for user '{cart_add.userId}' priced at {cart_add.price}. No purchase within 10 minutes.", "left {cart_add.price}")...).
		Replace(string(clickalerts.Documents()["abandoned-cart"]))
}

func (s shop) refused() (reasons []string) {
	for _, l := range s.DeadLetters() {
		reasons = append(reasons, l.Group+": "+l.Reason)
	}
	return reasons
}

func TestARuleIsReplacedBetweenTwoClicksAndWhatItHasBegunGoesOn(t *testing.T) {
	for _, partitions := range []int{1, 4} {
		s := openChanging(t, streamtest.Partitions(partitions))
		s.clicks("1 cart 0 tv 250", "2 none 1 tv 0")
		s.Run()
		s.put("abandoned-cart", cartRule(`"version": 1`, `"version": 2`, "price > 200", "price > 300"))
		s.clicks("3 cart 2 tv 250", "4 cart 3 tv 350", "5 none 4 tv 0")
		s.Run()
		s.put("abandoned-cart", "")
		s.clicks("6 cart 5 tv 400")
		s.says(
			"abandoned-cart|1|timeout|1|1 12:10:00 CART_ABANDONMENT: High-value cart abandonment detected for user 'u' priced at 250. No purchase within 10 minutes.",
			"abandoned-cart|2|timeout|4|1 12:13:00 CART_ABANDONMENT: left 350",
		)
		if r := s.refused(); r != nil {
			t.Errorf("refused: %q", r)
		}
	}
}

func TestADocumentThatIsNoneIsADeadLetterAndTheRuleStays(t *testing.T) {
	s := openChanging(t)
	s.put("abandoned-cart", cartRule(`"version": 1`, `"version": 2`))
	s.put("abandoned-cart", cartRule(`"version": 1`, `"version": 3`, "price > 200", "prize > 200", `"begin"`, `"start"`))
	s.put("abandoned-cart", `{"name"`)
	s.put("other", cartRule())
	s.put("endless", `{"name": "endless", "version": 1, "key": "userId",
		"pattern": {"stages": [{"name": "wish", "contiguity": "begin", "where": {"type": "wish"}}]}, "onMatch": {"type": "WISHED", "message": "m"}}`)
	s.put("abandoned-cart", cartRule("price > 200", "price > 300"))
	s.clicks("1 cart 0 tv 250")
	s.says("abandoned-cart|2|timeout|1|1 12:10:00 CART_ABANDONMENT: left 250")
	for i, says := range [][]string{
		{"clickalerts-rules-reader: rule \"abandoned-cart\": ", `stage "cart_add": contiguity "start"`, `stage "cart_add": expression`, "prize"},
		{"clickalerts-rules-reader: rule \"abandoned-cart\": not a pattern: unexpected EOF"},
		{`rule "other": the document has the name "abandoned-cart", which must be the record's key`},
		{`rule "endless": its pattern has no window`},
		{"clickalerts-session-runs: ", `rule "abandoned-cart": versions go up: version 2 is in force, and this is another one with the number 1`},
	} {
		if len(s.refused()) != 5 {
			t.Fatalf("refused: %q", s.refused())
		}
		for _, text := range says {
			if !strings.Contains(s.refused()[i], text) {
				t.Errorf("refused %q: it does not say %s", s.refused()[i], text)
			}
		}
	}
}

func TestARuleMayChangeItsKey(t *testing.T) {
	s := openChanging(t)
	s.put("abandoned-cart", cartRule(`"version": 1`, `"version": 2`, `"userSession"`, `"userId"`))
	s.clicks("1 cart 0 tv 250")
	s.says("abandoned-cart|2|timeout|1|1 12:10:00 CART_ABANDONMENT: left 250")
}

func TestAShadowOverClicksIsCountedByVersion(t *testing.T) {
	s := openChanging(t)
	s.put("abandoned-cart", cartRule(`"version": 1,`, `"version": 2, "state": "shadow",`))
	s.clicks("1 cart 0 tv 250", "2 cart 1 tv 250", "3 purchase 2 tv 250", "4 cart 3 tv 250")
	s.says()
	versions, err := streamtest.Rules(s.Driver, "clickalerts-session-runs", 0)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(versions, func(v stream.RuleVersion) bool { return v.Version == 2 })
	if i < 0 || versions[i].State != "shadow" || versions[i].Matches != 2 || versions[i].Timeouts != 1 {
		t.Errorf("versions %+v", versions)
	}
}

// fromTopic are the alerts of a topology that is told all documents before the first click.
func fromTopic(t streamtest.TB, c clickalerts.Config, clicks []captured) map[clickalerts.AlertID]clickalerts.Alert {
	t.Helper()
	c.RuleTopic = "documents"
	topology, err := clickalerts.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := streamtest.New(t, topology, streamtest.MaxAhead(0), streamtest.Start(noon), streamtest.CommitEvery(64))
	docs := clickalerts.Documents()
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		d.SendRaw("documents", 0, []byte(name), docs[name])
	}
	d.Run()
	d.SetIdle("documents", 0, true)
	for _, x := range append(clicks, captured{`{"key_id":99999}`, `{"value_eventTime":9000000000000,"value_userId":"end","value_userSession":"end"}`}) {
		d.SendRaw("clickstream", 0, []byte(x.key), []byte(x.value))
	}
	d.Run()
	if l := d.DeadLetters(); len(l) > 0 {
		t.Fatalf("dead letters, the first: %+v", l[0])
	}
	return streamtest.Table(d, clickalerts.Alerts)
}

func TestDocumentsOfATopicGiveTheAlertsOfThePatterns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clicks, _ := randomClicks(t)
		c := clickalerts.Config{Once: rapid.Bool().Draw(t, "once")}
		if got, want := fromTopic(t, c, clicks), given(t, c, clicks); !maps.Equal(got, want) {
			t.Fatalf("the documents give\n%v\nwant\n%v", got, want)
		}
	})
}

func TestATopicOfRulesThatIsEmptyChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clicks, _ := randomClicks(t)
		topology, err := clickalerts.Topology(clickalerts.Config{RuleTopic: "documents"})
		if err != nil {
			t.Fatal(err)
		}
		d := streamtest.New(t, topology, streamtest.MaxAhead(0), streamtest.Start(noon))
		for _, x := range append(clicks, captured{`{"key_id":99999}`, `{"value_eventTime":9000000000000,"value_userId":"end","value_userSession":"end"}`}) {
			d.SendRaw("clickstream", 0, []byte(x.key), []byte(x.value))
		}
		d.Run()
		if n := len(streamtest.Table(d, clickalerts.Alerts)); n != 0 {
			t.Fatalf("%d alerts before the topic of rules is known to be empty", n)
		}
		d.SetIdle("documents", 0, true)
		d.Run()
		if got, want := streamtest.Table(d, clickalerts.Alerts), given(t, clickalerts.Config{}, clicks); !maps.Equal(got, want) {
			t.Fatalf("alerts\n%v\nwant\n%v", got, want)
		}
	})
}

func ExampleCheckRule() {
	var doc map[string]any
	if err := json.Unmarshal(clickalerts.Documents()["cross-sell"], &doc); err != nil {
		fmt.Println(err)
		return
	}
	doc["state"], doc["version"], doc["from"] = "shadow", 2, "tomorrow"
	b, _ := json.Marshal(doc)
	_, err := clickalerts.CheckRule(b)
	fmt.Println(err)
	// Output: not a pattern: from "tomorrow" is not a time in RFC 3339
}
