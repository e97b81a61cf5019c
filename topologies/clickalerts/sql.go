package clickalerts

import "github.com/tributary-go/tributary/tables"

// AlertTable is alerts as a SQL table: the reference's columns, and ours.
func AlertTable() tables.Projection {
	return tables.Projection{
		Topic: Alerts.Name, Table: "alerts", Key: []string{"id"},
		Columns: []tables.Column{
			{Name: "id", Type: tables.Varchar(255)},
			{Name: "userSession", Type: tables.Varchar(255)},
			{Name: "userId", Type: tables.Varchar(255)},
			{Name: "alertType", Type: tables.Varchar(32)},
			{Name: "message", Type: tables.LongText},
			{Name: "pattern", Type: tables.Varchar(32)},
			{Name: "event_time", Type: tables.Varchar(32)},
		},
	}
}
