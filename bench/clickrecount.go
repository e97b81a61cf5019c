package main

import (
	"fmt"
	"strconv"
	"strings"
)

// alertRow is what is compared of an alert.
type alertRow struct {
	Session raw `json:"userSession"`
	User    raw `json:"userId"`
	Type    raw `json:"alertType"`
}

const minute = 60 * 1000 // ms

func (c click) views() bool { return c.kind == "view" }

// noteAlert adds an alert about the clicks of a match, which is the session's and the user's of the click given.
func noteAlert(alerts map[string]alertRow, rule, kind, what string, of click, match ...click) {
	ids := make([]string, len(match))
	for i, c := range match {
		ids[i] = strconv.Itoa(c.id)
	}
	list := strings.Join(ids, ",")
	if n := len(ids); n > 8 {
		list = fmt.Sprintf("%s..%s:%d", strings.Join(ids[:7], ","), ids[n-1], n)
	}
	alerts[fmt.Sprintf("%s|1|%s|%s|1", rule, kind, list)] = alertRow{quoted(sessionText(of.session)), quoted(userText(of.user)), quoted([]byte(what))}
}

// alertsOfSession recounts what the clicks of a session, in the order of time, are alerts of. It tries every click
// as the first of every pattern.
func alertsOfSession(cs []click, alerts map[string]alertRow) {
	for i, c := range cs {
		switch {
		case c.views():
			crossSell(cs[i:], alerts)
			intent(cs[i:], alerts)
		case c.kind == "cart" && c.cents > 200_00:
			cart(cs[i:], alerts)
		}
	}
}

// crossSell: the next click is a view in another category.
func crossSell(cs []click, alerts map[string]alertRow) {
	if len(cs) < 2 || !cs[1].views() || cs[1].at-cs[0].at >= 5*minute {
		return
	}
	if a, b := cs[0].category(), cs[1].category(); a != "" && b != "" && a != b {
		noteAlert(alerts, "cross-sell", "match", "CROSS_UPSELL", cs[1], cs[0], cs[1])
	}
}

// intent: three more views.
func intent(cs []click, alerts map[string]alertRow) {
	var views []click
	for _, c := range cs {
		if c.views() && len(views) < 4 {
			views = append(views, c)
		}
	}
	if len(views) == 4 && views[3].at-views[0].at < 15*minute {
		noteAlert(alerts, "purchase-intent", "match", "PURCHASE_INTENT", views[0], views...)
	}
}

// cart: a purchase in time, or not.
func cart(cs []click, alerts map[string]alertRow) {
	for _, c := range cs[1:] {
		if c.kind == "purchase" && c.at-cs[0].at < 10*minute {
			noteAlert(alerts, "abandoned-cart", "match", "PURCHASE_COMPLETION", c, cs[0], c)
			return
		}
	}
	noteAlert(alerts, "abandoned-cart", "timeout", "CART_ABANDONMENT", cs[0], cs[0])
}

// alertsOfUser is the same for the patterns of a user.
func alertsOfUser(cs []click, alerts map[string]alertRow) {
	for i, c := range cs {
		if c.views() {
			priceDrop(cs[i:], alerts)
			churn(cs[i:], alerts)
		}
	}
}

// priceDrop: the next click is a view of the same product for less, and the one after it a cart.
func priceDrop(cs []click, alerts map[string]alertRow) {
	if len(cs) < 3 || !cs[1].views() || cs[1].product != cs[0].product || cs[1].cents >= cs[0].cents {
		return
	}
	if cs[2].kind == "cart" && cs[2].at-cs[0].at < 10*minute {
		noteAlert(alerts, "price-sensitivity", "match", "PRICE_SENSITIVITY", cs[0], cs[:3]...)
	}
}

// churn: ten views or more, and directly after the last one a click that is no purchase. Each number of views is an
// alert; a purchase there ends it.
func churn(cs []click, alerts map[string]alertRow) {
	var views []click
	for i, c := range cs {
		if len(views) >= 10 && cs[i-1].views() {
			if c.kind == "purchase" {
				return
			}
			if c.at-views[0].at < 7*24*60*minute {
				noteAlert(alerts, "churn-risk", "match", "CHURN_RISK", views[0], views...)
			}
		}
		if c.views() {
			views = append(views, c)
		}
	}
}
