package faults

import (
	"fmt"
	"strconv"
	"strings"
)

// alert is what is compared of one.
type alert struct {
	Session string `json:"userSession"`
	User    string `json:"userId"`
	Type    string `json:"alertType"`
}

// alerts by id: what clicks must have made. It tries every click as the first of every pattern.
type alerts map[string]alert

const minute = 60 * 1000 // ms

func (c click) views() bool { return c.Kind == "view" }

// note adds an alert about the clicks of a match. Its session and user are those of the click given.
func (a alerts) note(rule, kind, what string, of click, match ...click) {
	ids := make([]string, len(match))
	for i, c := range match {
		ids[i] = strconv.Itoa(c.id)
	}
	list := strings.Join(ids, ",")
	if n := len(ids); n > 8 {
		list = fmt.Sprintf("%s..%s:%d", strings.Join(ids[:7], ","), ids[n-1], n)
	}
	a[fmt.Sprintf("%s|1|%s|%s|1", rule, kind, list)] = alert{of.Session, of.User, what}
}

// ofSession takes the clicks of a session in the order of time.
func (a alerts) ofSession(cs []click) {
	for i, c := range cs {
		switch {
		case c.views():
			a.crossSell(cs[i:])
			a.intent(cs[i:])
		case c.Kind == "cart" && cents(c.Price) > 200_00:
			a.cart(cs[i:])
		}
	}
}

// crossSell: the next click is a view in another category.
func (a alerts) crossSell(cs []click) {
	if len(cs) < 2 || !cs[1].views() || cs[1].At-cs[0].At >= 5*minute {
		return
	}
	if x, y := cs[0].Category, cs[1].Category; x != nil && y != nil && *x != *y {
		a.note("cross-sell", "match", "CROSS_UPSELL", cs[1], cs[0], cs[1])
	}
}

// intent: three more views.
func (a alerts) intent(cs []click) {
	var views []click
	for _, c := range cs {
		if c.views() && len(views) < 4 {
			views = append(views, c)
		}
	}
	if len(views) == 4 && views[3].At-views[0].At < 15*minute {
		a.note("purchase-intent", "match", "PURCHASE_INTENT", views[0], views...)
	}
}

// cart: a purchase in time, or not.
func (a alerts) cart(cs []click) {
	for _, c := range cs[1:] {
		if c.Kind == "purchase" && c.At-cs[0].At < 10*minute {
			a.note("abandoned-cart", "match", "PURCHASE_COMPLETION", c, cs[0], c)
			return
		}
	}
	a.note("abandoned-cart", "timeout", "CART_ABANDONMENT", cs[0], cs[0])
}

// ofUser takes those of a user.
func (a alerts) ofUser(cs []click) {
	for i, c := range cs {
		if c.views() {
			a.priceDrop(cs[i:])
			a.churn(cs[i:])
		}
	}
}

// priceDrop: the next click is a view of the same product for less, and the one after it a cart.
func (a alerts) priceDrop(cs []click) {
	if len(cs) < 3 || !cs[1].views() || cs[1].Product != cs[0].Product || cents(cs[1].Price) >= cents(cs[0].Price) {
		return
	}
	if cs[2].Kind == "cart" && cs[2].At-cs[0].At < 10*minute {
		a.note("price-sensitivity", "match", "PRICE_SENSITIVITY", cs[0], cs[:3]...)
	}
}

// churn: ten views or more, and directly after the last one a click that is no purchase. Each number of views is an
// alert; a purchase there ends it.
func (a alerts) churn(cs []click) {
	var views []click
	for i, c := range cs {
		if len(views) >= 10 && cs[i-1].views() {
			if c.Kind == "purchase" {
				return
			}
			if c.At-views[0].At < 7*24*60*minute {
				a.note("churn-risk", "match", "CHURN_RISK", views[0], views...)
			}
		}
		if c.views() {
			views = append(views, c)
		}
	}
}
