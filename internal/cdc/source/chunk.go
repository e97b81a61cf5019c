package source

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tributary-go/tributary/internal/cdc"
)

// chunk is the select of one chunk: the columns that the layout reads, then those of the primary key.
func (t *table) chunk(l cdc.Layout, after, until []string, limit int) (string, error) {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, name := range l.Read {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.selected(name))
	}
	fmt.Fprintf(&b, " FROM %s FORCE INDEX (PRIMARY)", t.quoted())
	for i, bound := range []struct {
		key      []string
		operator string
		strict   bool
	}{{after, ">", true}, {until, "<", false}} {
		if bound.key == nil {
			continue
		}
		condition, err := t.bound(bound.key, bound.operator, bound.strict)
		if err != nil {
			return "", err
		}
		word := " WHERE "
		if i > 0 && after != nil {
			word = " AND "
		}
		b.WriteString(word + condition)
	}
	fmt.Fprintf(&b, " ORDER BY %s LIMIT %d", t.order(""), limit)
	return b.String(), nil
}

// selected is a column as it is asked for. BIT would come as bytes, FLOAT rounded to six digits.
func (t *table) selected(name string) string {
	switch c := t.column(name); c.dataType {
	case "bit":
		return quoteName(name) + "+0"
	case "float", "double":
		return quoteName(name) + "+0e0"
	}
	return quoteName(name)
}

func (t *table) order(direction string) string {
	var names []string
	for _, name := range t.primary {
		names = append(names, quoteName(name)+direction)
	}
	return strings.Join(names, ", ")
}

// bound is "the primary key lies behind (or before) these values", in the form that MySQL reads from the index:
// (a > x OR (a = x AND b > y)).
func (t *table) bound(key []string, operator string, strict bool) (string, error) {
	if len(key) != len(t.primary) {
		return "", fmt.Errorf("the primary key of %s has %d columns, the snapshot's has %d: %w", t, len(t.primary), len(key), cdc.ErrStop)
	}
	condition := ""
	for i := len(key) - 1; i >= 0; i-- {
		literal, err := t.literal(t.primary[i], key[i])
		if err != nil {
			return "", err
		}
		name := quoteName(t.primary[i])
		switch {
		case condition != "":
			condition = fmt.Sprintf("(%s %s %s OR (%s = %s AND %s))", name, operator, literal, name, literal, condition)
		case strict:
			condition = fmt.Sprintf("(%s %s %s)", name, operator, literal)
		default:
			condition = fmt.Sprintf("(%s %s= %s)", name, operator, literal)
		}
	}
	return condition, nil
}

// literal writes a plain value of the primary key as SQL.
func (t *table) literal(name, plain string) (string, error) {
	only := func(characters string) bool { return plain != "" && strings.Trim(plain, characters) == "" }
	switch f := t.column(name).Family; {
	case f == cdc.Text:
		return quoteText(plain), nil
	case f == cdc.Binary:
		if _, err := hex.DecodeString(plain); err == nil {
			return "x'" + plain + "'", nil
		}
	case (f == cdc.Integer || f == cdc.Decimal) && only("-0123456789."):
		return plain, nil
	case (f == cdc.Timestamp || f == cdc.DateTime || f == cdc.Calendar) && only("-0123456789:. "):
		return "'" + plain + "'", nil
	}
	return "", fmt.Errorf("the snapshot stands at %q in column %s, which is no value of a %s column: %w", plain, name, t.column(name).Family, cdc.ErrStop)
}

// keyOf is the primary key in a row's cells, binary in hexadecimal digits.
func (t *table) keyOf(l cdc.Layout, cells [][]byte) []string {
	key := make([]string, len(t.primary))
	for i, name := range t.primary {
		for j, read := range l.Read {
			if !strings.EqualFold(read, name) {
				continue
			}
			key[i] = string(cells[j])
			if t.column(name).Family == cdc.Binary {
				key[i] = hex.EncodeToString(cells[j])
			}
		}
	}
	return key
}

// selecting turns the rows of a select into plain cells.
type selecting struct {
	families []cdc.Family
	scratch  []byte
	cells    [][]byte
}

func (t *table) selecting(l cdc.Layout) *selecting {
	s := &selecting{scratch: make([]byte, 0, 1024), cells: make([][]byte, len(l.Read))}
	for _, name := range l.Read {
		s.families = append(s.families, t.column(name).Family)
	}
	return s
}

// read returns the cells of a row, valid until the next call.
func (s *selecting) read(row []mysql.FieldValue) ([][]byte, error) {
	buffer := s.scratch[:0]
	for i := range s.cells {
		from := len(buffer)
		var err error
		switch v := &row[i]; v.Type {
		case mysql.FieldValueTypeNull:
			s.cells[i] = nil
			continue
		case mysql.FieldValueTypeUnsigned:
			buffer, err = appendInteger(buffer, v.AsUint64())
		case mysql.FieldValueTypeSigned:
			buffer, err = appendInteger(buffer, v.AsInt64())
		case mysql.FieldValueTypeFloat:
			buffer = s.float(buffer, i, v.AsFloat64())
		default:
			if s.families[i] == cdc.Document {
				buffer, err = appendDocument(buffer, v.AsString())
			} else {
				buffer = append(buffer, v.AsString()...)
			}
		}
		if err != nil {
			return nil, err
		}
		s.cells[i] = buffer[from:len(buffer):len(buffer)]
	}
	s.scratch = buffer
	return s.cells, nil
}

func (s *selecting) float(dst []byte, i int, f float64) []byte {
	if s.families[i] == cdc.Single {
		return appendSingle(dst, float32(f))
	}
	return appendDouble(dst, f)
}

// readChunk runs the select of a chunk. High is left to the caller.
func (c *conn) readChunk(t *table, l cdc.Layout, after, until []string, limit int) (cdc.Chunk, error) {
	sql, err := t.chunk(l, after, until, limit)
	if err != nil {
		return cdc.Chunk{}, err
	}
	_ = c.SetDeadline(time.Now().Add(queryTimeout))
	chunk := cdc.Chunk{Rows: make([]cdc.Row, 0, limit)}
	now := time.Now().UnixMilli()
	s := t.selecting(l)
	var last [][]byte
	var result mysql.Result
	err = c.ExecuteSelectStreaming(sql, &result, func(values []mysql.FieldValue) error {
		cells, err := s.read(values)
		if err != nil {
			return err
		}
		row, err := l.Upsert(cells)
		row.Time = now
		chunk.Rows = append(chunk.Rows, row)
		last = cells
		return err
	}, nil)
	if err != nil {
		return chunk, fmt.Errorf("read a chunk of %s: %w", t, explain(err))
	}
	chunk.End = len(chunk.Rows) < limit
	if last != nil {
		chunk.Last = t.keyOf(l, last)
	}
	return chunk, nil
}
