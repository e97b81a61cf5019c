package clickkills

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// click is a click of the input.
type click struct {
	id       string
	number   int64
	at       int64 // ms
	kind     string
	product  string
	category *string
	priced   string
	price    *big.Rat
	user     string
	session  string
}

// alert is what the topic must hold under an id.
type alert struct {
	ID      string `json:"id"`
	Session string `json:"userSession"`
	User    string `json:"userId"`
	Type    string `json:"alertType"`
	Message string `json:"message"`
	Pattern string `json:"pattern"`
	At      string `json:"event_time"`
}

// replay goes through the clicks of one session or user, in order, once for each pattern: plain loops, that know
// nothing of automata.
type replay struct {
	of    []click
	found func(alert)
}

var (
	twoHundred = big.NewRat(200, 1)
	shanghai   = time.FixedZone("", 8*60*60)
)

// say makes an alert, at a time, of the session and the user of one click.
func (r replay) say(pattern, kind, what string, at int64, of click, taken []click, message string) {
	ids := make([]string, len(taken))
	for i, c := range taken {
		ids[i] = c.id
	}
	list := strings.Join(ids, ",")
	if n := len(ids); n > 8 {
		list = fmt.Sprintf("%s..%s:%d", strings.Join(ids[:7], ","), ids[n-1], n)
	}
	r.found(alert{
		ID: strings.Join([]string{pattern, "1", kind, list, "1"}, "|"), Session: of.session, User: of.user, Type: what,
		Message: message, Pattern: pattern, At: time.UnixMilli(at).In(shanghai).Format("2006-01-02T15:04:05.000Z07:00"),
	})
}

func within(from, to click, d time.Duration) bool { return to.at-from.at < d.Milliseconds() }

// crossSell is a view right after another, of unlike categories.
func (r replay) crossSell() {
	for i := 0; i+1 < len(r.of); i++ {
		a, b := r.of[i], r.of[i+1]
		if a.kind != "view" || b.kind != "view" || !within(a, b, 5*time.Minute) || a.category == nil || b.category == nil || *a.category == *b.category {
			continue
		}
		r.say("cross-sell", "match", "CROSS_UPSELL", b.at, b, []click{a, b},
			fmt.Sprintf("Cross-sell opportunity detected for user %s: viewed products in categories %s and %s", b.user, *a.category, *b.category))
	}
}

// abandonedCart is what becomes of a cart above 200.
func (r replay) abandonedCart() {
	const bound = 10 * time.Minute
	for i, cart := range r.of {
		if cart.kind != "cart" || cart.price == nil || cart.price.Cmp(twoHundred) <= 0 {
			continue
		}
		bought := false
		for _, c := range r.of[i+1:] {
			if !within(cart, c, bound) {
				break
			}
			if bought = c.kind == "purchase"; bought {
				r.say("abandoned-cart", "match", "PURCHASE_COMPLETION", c.at, c, []click{cart, c},
					fmt.Sprintf("Purchase completed for user %s on product %s priced at %s", c.user, c.product, c.priced))
				break
			}
		}
		if !bought {
			r.say("abandoned-cart", "timeout", "CART_ABANDONMENT", cart.at+bound.Milliseconds(), cart, []click{cart},
				fmt.Sprintf("High-value cart abandonment detected for user '%s' priced at %s. No purchase within 10 minutes.", cart.user, cart.priced))
		}
	}
}

// purchaseIntent is four views, whatever lies between.
func (r replay) purchaseIntent() {
	var views []click
	for _, c := range r.of {
		if c.kind == "view" {
			views = append(views, c)
		}
	}
	for i := 0; i+3 < len(views); i++ {
		if four := views[i : i+4]; within(four[0], four[3], 15*time.Minute) {
			r.say("purchase-intent", "match", "PURCHASE_INTENT", four[3].at, four[0], four,
				fmt.Sprintf("High purchase intent detected for user %s on product %s", four[0].user, four[0].product))
		}
	}
}

// priceSensitivity is a view, a cheaper one of the same product, and a cart, right after each other.
func (r replay) priceSensitivity() {
	for i := 0; i+2 < len(r.of); i++ {
		a, b, c := r.of[i], r.of[i+1], r.of[i+2]
		if a.kind == "view" && b.kind == "view" && c.kind == "cart" && a.product == b.product &&
			a.price != nil && b.price != nil && b.price.Cmp(a.price) < 0 && within(a, c, 10*time.Minute) {
			r.say("price-sensitivity", "match", "PRICE_SENSITIVITY", c.at, a, []click{a, b, c},
				fmt.Sprintf("Price-sensitive customer detected for user %s on product %s after a price drop.", a.user, a.product))
		}
	}
}

// churn is ten views or more from each view on, each time that another click than a purchase follows the last of them.
func (r replay) churn() {
	for i, first := range r.of {
		if first.kind != "view" {
			continue
		}
		views, asked := []click{first}, false
		for _, c := range r.of[i+1:] {
			if !within(first, c, 7*24*time.Hour) {
				break
			}
			if len(views) >= 10 && !asked {
				if c.kind == "purchase" {
					break
				}
				asked = true
				r.say("churn-risk", "match", "CHURN_RISK", c.at, first, views,
					fmt.Sprintf("Churn risk detected for user %s: viewed multiple products over the week without making a purchase.", first.user))
			}
			if c.kind == "view" {
				views, asked = append(views, c), false
			}
		}
	}
}
