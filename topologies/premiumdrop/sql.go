package premiumdrop

import "github.com/tributary-go/tributary/tables"

// AlertTable is wechat_activity_user as a SQL table, with the reference's names. Its texts are VARCHAR there; what is
// free text here has no bound.
func AlertTable() tables.Projection {
	return tables.Projection{
		Topic: Alerts.Name, Table: "wechat_activity_user", Key: []string{"id"},
		Columns: []tables.Column{
			{Name: "id", Type: tables.BigInt},
			{Name: "raw_info", Type: tables.LongText},
			{Name: "now_info", Type: tables.LongText},
			{Name: "raw_premium", Type: tables.Varchar(255)},
			{Name: "now_premium", Type: tables.Varchar(255)},
		},
	}
}
