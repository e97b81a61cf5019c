package tables

import (
	"errors"
	"fmt"
	"slices"
)

// Projection says how the rows of a result topic become rows of a SQL table. It stands next to the topology that
// writes the topic.
//
//	tables.Projection{
//		Topic: "depot_stock", Table: "depot_stock", Key: []string{"depot"},
//		Columns: []tables.Column{
//			{Name: "depot", Type: tables.Varchar(64)},
//			{Name: "parcels", Type: tables.BigInt, NotNull: true},
//			{Name: "changed", Field: "updated_at", Type: tables.Varchar(32)},
//		},
//	}
//
// The columns of the primary key take their values from the key of the record, the others from fields of its JSON
// value: so a row and its tombstone, which has no value, always mean the same row.
type Projection struct {
	// Topic holds the results: compacted, keyed by the primary key. Or see Events.
	Topic string
	// Table is the name of the SQL table.
	Table string
	// Columns in the order in which they are created.
	Columns []Column
	// Key names the columns of the primary key, in the order of the parts of the record's key (see JoinKey). A single
	// one is the whole key, as it is.
	Key []string
	// Events says that each record of the topic is a row of its own, which no later record changes or takes back: a
	// topic that is not compacted. The columns of the primary key are then read from fields of the value, as the others
	// are, so that a record that is read again meets its own row; the record's key is not looked at.
	Events bool
}

// Column is a column of a Projection.
type Column struct {
	Name string
	// Field of the JSON value. "": it is called as the column is. Columns of the primary key have none, except of Events.
	Field string
	Type  Type
	// NotNull refuses rows without the field. Columns of the primary key are never null.
	NotNull bool
	// ForNull stands for null in a column of the primary key, where SQL allows none. A row that has this very text is
	// refused, since it would be another row's. "": a row with null there is refused.
	ForNull string
}

// Source is the field of the JSON value that the column is read from.
func (c Column) Source() string {
	if c.Field == "" {
		return c.Name
	}
	return c.Field
}

// Type is a SQL type that all databases have, each by its own name.
type Type struct {
	kind             Kind
	length, decimals int
}

// Kind is what a type holds.
type Kind int

// The kinds.
const (
	KindVarchar Kind = iota + 1 // text of a bounded number of characters
	KindText                    // text of any length
	KindBigInt                  // integer of 64 bits
	KindDouble                  // floating point of 64 bits
	KindDecimal                 // exact decimal
)

// The types without parameters.
var (
	BigInt   = Type{kind: KindBigInt}
	Double   = Type{kind: KindDouble}
	LongText = Type{kind: KindText}
)

// Varchar is text of at most n characters.
func Varchar(n int) Type { return Type{kind: KindVarchar, length: n} }

// Decimal is an exact number of so many digits in all, of which so many are decimals.
func Decimal(digits, decimals int) Type {
	return Type{kind: KindDecimal, length: digits, decimals: decimals}
}

// Kind is what the type holds.
func (t Type) Kind() Kind { return t.kind }

// Length is the number of characters of a Varchar and of digits of a Decimal.
func (t Type) Length() int { return t.length }

// Decimals is how many of the digits of a Decimal are decimals.
func (t Type) Decimals() int { return t.decimals }

// String is the type as in standard SQL.
func (t Type) String() string {
	switch t.kind {
	case KindVarchar:
		return fmt.Sprintf("VARCHAR(%d)", t.length)
	case KindText:
		return "TEXT"
	case KindBigInt:
		return "BIGINT"
	case KindDouble:
		return "DOUBLE"
	case KindDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.length, t.decimals)
	}
	return "no type"
}

// Check lists the mistakes of a declaration; nil: none.
func (p Projection) Check() error {
	var errs []error
	mistake := func(format string, a ...any) {
		errs = append(errs, fmt.Errorf("projection of topic %q to table %q: "+format, append([]any{p.Topic, p.Table}, a...)...))
	}
	if p.Topic == "" {
		mistake("there is no topic")
	}
	if !isName(p.Table) {
		mistake("the table's name must be 1 to %d letters, digits or _", maxName)
	}
	if len(p.Key) == 0 {
		mistake("there is no primary key")
	}
	seen := map[string]bool{}
	for _, c := range p.Columns {
		if seen[c.Name] {
			mistake("column %s is declared twice", c.Name)
		}
		seen[c.Name] = true
		if why := c.mistake(slices.Contains(p.Key, c.Name), p.Events); why != "" {
			mistake("column %q: %s", c.Name, why)
		}
	}
	for i, k := range p.Key {
		if !seen[k] || slices.Contains(p.Key[:i], k) {
			mistake("the primary key names %q, which is no column or named before", k)
		}
	}
	return errors.Join(errs...)
}

func (c Column) mistake(key, events bool) string {
	switch {
	case !isName(c.Name):
		return fmt.Sprintf("its name must be 1 to %d letters, digits or _", maxName)
	case c.Type.kind == 0:
		return "it has no type"
	case c.Type.kind == KindVarchar && c.Type.length <= 0:
		return "its length must be larger than 0"
	case c.Type.kind == KindDecimal && (c.Type.length <= 0 || c.Type.decimals < 0 || c.Type.decimals > c.Type.length):
		return "its digits must be larger than 0, and its decimals no more than them"
	case key && !events && c.Field != "":
		return "it is of the primary key, which is read from the record's key and not from a field"
	case key && c.Type.kind != KindVarchar && c.Type.kind != KindBigInt:
		return "a primary key is of VARCHAR and BIGINT: not " + c.Type.String()
	case !key && c.ForNull != "":
		return "only columns of the primary key need something that stands for null"
	case c.ForNull != "" && c.Type.kind != KindVarchar:
		return "a text stands for null, so the type must be VARCHAR"
	}
	return ""
}

// maxName is what PostgreSQL allows; MySQL allows one more.
const maxName = 63

// isName: such names need no thought about quoting anywhere.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}
