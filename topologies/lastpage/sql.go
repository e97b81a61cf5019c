package lastpage

import "github.com/tributary-go/tributary/tables"

// NoDevice stands in SQL for the device of visits that have none: a primary key can't be null. No device can be called
// so; one that is, is refused.
const NoDevice = "(none)"

// PageTable is user_last_log as a SQL table, with the reference's names and types.
func PageTable() tables.Projection {
	return tables.Projection{
		Topic: UserLastLog.Name, Table: "user_last_log", Key: []string{"account_id", "device_id"},
		Columns: []tables.Column{
			{Name: "account_id", Type: tables.Varchar(255)},
			{Name: "device_id", Type: tables.Varchar(255), ForNull: NoDevice},
			{Name: "bury_point_type", Type: tables.Varchar(255)},
			{Name: "page_name", Type: tables.Varchar(255)},
		},
	}
}
