package sqlsink

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/databases"
)

// store is a database of one test.
type store struct {
	settings Database
	exec     func(t testing.TB, statement string)
	query    func(t testing.TB, query string) [][]string // NULL is databases.Null
}

// onEach runs a test on SQLite, and on the servers that there are.
func onEach(t *testing.T, test func(t *testing.T, s store)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteStore(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, serverStore(t, "mysql", databases.MySQL(t))) })
	t.Run("mariadb", func(t *testing.T) { test(t, serverStore(t, "mysql", databases.MariaDB(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, serverStore(t, "postgres", databases.PostgreSQL(t))) })
}

func sqliteStore(t testing.TB) store {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a file?.db") // with what must be escaped in a URL
	d, err := openSQLite(Database{Kind: "sqlite", Name: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.db.Close() })
	return store{
		settings: Database{Kind: "sqlite", Name: file},
		exec: func(t testing.TB, statement string) {
			t.Helper()
			if _, err := d.db.Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		},
		query: func(t testing.TB, query string) [][]string {
			t.Helper()
			return sqliteRows(t, d.db, query)
		},
	}
}

func sqliteRows(t testing.TB, db *sql.DB, query string) [][]string {
	t.Helper()
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rows, err := sqlConn{c}.query(context.Background(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var all [][]string
	for _, r := range rows {
		one := make([]string, len(r))
		for i, v := range r {
			if one[i] = v.V; !v.Valid {
				one[i] = databases.Null
			}
		}
		all = append(all, one)
	}
	return all
}

func serverStore(t testing.TB, kind string, server databases.Server) store {
	t.Helper()
	name := server.NewDatabase(t)
	return store{
		settings: Database{
			Kind: kind, Host: net.JoinHostPort(server.Host, strconv.Itoa(server.Port)), User: server.User, Password: server.Password, Name: name,
		},
		exec:  func(t testing.TB, statement string) { t.Helper(); server.Exec(t, name, statement) },
		query: func(t testing.TB, query string) [][]string { t.Helper(); return server.Query(t, name, query) },
	}
}

// within polls until a condition holds. why says what is the matter as long as it does not.
func within(t testing.TB, bound time.Duration, holds func() (ok bool, why string)) {
	t.Helper()
	for deadline := time.Now().Add(bound); ; time.Sleep(20 * time.Millisecond) {
		ok, why := holds()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", bound, why)
		}
	}
}

func shorten(rows any) string { return fmt.Sprintf("%.1500v", rows) }
