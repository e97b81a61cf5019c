package sqlsink

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// postgresConn copies rows into a temporary table and merges them from there in one statement: COPY is the fastest way
// in, but knows no conflicts.
type postgresConn struct {
	c       *pgx.Conn
	dialect *postgresDialect
	target  *target

	copyIn, merge, discard, deleting string
	copied                           bool // something is in the temporary table, which each commit empties
	text                             []byte
}

func (p *postgresConn) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	done, err := p.c.Exec(ctx, numbered(statement), args...)
	return done.RowsAffected(), err
}

func (p *postgresConn) query(ctx context.Context, statement string, args ...any) ([][]codecs.Text, error) {
	rows, err := p.c.Query(ctx, numbered(statement), append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...) // answers in text
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]codecs.Text
	for rows.Next() {
		var one []codecs.Text
		for _, b := range rows.RawValues() {
			one = append(one, textOf(b))
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func (p *postgresConn) begin(ctx context.Context) error {
	p.copied = false
	_, err := p.c.Exec(ctx, "BEGIN")
	return err
}

func (p *postgresConn) commit(ctx context.Context) error {
	done, err := p.c.Exec(ctx, "COMMIT")
	if err == nil && done.String() != "COMMIT" {
		err = fmt.Errorf("the transaction was not committed: the server answered %s", done)
	}
	return err
}

// rollback may come after ctx has ended: the transaction must not stay open.
func (p *postgresConn) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = p.c.Exec(ctx, "ROLLBACK")
}

func (p *postgresConn) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = p.c.Close(ctx)
}

// temporary is the table of a connection that rows are copied into.
const temporary = "pg_temp.tributary_incoming"

func (p *postgresConn) bind(ctx context.Context, t *target, _ *schema) error {
	p.target = t
	d := p.dialect
	table, columns := d.quote(t.Table), list(d, t.columns(t.all()), ", ", nil)
	p.copyIn = fmt.Sprintf("COPY %s (%s) FROM STDIN", temporary, columns)
	p.discard = "DELETE FROM " + temporary
	action := "NOTHING"
	if len(t.rest) > 0 {
		action = "UPDATE SET " + list(d, t.columns(t.rest), ", ", func(c string) string { return c + " = excluded." + c })
	}
	p.merge = fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s ON CONFLICT (%s) DO %s",
		table, columns, columns, temporary, list(d, t.columns(t.keys), ", ", nil), action)
	p.deleting = p.deleteStatement(table)
	_, err := p.c.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE %s ON COMMIT DELETE ROWS AS SELECT %s FROM %s WITH NO DATA", temporary, columns, table))
	return err
}

// deleteStatement takes one array of texts for each column of the primary key.
func (p *postgresConn) deleteStatement(table string) string {
	var arrays, names, conditions []string
	for i, k := range p.target.keys {
		c := p.target.Columns[k]
		arrays, names = append(arrays, fmt.Sprintf("$%d::text[]", i+1)), append(names, fmt.Sprintf("k%d", i))
		of := fmt.Sprintf("j.k%d", i)
		if kind := c.Type.Kind(); kind != tables.KindVarchar {
			of += "::" + p.dialect.columnType(c.Type, false)
		}
		conditions = append(conditions, fmt.Sprintf("t.%s = %s", p.dialect.quote(c.Name), of))
	}
	return fmt.Sprintf("DELETE FROM %s AS t USING unnest(%s) AS j(%s) WHERE %s",
		table, strings.Join(arrays, ", "), strings.Join(names, ", "), strings.Join(conditions, " AND "))
}

func (p *postgresConn) upsert(ctx context.Context, rows []row) error {
	if p.copied {
		if _, err := p.c.Exec(ctx, p.discard); err != nil {
			return err
		}
	}
	b := p.text[:0]
	for _, r := range rows {
		b = appendCopy(b, r)
	}
	p.text, p.copied = b, true
	if _, err := p.c.PgConn().CopyFrom(ctx, bytes.NewReader(b), p.copyIn); err != nil {
		return err
	}
	_, err := p.c.Exec(ctx, p.merge)
	return err
}

func (p *postgresConn) remove(ctx context.Context, rows []row) error {
	arrays := make([]any, len(p.target.keys))
	for i, k := range p.target.keys {
		texts := make([]string, len(rows))
		for j, r := range rows {
			texts[j] = r[k].V
		}
		arrays[i] = texts
	}
	_, err := p.c.Exec(ctx, p.deleting, arrays...)
	return err
}

// appendCopy writes a row in the text format of COPY.
func appendCopy(b []byte, r row) []byte {
	for i, v := range r {
		if i > 0 {
			b = append(b, '\t')
		}
		if !v.Valid {
			b = append(b, `\N`...)
			continue
		}
		for j := range len(v.V) {
			switch c := v.V[j]; c {
			case '\\':
				b = append(b, '\\', '\\')
			case '\t':
				b = append(b, '\\', 't')
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			default:
				b = append(b, c)
			}
		}
	}
	return append(b, '\n')
}
