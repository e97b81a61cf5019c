package sqlsink

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// mysqlDialect is MySQL from 5.7 and MariaDB from 10.3.
type mysqlDialect struct {
	db       *sql.DB
	database string
}

func openMySQL(d Database, password string, secure *tls.Config, log *slog.Logger) (*mysqlDialect, error) {
	conf := mysql.NewConfig()
	conf.Net, conf.Addr, conf.User, conf.Passwd, conf.DBName = "tcp", d.address("3306"), d.User, password, d.Name
	conf.TLS = oldSuites(secure)
	conf.Timeout, conf.ReadTimeout, conf.WriteTimeout = 5*time.Second, 2*time.Minute, 2*time.Minute
	conf.ClientFoundRows = true
	conf.InterpolateParams = true // statements without a round trip to prepare them
	conf.Logger = quiet{log}
	conf.Params = map[string]string{
		// A value that does not fit is an error and not another value; backslashes escape, whatever the server's mode.
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": "10",
		"wait_timeout":             seconds(silence),
	}
	connector, err := mysql.NewConnector(conf)
	if err != nil {
		return nil, errors.New("the settings of the MySQL connection make no sense")
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(0) // who closes a connection wants a new one
	return &mysqlDialect{db: db, database: d.Name}, nil
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// oldSuites offers, last of all, key exchanges by RSA too: MySQL before 8.0.18 knows no other that Go does.
func oldSuites(conf *tls.Config) *tls.Config {
	if conf == nil {
		return nil
	}
	conf = conf.Clone()
	for _, c := range tls.CipherSuites() {
		conf.CipherSuites = append(conf.CipherSuites, c.ID)
	}
	conf.CipherSuites = append(conf.CipherSuites, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384)
	return conf
}

// quiet passes what the driver says on as debug messages.
type quiet struct{ log *slog.Logger }

func (q quiet) Print(v ...any) { q.log.Debug(fmt.Sprint(v...)) }

func (d *mysqlDialect) close() { _ = d.db.Close() }

func (d *mysqlDialect) connect(ctx context.Context) (conn, error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	m := &mysqlConn{sqlConn: sqlConn{c}, dialect: d}
	if err := m.isolate(ctx); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// isolate takes READ COMMITTED, which locks no gaps between rows, so that lanes don't wait for each other. A server that
// logs statements does not allow it.
func (m *mysqlConn) isolate(ctx context.Context) error {
	found, err := m.query(ctx, "SELECT @@GLOBAL.log_bin, @@SESSION.binlog_format")
	if err != nil {
		return err
	}
	if found[0][0].V == "1" && found[0][1].V == "STATEMENT" {
		return nil
	}
	_, err = m.exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
	return err
}

func (d *mysqlDialect) columnType(t tables.Type, key bool) string {
	switch t.Kind() {
	case tables.KindVarchar:
		if key { // 'a' and 'A' are two keys
			return fmt.Sprintf("VARCHAR(%d) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", t.Length())
		}
	case tables.KindText:
		return "LONGTEXT"
	}
	return t.String()
}

func (d *mysqlDialect) tableOptions(tables.Projection) string {
	return " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"
}

func (d *mysqlDialect) quote(name string) string { return "`" + name + "`" }
func (d *mysqlDialect) forUpdate() string        { return " FOR UPDATE" }
func (d *mysqlDialect) rowsPerStatement() int    { return 1000 }
func (d *mysqlDialect) writers() int             { return 64 }

func (d *mysqlDialect) grant(user, table string) string {
	name, host, _ := strings.Cut(user, "@")
	if host == "" {
		host = "%"
	}
	return fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s.%s TO '%s'@'%s'", d.quote(d.database), d.quote(table), name, host)
}

// Of the server's errors without a telling SQLSTATE: those about a value, about the user, and those that pass.
var (
	mysqlRefused = []uint16{1366, 1264, 1265, 1364, 1406, 3140, 3819, 4025}
	mysqlDenied  = []uint16{1044, 1045, 1142, 1143, 1227, 1370, 1410, 1698}
	mysqlPassing = []uint16{
		1213, 1205, 3572, // deadlock, lock wait
		1040, 1203, 1226, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 2006, 2013, 3024, 4031, // connections, shutdown, kill
		1021, 1037, 1038, 1041, 1114, // disk or memory full
		1290, 1792, 1836, 3100, 3101, // read-only for now, group replication
	}
)

func (d *mysqlDialect) judge(err error) verdict {
	var m *mysql.MySQLError
	if !errors.As(err, &m) {
		return judgeTransport(err)
	}
	state := string(m.SQLState[:2])
	switch {
	case slices.Contains(mysqlPassing, m.Number), state == "40", state == "08":
		return passing
	case slices.Contains(mysqlDenied, m.Number):
		return denied
	case slices.Contains(mysqlRefused, m.Number), state == "22", state == "23", state == "45":
		return refused
	}
	return fatal
}

// judgeTransport tells broken connections from all else.
func judgeTransport(err error) verdict {
	var network net.Error
	switch {
	case errors.As(err, &network), errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		return passing
	}
	return fatal
}

// sqlConn is the part of a conn that database/sql does.
type sqlConn struct{ c *sql.Conn }

func (s sqlConn) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	done, err := s.c.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (s sqlConn) query(ctx context.Context, statement string, args ...any) ([][]codecs.Text, error) {
	rows, err := s.c.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]codecs.Text
	for rows.Next() {
		texts, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		one := make([]codecs.Text, len(names))
		for i, x := range texts {
			one[i] = codecs.Text{V: x.String, Valid: x.Valid}
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func (s sqlConn) commit(ctx context.Context) error {
	_, err := s.c.ExecContext(ctx, "COMMIT")
	return err
}

// rollback may come after ctx has ended: the transaction must not stay open.
func (s sqlConn) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = s.c.ExecContext(ctx, "ROLLBACK")
}

func (s sqlConn) close() { _ = s.c.Close() }
