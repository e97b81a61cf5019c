package clickalerts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/tables"
)

// Alert is a row of alerts.
type Alert struct {
	ID        AlertID `json:"id"`
	Session   string  `json:"userSession"`
	User      string  `json:"userId"`
	Type      string  `json:"alertType"`
	Message   string  `json:"message"`
	Pattern   string  `json:"pattern"`
	EventTime string  `json:"event_time"` // when it was complete: RFC 3339, ms
}

func (a Alert) id() (AlertID, error)  { return a.ID, nil }
func (a Alert) user() (UserID, error) { return UserID(a.User), nil }
func (a Alert) churn() bool           { return a.Pattern == churnRisk }

// churnRisk is the name of the rule.
const churnRisk = "churn-risk"

// Told is when a user's churn risk was told.
type Told struct {
	At int64 `cbor:"1,keyasint" json:"at"` // event time, ms
}

// rfc3339Milli is RFC 3339 with milliseconds, always three.
const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

// ruleVersion is part of the ids. It goes up when a rule changes so that its alerts are others.
const ruleVersion = 1

// What an alert is made of: a match, or a partial match that timed out.
const (
	onMatch   = "match"
	onTimeout = "timeout"
)

// alert makes an alert of what a rule found. It is the session's and the user's of the click given.
func (c Config) alert(rule, kind, what string, m cep.Match[Click], at time.Time, of Click, message string) []Alert {
	id, err := alertID(rule, ruleVersion, kind, m)
	if err != nil {
		return nil // parts of digits and names always make a key
	}
	return []Alert{c.row(id, rule, what, at, of, message)}
}

func (c Config) row(id AlertID, rule, what string, at time.Time, of Click, message string) Alert {
	return Alert{id, of.Record.Session.V, of.Record.User.V, what, message, rule, at.In(c.Zone).Format(rfc3339Milli)}
}

// alertID is the same for the same clicks, however often they are processed: rule, version, kind, clicks, and the
// ordinal among alerts of the same clicks, which is 1: a rule here makes one.
//
//	abandoned-cart|1|timeout|17|1      churn-risk|1|match|1,2,4,5,6,9,12..40:23|1
func alertID(rule string, version int, kind string, m cep.Match[Click]) (AlertID, error) {
	return tables.JoinKey[AlertID](tables.Text(rule), tables.Text(strconv.Itoa(version)), tables.Text(kind), tables.Text(ClickList(m)), tables.Text("1"))
}

// someClicks is how many clicks an id lists; of more it has the last one and the number. With those the others
// are known: no two matches of a rule begin and end alike.
const someClicks = 8

// ClickList names the clicks of a match, as its alert's id does: 3,4 or 1,2,4,5,6,9,12..40:23.
func ClickList(m cep.Match[Click]) string {
	var ids []string
	for _, t := range m.Taken() {
		ids = append(ids, strconv.FormatInt(t.Event.Value.ID, 10))
	}
	if n := len(ids); n > someClicks {
		return fmt.Sprintf("%s..%s:%d", strings.Join(ids[:someClicks-1], ","), ids[n-1], n)
	}
	return strings.Join(ids, ",")
}

// crossSold: the categories differ. One that is not known is unlike any other, and gives no alert.
func (c Config) crossSold(m cep.Match[Click], at time.Time) []Alert {
	first, _ := m.Last(firstView)
	second, _ := m.Last(secondView)
	a, b := first.Record.CategoryCode, second.Record.CategoryCode
	if !a.Valid || !b.Valid || a == b {
		return nil
	}
	return c.alert("cross-sell", onMatch, "CROSS_UPSELL", m, at, second,
		fmt.Sprintf("Cross-sell opportunity detected for user %s: viewed products in categories %s and %s", second.Record.User.V, a.V, b.V))
}

func (c Config) purchased(m cep.Match[Click], at time.Time) []Alert {
	bought, _ := m.Last(purchase)
	return c.alert("abandoned-cart", onMatch, "PURCHASE_COMPLETION", m, at, bought,
		fmt.Sprintf("Purchase completed for user %s on product %s priced at %s", bought.Record.User.V, bought.Record.Product.V, bought.Record.Price.V))
}

func (c Config) abandoned(m cep.Match[Click], at time.Time) []Alert {
	left, _ := m.Last(cart)
	return c.alert("abandoned-cart", onTimeout, "CART_ABANDONMENT", m, at, left,
		fmt.Sprintf("High-value cart abandonment detected for user '%s' priced at %s. No purchase within %s.", left.Record.User.V, left.Record.Price.V, span(c.CartWithin)))
}

// span is how the reference's text has it.
func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}

func (c Config) intends(m cep.Match[Click], at time.Time) []Alert {
	view, _ := m.Last(initial)
	return c.alert("purchase-intent", onMatch, "PURCHASE_INTENT", m, at, view,
		fmt.Sprintf("High purchase intent detected for user %s on product %s", view.Record.User.V, view.Record.Product.V))
}

func (c Config) sensitive(m cep.Match[Click], at time.Time) []Alert {
	view, _ := m.Last(initial)
	return c.alert("price-sensitivity", onMatch, "PRICE_SENSITIVITY", m, at, view,
		fmt.Sprintf("Price-sensitive customer detected for user %s on product %s after a price drop.", view.Record.User.V, view.Record.Product.V))
}

func (c Config) leaving(m cep.Match[Click], at time.Time) []Alert {
	view, _ := m.First(firstView)
	return c.alert(churnRisk, onMatch, "CHURN_RISK", m, at, view,
		fmt.Sprintf("Churn risk detected for user %s: viewed multiple products over the week without making a purchase.", view.Record.User.V))
}
