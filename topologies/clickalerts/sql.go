package clickalerts

import "github.com/tributary-go/tributary/tables"

// AlertTable is alerts as a SQL table: the reference's columns, and ours.
//
// The longest id has 245 characters, all of them ASCII: 32 of the rule's name, 19 of its version, 7 of the kind, 182 of
// the clicks (eight ids of at most 20, and their number), 1 of the ordinal, and the separators. So it fits into an index
// of every database as it is, and needs no hash to stand for it.
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
