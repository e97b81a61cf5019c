package backtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/backtest"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// line is a click as JSON lines have it, at minutes after noon of 2021-03-25 in UTC.
func line(id int, kind string, minutes int, price string) string {
	at := time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute).UnixMilli()
	return fmt.Sprintf(`{"key_id":%d,"value_eventTime":%d,"value_eventType":%q,"value_productId":"tv","value_price":%s,"value_userId":"u","value_userSession":"s"}`, id, at, kind, price)
}

// some are clicks out of order, one of them twice, and a line that is none.
var some = strings.Join([]string{
	line(2, "purchase", 5, "250"), line(1, "cart", 0, "250.50"), line(1, "cart", 1, "999"), "",
	line(3, "cart", 30, "210"), line(4, "cart", 14*60, "400"), `{"key_id":5}`, line(6, "none", 15*60, "0"),
}, "\n")

func read(t *testing.T, lines string) *backtest.Clicks {
	t.Helper()
	c, err := backtest.ReadLines(strings.NewReader(lines), "clicks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func builtin(t *testing.T, name string) backtest.Rule {
	t.Helper()
	r, err := backtest.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dearer is the rule of abandoned carts with another price and another text of purchases.
func dearer(t *testing.T) backtest.Rule {
	t.Helper()
	doc := string(clickalerts.Documents()["abandoned-cart"])
	doc = strings.Replace(doc, "price > 200", "price > 220", 1)
	doc = strings.Replace(doc, `"version": 1`, `"version": 2`, 1)
	doc = strings.Replace(doc, "Purchase completed", "Purchase done", 1)
	r, err := clickalerts.ReadRule([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAReportHasDaysExamplesAndTheDifference(t *testing.T) {
	before := builtin(t, "abandoned-cart")
	var b strings.Builder
	if err := (backtest.Report{Clicks: read(t, some), Rule: dearer(t), Against: &before, Examples: 1, Zone: time.UTC}).Write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `rule abandoned-cart version 2 by userSession, active, pattern f68dc4728e3b27da
clicks: 5 from 2021-03-25T12:00:00.000Z to 2021-03-26T03:00:00.000Z, 5 of them with one of 1 keys
skipped: 1, seen before or deleted
rejected: 1, the first: clicks.jsonl, line 7: value_eventTime is missing
alerts: 2; partial matches open at the end: 0

day         CART_ABANDONMENT  PURCHASE_COMPLETION  of the other rule
2021-03-25  0                 1                    2
2021-03-26  1                 0                    1

examples
  2021-03-25T12:05:00.000Z PURCHASE_COMPLETION s, clicks 1,2: Purchase done for user u on product tv priced at 250
  .. and 1 more

against rule abandoned-cart version 1 by userSession, active, pattern f68dc4728e3b27da
2 alerts in both, 1 of them with another message or time; 0 added, 1 removed
- 2021-03-25T12:40:00.000Z CART_ABANDONMENT s, clicks 3: High-value cart abandonment detected for user 'u' priced at 210. No purchase within 10 minutes.
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestAReportOfNothingSaysSo(t *testing.T) {
	var b strings.Builder
	if err := (backtest.Report{Clicks: read(t, ""), Rule: builtin(t, "churn-risk"), Examples: 1, Zone: time.UTC}).Write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "rule churn-risk version 1 by userId, active, pattern 52249d890bdb57bb\nclicks: none\nalerts: 0; partial matches open at the end: 0\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestClicksOfATopicAreReadFromAllItsPartitionsOnce(t *testing.T) {
	c := brokers.Embedded(t)
	c.CreateTopic(t, clickalerts.Clicks.Name, 3, nil)
	var records []brokers.Record
	for i := range 40 {
		key := []byte(fmt.Sprintf(`{"key_id":%d}`, i+1))
		records = append(records, brokers.Record{Key: key, Value: []byte(line(i+1, "view", 40-i, "1"))})
		if i%4 == 0 {
			records = append(records, brokers.Record{Key: key})
		}
	}
	c.Produce(t, clickalerts.Clicks.Name, append(records, brokers.Record{Key: []byte("no"), Value: []byte("{}")})...)
	clicks, err := backtest.ReadTopic(t.Context(), client.Connection{Brokers: c.Brokers()})
	if err != nil {
		t.Fatal(err)
	}
	if len(clicks.All) != 40 || clicks.Skipped != 10 || clicks.Rejected != 1 || !strings.Contains(clicks.Reason.Error(), "topic clickstream partition") {
		t.Errorf("%d clicks, %d skipped, %d rejected: %v", len(clicks.All), clicks.Skipped, clicks.Rejected, clicks.Reason)
	}
	for i, x := range clicks.All {
		if x.ID != int64(40-i) {
			t.Fatalf("click %d has id %d: they are not in the order of time", i, x.ID)
		}
	}
}

func TestATopicThatIsNotThereIsAnError(t *testing.T) {
	_, err := backtest.ReadTopic(t.Context(), client.Connection{Brokers: brokers.Embedded(t).Brokers()})
	if err == nil || !strings.Contains(err.Error(), "clickstream") {
		t.Errorf("%v", err)
	}
}

func TestMistakesOfAllFilesAreNamedWithTheirFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, doc string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := string(clickalerts.Documents()["churn-risk"])
	a, b := write("a.json", good), write("b.json", good)
	bad := write("bad.json", strings.NewReplacer(`"begin"`, `"start"`, `"version": 1`, `"version": 0`).Replace(good))
	none := write("none.json", "{")
	if rs, err := backtest.ReadRules([]string{a}); err != nil || len(rs) != 1 {
		t.Errorf("%d rules: %v", len(rs), err)
	}
	_, err := backtest.ReadRules([]string{a, b, bad, none})
	if err == nil {
		t.Fatal("no mistakes")
	}
	for _, says := range []string{
		b + ": it is rule churn-risk version 1, and so is " + a,
		bad + ": not a pattern: version 0", bad + `: not a pattern: stage "first_view": contiguity "start"`,
		none + ": not a pattern: unexpected EOF",
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q is missing in\n%v", says, err)
		}
	}
	if n := strings.Count(err.Error(), "\n"); n != 3 {
		t.Errorf("%d lines, want 4:\n%v", n+1, err)
	}
	if _, err := backtest.Builtin("no-rule"); err == nil || !strings.Contains(err.Error(), "there are abandoned-cart, churn-risk") {
		t.Errorf("%v", err)
	}
}
