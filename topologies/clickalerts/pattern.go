package clickalerts

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/cep"
)

// Thresholds are the numbers of the patterns. A zero field has its default.
type Thresholds struct {
	CrossSellWithin time.Duration   // from view to view; 5 min
	CartPrice       decimal.Decimal // above which a cart counts; 200
	CartWithin      time.Duration   // from cart to purchase; 10 min
	IntentViews     int             // of one session; 4, at least 2
	IntentWithin    time.Duration   // 15 min
	DropWithin      time.Duration   // from the first view to the cart; 10 min
	ChurnViews      int             // without a purchase; 10
	ChurnWithin     time.Duration   // 7 days
}

// Defaults are the reference's.
var Defaults = Thresholds{
	CrossSellWithin: 5 * time.Minute,
	CartPrice:       decimal.New(200, 0), CartWithin: 10 * time.Minute,
	IntentViews: 4, IntentWithin: 15 * time.Minute,
	DropWithin: 10 * time.Minute,
	ChurnViews: 10, ChurnWithin: 7 * 24 * time.Hour,
}

// orDefaults fills in what is zero.
func (t Thresholds) orDefaults() Thresholds {
	for _, d := range []struct{ value, instead *time.Duration }{
		{&t.CrossSellWithin, &Defaults.CrossSellWithin}, {&t.CartWithin, &Defaults.CartWithin}, {&t.IntentWithin, &Defaults.IntentWithin},
		{&t.DropWithin, &Defaults.DropWithin}, {&t.ChurnWithin, &Defaults.ChurnWithin},
	} {
		if *d.value == 0 {
			*d.value = *d.instead
		}
	}
	if t.CartPrice.IsZero() {
		t.CartPrice = Defaults.CartPrice
	}
	if t.IntentViews == 0 {
		t.IntentViews = Defaults.IntentViews
	}
	if t.ChurnViews == 0 {
		t.ChurnViews = Defaults.ChurnViews
	}
	return t
}

// The steps of the patterns.
const (
	firstView, secondView = "first_view", "second_view"
	cart, purchase        = "cart_add", "purchase"
	initial, repeated     = "initial_view", "repeat_view"
	cheaper, thenCart     = "view_price_drop", "cart_after_price_drop"
)

// CrossSell is a view directly followed by another.
func CrossSell(t Thresholds) cep.Pattern[Click] {
	return cep.Begin(firstView, is("view")).Next(secondView, is("view")).Within(t.CrossSellWithin)
}

// AbandonedCart is an expensive product in the cart, and a purchase; without one in time it times out.
func AbandonedCart(t Thresholds) cep.Pattern[Click] {
	return cep.
		Begin(cart, func(c Click) bool {
			return c.Record.Type.V == "cart" && c.Record.Price.Valid && c.Record.Price.V.GreaterThan(t.CartPrice)
		}).
		FollowedBy(purchase, is("purchase")).
		Within(t.CartWithin)
}

// PurchaseIntent is some views in one session, of whatever products.
func PurchaseIntent(t Thresholds) cep.Pattern[Click] {
	return cep.Begin(initial, is("view")).FollowedBy(repeated, is("view")).Times(t.IntentViews - 1).Within(t.IntentWithin)
}

// PriceSensitivity is a view, directly followed by one of the same product at a lower price, directly followed
// by a cart.
func PriceSensitivity(t Thresholds) cep.Pattern[Click] {
	return cep.
		Begin(initial, is("view")).
		NextWhere(cheaper, func(c Click, so cep.Match[Click]) bool {
			before, _ := so.First(initial)
			was, now := before.Record, c.Record
			return now.Type.V == "view" && now.Product.Valid && now.Product == was.Product &&
				was.Price.Valid && now.Price.Valid && now.Price.V.LessThan(was.Price.V)
		}).
		Next(thenCart, is("cart")).
		Within(t.DropWithin)
}

// Churn is many views and then something else than a purchase.
func Churn(t Thresholds) cep.Pattern[Click] {
	return cep.Begin(firstView, is("view")).TimesOrMore(t.ChurnViews).NotNext(purchase, is("purchase")).Within(t.ChurnWithin)
}
