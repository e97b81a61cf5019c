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

// CouponTable is coupons as a SQL table: a row for each event, so that a coupon that was revoked has two. Those that
// count are the issued ones without a revoked one of the same id.
//
// An id is as long as its campaign's name and four numbers. Names of up to 400 characters fit; and the key, at four bytes
// a character, into the 2,704 bytes that an entry of a PostgreSQL index may have, and the 3,072 of InnoDB.
func CouponTable() tables.Projection {
	return tables.Projection{
		Topic: Coupons.Name, Table: "coupons", Key: []string{"id", "event"}, Events: true,
		Columns: []tables.Column{
			{Name: "id", Type: tables.Varchar(512)},
			{Name: "event", Type: tables.Varchar(16)},
			{Name: "campaign", Type: tables.Varchar(512), NotNull: true},
			{Name: "buyer_id", Type: tables.BigInt, NotNull: true},
			{Name: "effect_time", Type: tables.BigInt, NotNull: true},
			{Name: "tier", Type: tables.BigInt, NotNull: true},
			{Name: "sequence", Type: tables.BigInt, NotNull: true},
			{Name: "face_value", Type: tables.BigInt, NotNull: true},
			{Name: "remaining", Type: tables.BigInt, NotNull: true},
			{Name: "updated_at", Type: tables.Varchar(32)},
		},
	}
}

// LedgerTable is coupon_ledger as a SQL table. The coupons that a buyer holds are a JSON text.
func LedgerTable() tables.Projection {
	return tables.Projection{
		Topic: CouponLedger.Name, Table: "coupon_ledger", Key: []string{"buyer_id"},
		Columns: []tables.Column{
			{Name: "buyer_id", Type: tables.BigInt},
			{Name: "face_value", Type: tables.BigInt, NotNull: true},
			{Name: "coupons", Type: tables.LongText, NotNull: true},
			{Name: "updated_at", Type: tables.Varchar(32)},
		},
	}
}

// BudgetTable is campaign_budget as a SQL table.
func BudgetTable() tables.Projection {
	return tables.Projection{
		Topic: CampaignBudgets.Name, Table: "campaign_budget", Key: []string{"campaign"},
		Columns: []tables.Column{
			{Name: "campaign", Type: tables.Varchar(512)},
			{Name: "budget", Type: tables.BigInt, NotNull: true},
			{Name: "issued", Type: tables.BigInt, NotNull: true},
			{Name: "revoked", Type: tables.BigInt, NotNull: true},
			{Name: "denied", Type: tables.BigInt, NotNull: true},
			{Name: "remaining", Type: tables.BigInt, NotNull: true},
			{Name: "updated_at", Type: tables.Varchar(32)},
		},
	}
}
