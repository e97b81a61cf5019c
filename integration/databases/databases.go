// Package databases gives tests a MySQL, a MariaDB or a PostgreSQL to run against: one started from a script or in a container, or
// one that the environment names.
//
// A server that is started here is shared by all tests of the process and ends with it, however it ends. Tests don't
// meet because each has a database of its own: see [Server.NewDatabase].
package databases

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	// startVar is "local" to start servers on this machine, "containers" to start them in Docker.
	startVar = "TRIBUTARY_DATABASES"
	// mysqlVar names a running MySQL, as go-sql-driver writes it: root:password@tcp(host:port)/
	mysqlVar = "TRIBUTARY_MYSQL"
	// mariadbVar names a running MariaDB, in the same form.
	mariadbVar = "TRIBUTARY_MARIADB"
	// postgresVar names a running PostgreSQL: postgres://user:password@host:port/
	postgresVar = "TRIBUTARY_POSTGRES"
	// patience bounds each statement of a test.
	patience = time.Minute
	// password of the servers that are started here.
	password = "trib'ut\\ary pass" // with what must be escaped somewhere
)

// Server is a database server that a test may use. Its user may do everything.
type Server struct {
	Host           string
	Port           int
	User, Password string
	// CAFile is the PEM file of the authority that signed the server's certificate. Empty if the server is not one
	// that was started here from its script.
	CAFile string

	kind  kind
	owned owned // nil unless this process started it
}

// owned is a server that this process may kill.
type owned interface {
	kill() error
	restart() error
	isDown() bool
}

// kind is what differs between the makes.
type kind interface {
	dsn(s Server, database string) string
	exec(s Server, database, statement string) error
	query(s Server, database, query string) ([][]string, error)
}

// MySQL is the MySQL that the environment asks for. Without one the test is skipped.
//
// One that is started here is 8.0 with a row-based binary log, binlog_row_metadata=FULL, GTIDs and TLS.
func MySQL(t testing.TB) Server {
	t.Helper()
	if dsn := os.Getenv(mysqlVar); dsn != "" {
		s, err := parseMySQL(dsn)
		if err != nil {
			t.Fatalf("%s: %v", mysqlVar, err)
		}
		return s
	}
	return here(t, &mysqlStart, "MySQL", "Linux on amd64, and Maven the first time", mysqlVar+"='root:password@tcp(host:port)/'")
}

// MySQLWithoutLog is a MySQL that is started here with its binary log off. The test is skipped where none is.
func MySQLWithoutLog(t testing.TB) Server {
	t.Helper()
	if os.Getenv(startVar) != "local" {
		t.Skipf("no MySQL without a binary log: set %s=local", startVar)
	}
	return here(t, &mysqlWithoutLog, "MySQL", "Linux on amd64, and Maven the first time", "nothing else")
}

// MariaDB is the MariaDB that the environment asks for. Without one, and where none is installed, the test is skipped.
//
// One that is started here has a row-based binary log and TLS.
func MariaDB(t testing.TB) Server {
	t.Helper()
	if dsn := os.Getenv(mariadbVar); dsn != "" {
		s, err := parseMySQL(dsn)
		if err != nil {
			t.Fatalf("%s: %v", mariadbVar, err)
		}
		return s
	}
	if os.Getenv(startVar) == "local" && !installed("mariadbd") {
		t.Skipf("no MariaDB: install it (Debian: mariadb-server), or set %s='root:password@tcp(host:port)/'", mariadbVar)
	}
	return here(t, &mariadbStart, "MariaDB", "its packages installed", mariadbVar+"='root:password@tcp(host:port)/'")
}

// installed looks for a server's program on the path, and where Debian has such programs.
func installed(name string) bool {
	_, err := exec.LookPath(name)
	if err != nil {
		_, err = os.Stat(filepath.Join("/usr/sbin", name))
	}
	return err == nil
}

// PostgreSQL is the PostgreSQL that the environment asks for. Without one the test is skipped.
func PostgreSQL(t testing.TB) Server {
	t.Helper()
	if dsn := os.Getenv(postgresVar); dsn != "" {
		s, err := parsePostgres(dsn)
		if err != nil {
			t.Fatalf("%s: %v", postgresVar, err)
		}
		return s
	}
	return here(t, &postgresStart, "PostgreSQL", "its packages installed", postgresVar+"=postgres://user:password@host:port/")
}

func here(t testing.TB, s *starter, what, needs, otherwise string) Server {
	t.Helper()
	start, asked := map[string]func() (Server, error){"local": s.start, "containers": s.startContained}[os.Getenv(startVar)]
	if !asked {
		t.Skipf("no %s: set %s=local (needs %s) or containers (needs Docker) or %s", what, startVar, needs, otherwise)
	}
	s.once.Do(func() { s.made, s.err = start() })
	if s.err != nil {
		t.Fatalf("start %s: %v", what, s.err)
	}
	return s.made
}

// NewDatabase makes an empty database and returns its name. It is dropped when the test ends.
func (s Server) NewDatabase(t testing.TB) string {
	t.Helper()
	b := make([]byte, 5)
	rand.Read(b) // never fails
	name := "tributary_" + hex.EncodeToString(b)
	s.Exec(t, "", "CREATE DATABASE "+name)
	t.Cleanup(func() { s.Exec(t, "", "DROP DATABASE "+name) })
	return name
}

// DSN is the address of a database as its driver wants it: go-sql-driver's form, or a postgres:// URL. It holds the
// password. An empty name is no database (MySQL), or the one that is always there (PostgreSQL).
func (s Server) DSN(database string) string { return s.kind.dsn(s, database) }

// Exec runs statements, each over a connection of its own.
func (s Server) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := s.kind.exec(s, database, statement); err != nil {
			t.Fatalf("%.200s: %v", statement, err)
		}
	}
}

// Null stands for NULL in what Query returns.
const Null = `\N`

// Query runs a query and returns all rows as text.
func (s Server) Query(t testing.TB, database, query string) [][]string {
	t.Helper()
	rows, err := s.kind.query(s, database, query)
	if err != nil {
		t.Fatalf("%.200s: %v", query, err)
	}
	return rows
}

// Kill ends the server with SIGKILL. Unless the test restarts it, its cleanup does: other tests use it too. The test is
// skipped if this process did not start the server.
func (s Server) Kill(t testing.TB) {
	t.Helper()
	s.needOwned(t)
	t.Cleanup(func() {
		if s.owned.isDown() {
			s.Restart(t)
		}
	})
	if err := s.owned.kill(); err != nil {
		t.Fatalf("kill the server: %v", err)
	}
}

// Restart starts the server again, stopping it first if it runs. It accepts connections when Restart returns.
func (s Server) Restart(t testing.TB) {
	t.Helper()
	s.needOwned(t)
	if err := s.owned.restart(); err != nil {
		t.Fatalf("restart the server: %v", err)
	}
}

func (s Server) needOwned(t testing.TB) {
	t.Helper()
	if s.owned == nil {
		t.Skipf("this test kills the server, so it needs %s=local or containers", startVar)
	}
}
