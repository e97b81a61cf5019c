package topologies

import (
	"github.com/tributary-go/tributary/tables"
	"github.com/tributary-go/tributary/topologies/channelgmv"
	"github.com/tributary-go/tributary/topologies/clickalerts"
	"github.com/tributary-go/tributary/topologies/coupon"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
	"github.com/tributary-go/tributary/topologies/lastpage"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// Tables are the result topics that can be written to SQL tables. A new one is a line here.
func Tables() []tables.Projection {
	return []tables.Projection{
		channelgmv.Collected(),
		clickalerts.AlertTable(),
		coupon.SpendTable(),
		coupon.CouponTable(),
		coupon.LedgerTable(),
		coupon.BudgetTable(),
		hourlypremium.PremiumTable(),
		lastpage.PageTable(),
		premiumdrop.AlertTable(),
	}
}
