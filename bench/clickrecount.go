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

// noter is told of what a rule finds: its alert is the session's and the user's of the click given.
type noter func(rule, kind, what string, of click, match ...click)

// noteAlerts notes alerts as the topology gives them: two views are one only if their categories differ.
func noteAlerts(alerts map[string]alertRow) noter {
	return func(rule, kind, what string, of click, match ...click) {
		if rule == "cross-sell" && !crossing(match[0], match[1]) {
			return
		}
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
}

// crossing: both categories are known, and differ.
func crossing(first, second click) bool {
	a, b := first.category(), second.category()
	return a != "" && b != "" && a != b
}

// recountSession finds what the clicks of a session, in the order of time, match. It tries every click as the first of
// every pattern. A cart is left behind after cartWithin (ms).
func recountSession(cs []click, cartWithin int64, note noter) {
	for i, c := range cs {
		switch {
		case c.views():
			crossSell(cs[i:], note)
			intent(cs[i:], note)
		case c.kind == "cart" && c.cents > 200_00:
			cart(cs[i:], cartWithin, note)
		}
	}
}

// crossSell: the next click is a view.
func crossSell(cs []click, note noter) {
	if len(cs) < 2 || !cs[1].views() || cs[1].at-cs[0].at >= 5*minute {
		return
	}
	note("cross-sell", "match", "CROSS_UPSELL", cs[1], cs[0], cs[1])
}

// intent: three more views.
func intent(cs []click, note noter) {
	var views []click
	for _, c := range cs {
		if c.views() && len(views) < 4 {
			views = append(views, c)
		}
	}
	if len(views) == 4 && views[3].at-views[0].at < 15*minute {
		note("purchase-intent", "match", "PURCHASE_INTENT", views[0], views...)
	}
}

// cart: a purchase in time, or not.
func cart(cs []click, within int64, note noter) {
	for _, c := range cs[1:] {
		if c.kind == "purchase" && c.at-cs[0].at < within {
			note("abandoned-cart", "match", "PURCHASE_COMPLETION", c, cs[0], c)
			return
		}
	}
	note("abandoned-cart", "timeout", "CART_ABANDONMENT", cs[0], cs[0])
}

// recountUser is the same for the patterns of a user.
func recountUser(cs []click, note noter) {
	for i, c := range cs {
		if c.views() {
			priceDrop(cs[i:], note)
			churn(cs[i:], note)
		}
	}
}

// priceDrop: the next click is a view of the same product for less, and the one after it a cart.
func priceDrop(cs []click, note noter) {
	if len(cs) < 3 || !cs[1].views() || cs[1].product != cs[0].product || cs[1].cents >= cs[0].cents {
		return
	}
	if cs[2].kind == "cart" && cs[2].at-cs[0].at < 10*minute {
		note("price-sensitivity", "match", "PRICE_SENSITIVITY", cs[0], cs[:3]...)
	}
}

// churn: ten views or more, and directly after the last one a click that is no purchase. Each number of views is an
// alert; a purchase there ends it.
func churn(cs []click, note noter) {
	var views []click
	for i, c := range cs {
		if len(views) >= 10 && cs[i-1].views() {
			if c.kind == "purchase" {
				return
			}
			if c.at-views[0].at < 7*24*60*minute {
				note("churn-risk", "match", "CHURN_RISK", views[0], views...)
			}
		}
		if c.views() {
			views = append(views, c)
		}
	}
}
