package sqlsink

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// row is a row of the table: the text of each column, in the order of the projection's columns. Of a row that is to be
// deleted only the columns of the primary key are set.
type row []codecs.Text

// target is a projection made ready for reading records.
type target struct {
	tables.Projection
	keys  []int // columns of the primary key, in its order
	rest  []int // the others
	value *codecs.ObjectCodec[row]
	// padded: the database takes keys that differ in spaces at the end for one.
	padded bool
}

func newTarget(p tables.Projection) *target {
	t := &target{Projection: p}
	for _, k := range p.Key {
		for i, c := range p.Columns {
			if c.Name == k {
				t.keys = append(t.keys, i)
			}
		}
	}
	var fields []codecs.Field[row]
	for i, c := range p.Columns {
		if !t.isKey(i) {
			t.rest = append(t.rest, i)
		} else if !p.Events {
			continue
		}
		fields = append(fields, codecs.TextField(c.Source(), func(r *row) *codecs.Text {
			if *r == nil {
				*r = make(row, len(p.Columns))
			}
			return &(*r)[i]
		}))
	}
	t.value = codecs.Object(fields...)
	return t
}

func (t *target) isKey(column int) bool {
	for _, k := range t.keys {
		if k == column {
			return true
		}
	}
	return false
}

// decode reads a record. An empty value is a tombstone: its row holds the primary key only.
func (t *target) decode(key, value []byte) (r row, deleted bool, err error) {
	if t.Events && len(value) == 0 {
		return nil, false, errors.New("an event has no value: nothing can be deleted from this table")
	}
	if len(value) > 0 {
		if r, err = t.value.Decode(value); err != nil {
			return nil, false, err
		}
	}
	if r == nil { // a tombstone, or an object without any field that has a column
		r = make(row, len(t.Columns))
	}
	if t.Events {
		err = t.keyParts(t.fromFields(r), r)
	} else {
		err = t.decodeKey(string(key), r)
	}
	if err != nil {
		return nil, false, err
	}
	if len(value) == 0 {
		return r, true, nil
	}
	for _, i := range t.rest {
		if r[i], err = normal(t.Columns[i], r[i]); err != nil {
			return nil, false, err
		}
	}
	return r, false, nil
}

func (t *target) decodeKey(key string, into row) error {
	parts := []tables.Part{tables.Text(key)}
	if len(t.keys) > 1 {
		var err error
		if parts, err = tables.SplitKey(key); err != nil {
			return err
		}
	} else if err := tables.CheckKey(key); err != nil {
		return err
	}
	if len(parts) != len(t.keys) {
		return fmt.Errorf("the record's key %q has %d parts, the primary key of table %s has %d columns", key, len(parts), t.Table, len(t.keys))
	}
	return t.keyParts(parts, into)
}

// keyParts puts the parts of a primary key into their columns, as every database reads them.
func (t *target) keyParts(parts []tables.Part, into row) error {
	for i, part := range parts {
		c := t.Columns[t.keys[i]]
		text, err := forNull(c, codecs.Text(part))
		if err == nil {
			text, err = normal(c, text)
		}
		if err == nil && t.padded && strings.HasSuffix(text.V, " ") {
			err = fmt.Errorf("column %s ends in a space, which a key of this table would lose", c.Name)
		}
		if err != nil {
			return err
		}
		into[t.keys[i]] = text
	}
	return nil
}

// fromFields are the parts of an event's primary key.
func (t *target) fromFields(r row) []tables.Part {
	parts := make([]tables.Part, len(t.keys))
	for i, k := range t.keys {
		parts[i] = tables.Part(r[k])
	}
	return parts
}

// forNull puts the text that stands for null in its place.
func forNull(c tables.Column, v codecs.Text) (codecs.Text, error) {
	switch {
	case !v.Valid && c.ForNull == "":
		return v, fmt.Errorf("column %s of the primary key is null", c.Name)
	case !v.Valid:
		return codecs.NotNull(c.ForNull), nil
	case c.ForNull != "" && v.V == c.ForNull:
		return v, fmt.Errorf("column %s is %q, which stands for null", c.Name, v.V)
	}
	return v, nil
}

// normal is the text of a value as every database reads it. What no database could take is an error here; ranges and
// lengths are left to the database, whose column may be another than the one declared.
func normal(c tables.Column, v codecs.Text) (codecs.Text, error) {
	if !v.Valid {
		if c.NotNull {
			return v, fmt.Errorf("column %s: field %q is missing", c.Name, c.Source())
		}
		return v, nil
	}
	var err error
	switch c.Type.Kind() {
	case tables.KindBigInt:
		var n int64
		if n, err = codecs.ParseBigint(v.V); err == nil {
			v.V = strconv.FormatInt(n, 10)
		}
	case tables.KindDouble, tables.KindDecimal:
		if v.V = strings.TrimSpace(v.V); !isNumber(v.V) {
			err = fmt.Errorf("%.64q is not a number", v.V)
		}
	case tables.KindVarchar, tables.KindText:
		if !utf8.ValidString(v.V) {
			err = errors.New("the text is not valid UTF-8")
		}
	}
	if err != nil {
		return v, fmt.Errorf("column %s: %w", c.Name, err)
	}
	return v, nil
}

// isNumber reports whether a text is a number in decimal notation with an optional exponent of at most three digits.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(s), "e")
	if scaled {
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		if !isDigits(exponent) || len(exponent) > 3 {
			return false
		}
	}
	whole, decimals, point := strings.Cut(mantissa, ".")
	return isDigits(whole) && (!point || isDigits(decimals))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// compare orders rows as the primary key does, so that neighbours in a statement are neighbours in the table.
func (t *target) compare(a, b row) int {
	for _, k := range t.keys {
		if c := compareTexts(t.Columns[k].Type, a[k].V, b[k].V); c != 0 {
			return c
		}
	}
	return 0
}

func compareTexts(as tables.Type, a, b string) int {
	if as.Kind() == tables.KindBigInt {
		x, _ := strconv.ParseInt(a, 10, 64) // normal has seen to it
		y, _ := strconv.ParseInt(b, 10, 64)
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

// shown is the primary key of a row for people.
func (t *target) shown(r row) string {
	parts := make([]string, len(t.keys))
	for i, k := range t.keys {
		parts[i] = fmt.Sprintf("%s=%q", t.Columns[k].Name, r[k].V)
	}
	return strings.Join(parts, ", ")
}

// columns are the names of some columns.
func (t *target) columns(which []int) []string {
	names := make([]string, len(which))
	for i, c := range which {
		names[i] = t.Columns[c].Name
	}
	return names
}

// all are the numbers of all columns.
func (t *target) all() []int {
	which := make([]int, len(t.Columns))
	for i := range which {
		which[i] = i
	}
	return which
}

// typed is a value as an argument of a statement, with the type of its column. A text that is none stays one.
func typed(as tables.Type, v codecs.Text) any {
	if !v.Valid {
		return nil
	}
	switch as.Kind() {
	case tables.KindBigInt:
		if n, err := strconv.ParseInt(v.V, 10, 64); err == nil {
			return n
		}
	case tables.KindDouble:
		if f, err := strconv.ParseFloat(v.V, 64); err == nil {
			return f
		}
	}
	return v.V
}
