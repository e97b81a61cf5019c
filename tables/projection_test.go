package tables

import (
	"strings"
	"testing"
)

func stock() Projection {
	return Projection{
		Topic: "depot_stock", Table: "depot_stock", Key: []string{"depot", "kind"},
		Columns: []Column{
			{Name: "depot", Type: Varchar(64), ForNull: "(none)"},
			{Name: "kind", Type: BigInt},
			{Name: "parcels", Type: BigInt, NotNull: true},
			{Name: "value", Type: Decimal(10, 2)},
			{Name: "changed", Field: "updated_at", Type: LongText},
		},
	}
}

func TestAProjectionThatMakesSenseHasNoMistakes(t *testing.T) {
	if err := stock().Check(); err != nil {
		t.Error(err)
	}
}

func TestEachMistakeOfAProjectionIsNamed(t *testing.T) {
	for want, change := range map[string]func(*Projection){
		"there is no topic":                func(p *Projection) { p.Topic = "" },
		"the table's name must be":         func(p *Projection) { p.Table = "a table" },
		"there is no primary key":          func(p *Projection) { p.Key = nil },
		"column kind is declared twice":    func(p *Projection) { p.Columns[2].Name = "kind" },
		"its name must be":                 func(p *Projection) { p.Columns[2].Name = "1st" },
		"it has no type":                   func(p *Projection) { p.Columns[2].Type = Type{} },
		"its length must be larger than 0": func(p *Projection) { p.Columns[2].Type = Varchar(0) },
		"its decimals no more than them":   func(p *Projection) { p.Columns[2].Type = Decimal(2, 3) },
		"it is of the primary key":         func(p *Projection) { p.Columns[0].Field = "x" },
		"of VARCHAR and BIGINT: not TEXT":  func(p *Projection) { p.Columns[0].Type = LongText },
		"only columns of the primary key":  func(p *Projection) { p.Columns[2].ForNull = "x" },
		"so the type must be VARCHAR":      func(p *Projection) { p.Columns[1].ForNull = "x" },
		`the primary key names "depots"`:   func(p *Projection) { p.Key[0] = "depots" },
		`the primary key names "depot"`:    func(p *Projection) { p.Key[1] = "depot" },
	} {
		p := stock()
		change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestThePrimaryKeyOfEventsIsReadFromFields(t *testing.T) {
	p := stock()
	p.Events, p.Columns[0].Field = true, "depot_name"
	if err := p.Check(); err != nil {
		t.Error(err)
	}
}
