package sqlsink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite"

	"github.com/tributary-go/tributary/tables"
)

// sqliteDialect is SQLite, in a file of this machine.
type sqliteDialect struct{ db *sql.DB }

func openSQLite(d Database) (*sqliteDialect, error) {
	settings := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"cache_size(-32000)",        // kB: pages of a transaction that don't fit are written twice
		"wal_autocheckpoint(10000)", // pages, 40 MB: a page that changes in many transactions goes into the file once
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: d.Name}).EscapedPath()+"?"+settings.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(0)
	return &sqliteDialect{db: db}, nil
}

func (d *sqliteDialect) close() { _ = d.db.Close() }

func (d *sqliteDialect) connect(ctx context.Context) (conn, error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{sqlConn: sqlConn{c}, dialect: d}, nil
}

// columnType keeps exact decimals as text, since SQLite has none.
func (d *sqliteDialect) columnType(t tables.Type, _ bool) string {
	switch t.Kind() {
	case tables.KindBigInt:
		return "INTEGER"
	case tables.KindDouble:
		return "REAL"
	}
	return "TEXT"
}

// tableOptions: other values than a column's type has are refused, as other databases do by themselves. Rows lie in the
// index of the primary key and not beside it, which halves the search for them, unless they are so long that few of them
// would fit into a page of the index. A single BIGINT is the row's number anyway.
func (d *sqliteDialect) tableOptions(p tables.Projection) string {
	for _, c := range p.Columns {
		if c.Type.Kind() == tables.KindText || len(p.Key) == 1 && c.Name == p.Key[0] && c.Type.Kind() == tables.KindBigInt {
			return " STRICT"
		}
	}
	return " STRICT, WITHOUT ROWID"
}

func (d *sqliteDialect) quote(name string) string               { return `"` + name + `"` }
func (d *sqliteDialect) forUpdate() string                      { return "" } // the transaction has locked the file
func (d *sqliteDialect) rowsPerStatement() int                  { return maxRecords }
func (d *sqliteDialect) writers() int                           { return 1 }
func (d *sqliteDialect) grant(_, _ string) string               { return "make the file and its folder writable" }
func (d *sqliteDialect) keys(*target, *schema) (bool, []string) { return false, nil }

// The primary codes of https://www.sqlite.org/rescode.html.
const (
	sqlitePermission, sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteIOError = 3, 5, 6, 8, 10
	sqliteFull, sqliteTooBig, sqliteConstraint, sqliteMismatch                = 13, 18, 19, 20
)

func (d *sqliteDialect) judge(err error) verdict {
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return judgeTransport(err)
	}
	switch s.Code() & 0xff {
	case sqliteBusy, sqliteLocked, sqliteIOError, sqliteFull:
		return passing
	case sqliteConstraint, sqliteMismatch, sqliteTooBig:
		return refused
	case sqlitePermission, sqliteReadOnly:
		return denied
	}
	return fatal
}

func (d *sqliteDialect) inspect(ctx context.Context, c conn, table string) (*schema, error) {
	columns, err := c.query(ctx, `SELECT name, type, "notnull", dflt_value IS NOT NULL, pk FROM pragma_table_info(?) ORDER BY cid`, table)
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	s := &schema{}
	keys := map[int]string{}
	for _, c := range columns {
		f := sqliteColumn(c[1].V)
		f.name, f.nullable, f.hasDefault = c[0].V, c[2].V == "0", c[3].V == "1"
		s.columns = append(s.columns, f)
		if n, _ := strconv.Atoi(c[4].V); n > 0 {
			keys[n] = f.name
		}
	}
	for n := 1; n <= len(keys); n++ {
		s.key = append(s.key, keys[n])
	}
	unique, err := c.query(ctx, `SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND origin <> 'pk' ORDER BY name`, table)
	for _, u := range unique {
		s.unique = append(s.unique, u[0].V)
	}
	return s, err
}

// sqliteColumn reads a declared type by SQLite's rules: what is in the name counts.
func sqliteColumn(typ string) found {
	upper := strings.ToUpper(typ)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(upper, p) })
	}
	f := found{typ: typ}
	switch {
	case has("INT"):
		f.family = integerFamily
	case has("CHAR", "CLOB", "TEXT"):
		f.family = textFamily
	case has("REAL", "FLOA", "DOUB"):
		f.family = doubleFamily
	case has("NUM", "DEC"):
		f.family = decimalFamily
	}
	return f
}

// sqliteConn writes rows one by one with a prepared statement, which costs next to nothing in one process.
type sqliteConn struct {
	sqlConn
	dialect          *sqliteDialect
	target           *target
	upserts, deletes *sql.Stmt
}

// begin locks the file at once: a transaction that only finds out at its first write that another has written since
// it began could not go on.
func (s *sqliteConn) begin(ctx context.Context) error {
	_, err := s.exec(ctx, "BEGIN IMMEDIATE")
	return err
}

func (s *sqliteConn) bind(ctx context.Context, t *target, _ *schema) (err error) {
	s.target = t
	d := s.dialect
	action := "NOTHING"
	if len(t.rest) > 0 {
		action = "UPDATE SET " + list(d, t.columns(t.rest), ", ", func(c string) string { return c + " = excluded." + c })
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.Columns)), ", ")
	s.upserts, err = s.c.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO %s", d.quote(t.Table),
		list(d, t.columns(t.all()), ", ", nil), marks, list(d, t.columns(t.keys), ", ", nil), action))
	if err != nil {
		return err
	}
	s.deletes, err = s.c.PrepareContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s", d.quote(t.Table),
		list(d, t.columns(t.keys), " AND ", func(c string) string { return c + " = ?" })))
	return err
}

func (s *sqliteConn) upsert(ctx context.Context, rows []row) error {
	return s.each(ctx, s.upserts, rows, s.target.all())
}

func (s *sqliteConn) remove(ctx context.Context, rows []row) error {
	return s.each(ctx, s.deletes, rows, s.target.keys)
}

// each asks between rows whether ctx has ended. A statement that could be interrupted would have a goroutine of its own,
// which costs as much as the row.
func (s *sqliteConn) each(ctx context.Context, statement *sql.Stmt, rows []row, columns []int) error {
	args, whole := make([]any, len(columns)), context.WithoutCancel(ctx)
	for _, r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, c := range columns {
			args[i] = typed(s.target.Columns[c].Type, r[c])
		}
		if _, err := statement.ExecContext(whole, args...); err != nil {
			return err
		}
	}
	return nil
}
