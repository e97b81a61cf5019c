package golden

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// This file runs the business cases through the topology of the click alerts.

// ruleOf is our name for a pattern of the reference.
var ruleOf = map[string]string{
	"crossSell": "cross-sell", "abandonedCart": "abandoned-cart", "purchaseIntent": "purchase-intent",
	"priceSensitivity": "price-sensitivity", "churn": "churn-risk",
}

// CheckClickAlerts runs a business case on an engine and compares the alerts with those of the reference's job:
// all of them with their times, in no order.
func CheckClickAlerts(t TB, e Engine, c *CEPCase, o Options) {
	t.Helper()
	topology, err := clickalerts.Topology(clickalerts.Config{ByArrival: true})
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	o.Until = time.UnixMilli(endOfCase).Add(-time.Minute)
	out := e.Run(t, topology, c.clicks(), o)
	got, want := ourAlerts(t, out, c.rule()), c.alerts()
	if !slices.Equal(got, want) {
		t.Errorf("alerts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, l := range out.DeadLetters {
		if !strings.HasPrefix(l.Reason, "too late") {
			t.Errorf("dead letter: %s", l.Reason)
		}
	}
	if late, both := len(out.DeadLetters), 2*len(c.Late); late != both { // late for the session and for the user
		t.Errorf("%d late events, want %d", late, both)
	}
}

// clicks are the inputs: the case's events, and some at the end of time, so that each partition gets there.
func (c *CEPCase) clicks() (inputs []Input) {
	events := slices.Clone(c.Events)
	for i := range 16 {
		events = append(events, CEPEvent{ID: fmt.Sprint("c", 9_000_000+i), Ts: endOfCase, UserID: "end", UserSession: "end"})
	}
	for _, e := range events {
		key := fmt.Sprintf(`{"key_id": %s}`, strings.TrimPrefix(e.ID, "c"))
		inputs = append(inputs, Input{Topic: clickalerts.Clicks.Name, Key: key, Value: e.captured()})
	}
	return inputs
}

// Ties tells whether two events of a key have one time.
func (c *CEPCase) Ties() bool {
	seen := map[string]bool{}
	for i := range c.Events {
		e := &c.Events[i]
		at := fmt.Sprint(c.key(e), " ", e.Ts)
		if seen[at] {
			return true
		}
		seen[at] = true
	}
	return false
}

func (c *CEPCase) rule() string { return ruleOf[strings.Split(c.Name, "/")[0]] }

// captured is the event as the capture of the table writes it.
func (e CEPEvent) captured() []byte {
	b, err := json.Marshal(map[string]any{
		"value_eventTime": e.Ts, "value_eventType": e.EventType, "value_productId": e.ProductID, "value_categoryId": e.CategoryID,
		"value_categoryCode": e.CategoryCode, "value_brand": e.Brand, "value_price": e.Price, "value_userId": e.UserID, "value_userSession": e.UserSession,
	})
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

// ourAlerts are the alerts of a rule, a line each, sorted.
func ourAlerts(t TB, out Output, rule string) (lines []string) {
	t.Helper()
	for id, b := range out.Tables[clickalerts.Alerts.Name] {
		var a clickalerts.Alert
		err := json.Unmarshal(b, &a)
		at, terr := time.Parse(time.RFC3339, a.EventTime)
		if err != nil || terr != nil || id != string(a.ID) {
			t.Errorf("alert %s: %s, %v, %v", id, b, err, terr)
		}
		if a.Pattern == rule {
			lines = append(lines, fmt.Sprintf("%d %s %s %s %s", at.UnixMilli(), a.Session, a.User, a.Type, a.Message))
		}
	}
	slices.Sort(lines)
	return lines
}

// alerts are Flink's, as ours. Of purchase intent the reference has another type, by a slip, and prices are as
// Java writes doubles.
func (c *CEPCase) alerts() (lines []string) {
	for _, a := range c.Alerts {
		if c.rule() == "purchase-intent" {
			a.AlertType = "PURCHASE_INTENT"
		}
		lines = append(lines, fmt.Sprintf("%d %s %s %s %s", a.Ts, a.UserSession, a.UserID, a.AlertType, plainPrice(a.Message)))
	}
	slices.Sort(lines)
	return lines
}

var javaPrice = regexp.MustCompile(`priced at ([0-9.E]+[0-9])`)

func plainPrice(message string) string {
	return javaPrice.ReplaceAllStringFunc(message, func(s string) string {
		f, err := strconv.ParseFloat(strings.TrimPrefix(s, "priced at "), 64)
		return cmp.Or(map[bool]string{true: "priced at " + decimal.NewFromFloat(f).String()}[err == nil], s)
	})
}
