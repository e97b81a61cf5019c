package hourlypremium

import "github.com/tributary-go/tributary/tables"

// PremiumTable is adm_pfm_zy_order_gmv_msx_hs as a SQL table, with the reference's names and types.
func PremiumTable() tables.Projection {
	return tables.Projection{
		Topic: HourlyPremiums.Name, Table: "adm_pfm_zy_order_gmv_msx_hs", Key: []string{"biz_date"},
		Columns: []tables.Column{
			{Name: "biz_date", Type: tables.Varchar(32)},
			{Name: "total_premium", Type: tables.Double},
			{Name: "policy_cnt", Type: tables.BigInt},
			{Name: "policy_holder_cnt", Type: tables.BigInt},
		},
	}
}
