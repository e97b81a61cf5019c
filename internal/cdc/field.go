package cdc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Family is a kind of column types whose values are read and written alike.
type Family string

// The families. A value travels as plain bytes; what they are depends on the family.
const (
	Integer   Family = "integer"   // decimal digits
	Decimal   Family = "decimal"   // digits with all decimals of the column
	Single    Family = "float"     // shortest decimal notation of the 32 bit number
	Double    Family = "double"    // shortest decimal notation of the 64 bit number
	Text      Family = "text"      // UTF-8; ENUM and SET come as their labels
	Binary    Family = "binary"    // as it is
	Timestamp Family = "timestamp" // 2006-01-02 15:04:05 with the column's fraction, in UTC
	DateTime  Family = "datetime"  // the same, as it was written
	Calendar  Family = "calendar"  // DATE, TIME: as MySQL shows them
	Document  Family = "json"      // JSON, keys sorted, no space
)

// Form is how a field is written.
type Form string

// The forms. Null is always null.
const (
	Number Form = "number"       // a JSON number with the digits that the database shows
	String Form = "text"         // a JSON string
	Millis Form = "timestamp-ms" // milliseconds since 1970 as a JSON number; the zero date is 0
	Base64 Form = "base64"       // a JSON string of standard base 64
)

var forms = []Form{Number, String, Millis, Base64}

// FormOf says how a column of a family is written: as asked, or, when nothing is asked, numbers as numbers, binary as
// base64, and all else as text.
func FormOf(f Family, asked string) (Form, error) {
	possible := []Form{String}
	switch f {
	case Integer, Decimal, Single, Double:
		possible = []Form{Number, String}
	case Timestamp, DateTime:
		possible = []Form{String, Millis}
	case Binary:
		possible = []Form{Base64}
	}
	form := cmp.Or(Form(asked), possible[0])
	if !slices.Contains(possible, form) {
		return "", fmt.Errorf("a %s column cannot be written as %s, only as %v", f, form, possible)
	}
	return form, nil
}

// Type is what a table says of a column.
type Type struct {
	Name   string
	Family Family
	Null   bool // it may be null
}

// Field is a column that is written.
type Field struct {
	Column string
	Form   Form
	At     int // index of the column among those that the source reads

	name []byte // the quoted name and the colon
	zone *time.Location
}

// Layout is how a row becomes a record. It is made once from the capture and the table, and stored as its Shape.
type Layout struct {
	// Read are the columns that the source has to read, each once.
	Read []string
	// Primary are the columns of the table's primary key, by which the snapshot goes.
	Primary []string

	key   []Field
	value []Field
}

// Layout resolves the capture against the columns of the table and the names in its primary key.
func (c Capture) Layout(types []Type, primary []string) (Layout, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return Layout{}, fmt.Errorf("zone: %w", err)
	}
	key, value := c.Key, c.Columns
	if len(key) == 0 {
		for _, name := range primary {
			key = append(key, Column{Column: name})
		}
	}
	if len(value) == 0 {
		for _, t := range types {
			value = append(value, Column{Column: t.Name})
		}
	}
	l := Layout{Primary: primary}
	var errs, valueErrs []error
	l.key, errs = l.fields(key, c.KeyPrefix, types, zone)
	l.value, valueErrs = l.fields(value, c.ValuePrefix, types, zone)
	for _, name := range primary {
		l.index(name)
	}
	return l, errors.Join(append(errs, valueErrs...)...)
}

func (l *Layout) fields(columns []Column, prefix string, types []Type, zone *time.Location) (fields []Field, errs []error) {
	for _, c := range columns {
		i := slices.IndexFunc(types, func(t Type) bool { return strings.EqualFold(t.Name, c.Column) })
		if i < 0 {
			errs = append(errs, fmt.Errorf("column %s: the table has none of this name", c.Column))
			continue
		}
		form, err := FormOf(types[i].Family, c.As)
		if err != nil {
			errs = append(errs, fmt.Errorf("column %s: %w", c.Column, err))
			continue
		}
		name := append(appendQuoted(nil, []byte(cmp.Or(c.Field, prefix+c.Column))), ':')
		fields = append(fields, Field{Column: types[i].Name, Form: form, At: l.index(types[i].Name), name: name, zone: zone})
	}
	return fields, errs
}

// index of a column among those that are read.
func (l *Layout) index(column string) int {
	i := slices.IndexFunc(l.Read, func(name string) bool { return strings.EqualFold(name, column) })
	if i < 0 {
		l.Read = append(l.Read, column)
		i = len(l.Read) - 1
	}
	return i
}

// KeyColumns are the columns of the record's key.
func (l Layout) KeyColumns() []string { return columnsOf(l.key) }

// ValueColumns are the columns of the record's value.
func (l Layout) ValueColumns() []string { return columnsOf(l.value) }

func columnsOf(fields []Field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Column)
	}
	return names
}

// Keeping is the capture with the columns of a position where it names none itself.
func (c Capture) Keeping(p Position) Capture {
	if len(c.Key) == 0 {
		c.Key = plainly(p.Key)
	}
	if len(c.Columns) == 0 {
		c.Columns = plainly(p.Columns)
	}
	return c
}

func plainly(names []string) []Column {
	var columns []Column
	for _, name := range names {
		columns = append(columns, Column{Column: name})
	}
	return columns
}

// Fits reports whether a column of this family can still be written as the layout says.
func (l Layout) Fits(column string, now Family) error {
	for _, f := range slices.Concat(l.key, l.value) {
		if !strings.EqualFold(f.Column, column) {
			continue
		}
		if _, err := FormOf(now, string(f.Form)); err != nil {
			return err
		}
	}
	return nil
}

// Shape is the layout as text. Two layouts of the same shape write the same records.
func (l Layout) Shape() string {
	var b strings.Builder
	for i, fields := range [][]Field{l.key, l.value} {
		if i > 0 {
			b.WriteString(" -> ")
		}
		for j, f := range fields {
			if j > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%s%s %s", f.name, f.Column, f.Form)
			if f.Form == Millis {
				fmt.Fprintf(&b, " %s", f.zone)
			}
		}
	}
	return b.String()
}
