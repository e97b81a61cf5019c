package coupon

import "github.com/tributary-go/tributary/tables"

// SpendTable is tddl_output as a SQL table, with the reference's names and types.
func SpendTable() tables.Projection {
	return tables.Projection{
		Topic: TddlOutput.Name, Table: "tddl_output", Key: []string{"buyer_id", "effect_time"},
		Columns: []tables.Column{
			{Name: "gmt_create", Type: tables.Varchar(255)},
			{Name: "gmt_modified", Type: tables.Varchar(255)},
			{Name: "buyer_id", Type: tables.BigInt},
			{Name: "cumulate_amount", Type: tables.BigInt},
			{Name: "effect_time", Type: tables.BigInt},
		},
	}
}
