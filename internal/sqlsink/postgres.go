package sqlsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// postgresDialect is PostgreSQL from 11.
type postgresDialect struct{ conf *pgx.ConnConfig }

func openPostgres(d Database, password string, secure *tls.Config) (*postgresDialect, error) {
	// From a text without secrets: variables and files that libpq would read are not asked.
	conf, err := pgx.ParseConfig("host=unset sslmode=disable passfile=/dev/null servicefile=/dev/null")
	if err != nil {
		return nil, errors.New("the settings of the PostgreSQL connection make no sense")
	}
	host, port, err := net.SplitHostPort(d.address("5432"))
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the port of the database must be a number: %q", port)
	}
	conf.Host, conf.Port, conf.User, conf.Password, conf.Database = host, uint16(n), d.User, password, d.Name
	conf.TLSConfig, conf.Fallbacks = secure, nil
	conf.ConnectTimeout = 5 * time.Second
	conf.RuntimeParams = map[string]string{
		"application_name": "tributary sqlsink", "lock_timeout": "10s", "client_encoding": "UTF8",
		"idle_in_transaction_session_timeout": seconds(silence) + "s",
	}
	conf.DefaultQueryExecMode = pgx.QueryExecModeExec // prepares nothing, so that a pooler in between does no harm
	return &postgresDialect{conf: conf}, nil
}

func (d *postgresDialect) close() {}

func (d *postgresDialect) connect(ctx context.Context) (conn, error) {
	c, err := pgx.ConnectConfig(ctx, d.conf.Copy())
	if err != nil {
		return nil, err
	}
	return &postgresConn{c: c, dialect: d}, nil
}

func (d *postgresDialect) columnType(t tables.Type, key bool) string {
	switch {
	case t.Kind() == tables.KindDouble:
		return "DOUBLE PRECISION"
	case t.Kind() == tables.KindVarchar && key: // 'a' and 'A' are two keys, and the order of an index is that of bytes
		return t.String() + ` COLLATE "C"`
	}
	return t.String()
}

func (d *postgresDialect) tableOptions(tables.Projection) string  { return "" }
func (d *postgresDialect) quote(name string) string               { return `"` + name + `"` }
func (d *postgresDialect) forUpdate() string                      { return " FOR UPDATE" }
func (d *postgresDialect) rowsPerStatement() int                  { return maxRecords }
func (d *postgresDialect) writers() int                           { return 64 }
func (d *postgresDialect) keys(*target, *schema) (bool, []string) { return false, nil }

func (d *postgresDialect) grant(user, table string) string {
	return fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s", d.quote(table), d.quote(user))
}

func (d *postgresDialect) judge(err error) verdict {
	var p *pgconn.PgError
	if !errors.As(err, &p) {
		var connect *pgconn.ConnectError
		if errors.As(err, &connect) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) {
			return passing
		}
		if err != nil && strings.Contains(err.Error(), "conn closed") {
			return passing
		}
		return judgeTransport(err)
	}
	switch class := p.Code[:2]; {
	case p.Code == "42501", class == "28":
		return denied
	case p.Code == "25006", p.Code == "55P03", p.Code == "57014": // read-only for now, lock time-out, cancelled
		return passing
	case p.Code == "25P03", p.Code == "25P04": // we stood still for longer than a session or transaction may
		return passing
	case class == "40", class == "08", class == "53", class == "57", class == "58":
		return passing
	case class == "22", class == "23", p.Code == "P0001": // raised by a trigger
		return refused
	}
	return fatal
}

func (d *postgresDialect) inspect(ctx context.Context, c conn, table string) (*schema, error) {
	oid := "to_regclass(" + "quote_ident(?))"
	columns, err := c.query(ctx, `SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname, a.atttypmod, NOT a.attnotnull,
		a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		WHERE a.attrelid = `+oid+` AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, table)
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	s := &schema{}
	for _, c := range columns {
		f := found{name: c[0].V, typ: c[1].V, family: postgresFamily(c[2].V), nullable: c[4].V == "t", hasDefault: c[5].V == "t"}
		if n, err := strconv.Atoi(c[3].V); err == nil && n > 4 && f.family == textFamily {
			f.length = n - 4
		}
		s.columns = append(s.columns, f)
	}
	indexes, err := c.query(ctx, `SELECT i.indisprimary, i.indexrelid::regclass::text, a.attname FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
		WHERE i.indrelid = `+oid+` AND i.indisunique ORDER BY 2, array_position(i.indkey::int2[], a.attnum)`, table)
	if err != nil {
		return nil, err
	}
	for _, i := range indexes {
		switch name := i[1].V; {
		case i[0].V == "t":
			s.key = append(s.key, i[2].V)
		case !slices.Contains(s.unique, name):
			s.unique = append(s.unique, name)
		}
	}
	return s, nil
}

func postgresFamily(typ string) family {
	switch typ {
	case "varchar", "text", "bpchar", "citext":
		return textFamily
	case "int8":
		return integerFamily
	case "int2", "int4":
		return smallFamily
	case "float8":
		return doubleFamily
	case "float4":
		return singleFamily
	case "numeric":
		return decimalFamily
	}
	return otherFamily
}

// numbered writes ? as $1, $2 and so on.
func numbered(statement string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, more := strings.Cut(statement, "?")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		fmt.Fprintf(&b, "$%d", n)
		statement = after
	}
}

func textOf(b []byte) codecs.Text {
	return codecs.Text{V: string(b), Valid: b != nil}
}
