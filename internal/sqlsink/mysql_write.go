package sqlsink

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// mysqlConn writes rows as text in statements of many rows, which MySQL takes in faster than prepared ones.
type mysqlConn struct {
	sqlConn
	dialect *mysqlDialect
	target  *target

	insert, update string // before and behind the rows of an upsert
	from, join     string // before and behind the keys of a delete; "": the server has no JSON_TABLE
	where          string // before the keys of a delete without it
	statement      []byte
}

func (m *mysqlConn) begin(ctx context.Context) error {
	_, err := m.exec(ctx, "START TRANSACTION")
	return err
}

func (m *mysqlConn) bind(ctx context.Context, t *target, s *schema) error {
	m.target = t
	d, table := m.dialect, m.dialect.quote(t.Table)
	m.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES ", table, list(d, t.columns(t.all()), ", ", nil))
	changed := t.columns(t.rest)
	if len(changed) == 0 {
		changed = t.columns(t.keys[:1]) // to itself: the row is there
	}
	m.update = " ON DUPLICATE KEY UPDATE " + list(d, changed, ", ", func(c string) string { return c + " = VALUES(" + c + ")" })
	m.where = fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (", table, list(d, t.columns(t.keys), ", ", nil))
	// Servers before MySQL 8.0.4 and MariaDB 10.6 answer with a syntax error.
	if _, err := m.query(ctx, `SELECT k FROM JSON_TABLE('[["1"]]', '$[*]' COLUMNS(k VARCHAR(10) PATH '$[0]')) AS j`); err != nil {
		if d.judge(err) == passing {
			return err
		}
		return nil
	}
	m.from, m.join = m.jsonJoin(table, s)
	return nil
}

// jsonJoin is a delete that reads its keys from a JSON text. IN with many keys of several columns takes MySQL seconds.
func (m *mysqlConn) jsonJoin(table string, s *schema) (from, join string) {
	t := m.target
	var columns, conditions []string
	for i, k := range t.keys {
		c := t.Columns[k]
		have, _ := s.column(c.Name)
		columns = append(columns, fmt.Sprintf("k%d VARCHAR(1024) PATH '$[%d]'", i, i))
		conditions = append(conditions, fmt.Sprintf("t.%s = %s", m.dialect.quote(c.Name), keyOf(fmt.Sprintf("j.k%d", i), c.Type, have)))
	}
	from = "DELETE t FROM JSON_TABLE("
	join = fmt.Sprintf(", '$[*]' COLUMNS(%s)) AS j STRAIGHT_JOIN %s AS t ON %s", strings.Join(columns, ", "), table, strings.Join(conditions, " AND "))
	return from, join
}

// keyOf converts a text to the type, character set and collation of a column, so that the column's index is used.
func keyOf(text string, as tables.Type, have found) string {
	switch {
	case as.Kind() == tables.KindBigInt && have.unsigned:
		return "CAST(" + text + " AS UNSIGNED)"
	case as.Kind() == tables.KindBigInt:
		return "CAST(" + text + " AS SIGNED)"
	case have.collation != "":
		return fmt.Sprintf("CONVERT(%s USING %s) COLLATE %s", text, have.charset, have.collation)
	}
	return text
}

func (m *mysqlConn) upsert(ctx context.Context, rows []row) error {
	b := append(m.statement[:0], m.insert...)
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTuple(b, r, m.target.all())
	}
	b = append(b, m.update...)
	m.statement = b
	_, err := m.exec(ctx, string(b))
	return err
}

// smallIn is how many keys IN can take before it becomes slow.
const smallIn = 100

func (m *mysqlConn) remove(ctx context.Context, rows []row) error {
	if m.from == "" {
		return m.removeIn(ctx, rows)
	}
	keys := make([][]string, len(rows))
	for i, r := range rows {
		for _, k := range m.target.keys {
			keys[i] = append(keys[i], r[k].V)
		}
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	b := append(m.statement[:0], m.from...)
	b = appendText(b, string(text))
	b = append(b, m.join...)
	m.statement = b
	_, err = m.exec(ctx, string(b))
	return err
}

func (m *mysqlConn) removeIn(ctx context.Context, rows []row) error {
	for len(rows) > 0 {
		n := min(smallIn, len(rows))
		b := append(m.statement[:0], m.where...)
		for i, r := range rows[:n] {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendTuple(b, r, m.target.keys)
		}
		b = append(b, ')')
		m.statement = b
		if _, err := m.exec(ctx, string(b)); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func appendTuple(b []byte, r row, columns []int) []byte {
	b = append(b, '(')
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, r[c])
	}
	return append(b, ')')
}

// appendValue writes numbers in quotes too: MySQL reads them as what the column is.
func appendValue(b []byte, v codecs.Text) []byte {
	if !v.Valid {
		return append(b, "NULL"...)
	}
	return appendText(b, v.V)
}

// appendText writes a string literal. The connection speaks utf8mb4, in which no other character holds these bytes, and
// its mode lets backslashes escape.
func appendText(b []byte, s string) []byte {
	b = append(b, '\'')
	for i := range len(s) {
		switch c := s[i]; c {
		case 0:
			b = append(b, '\\', '0')
		case '\\', '\'':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '\'')
}
