// Package sqlsink proves of the program sqlsink that its tables hold each change once, however often it is killed.
package sqlsink

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // tests look into its files

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/databases"
)

// Binary builds the program under test.
func Binary(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sqlsink")
	cmd := exec.Command("go", "build", "-o", path, "github.com/tributary-go/tributary/cmd/sqlsink")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the program under test: %v\n%s", err, out)
	}
	return path
}

// Store is a database of one test.
type Store struct {
	URL      string // as the program takes it
	Password string
	Exec     func(t testing.TB, statement string)
	Query    func(t testing.TB, query string) [][]string // NULL is databases.Null
	// Once are statements that make a table refuse what it has seen before: see refuseRepeats.
	Once []string
	// Kill and Restart are of the server. SQLite has none, and there they are nil.
	Kill, Restart func(t testing.TB)
}

// SQLite is a file.
func SQLite(t testing.TB) Store {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sink.db")
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return Store{
		URL: "sqlite:" + file,
		Exec: func(t testing.TB, statement string) {
			t.Helper()
			if _, err := db.Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		},
		Query: func(t testing.TB, query string) [][]string { t.Helper(); return query1(t, db, query) },
		Once: []string{
			"CREATE TRIGGER once_inserted AFTER INSERT ON trade_channel_collect BEGIN INSERT INTO seen VALUES (NEW.cur_order_count); END",
			"CREATE TRIGGER once_updated AFTER UPDATE ON trade_channel_collect BEGIN INSERT INTO seen VALUES (NEW.cur_order_count); END",
		},
	}
}

func query1(t testing.TB, db *sql.DB, query string) (all [][]string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		texts, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		one := make([]string, len(names))
		for i, x := range texts {
			if one[i] = x.String; !x.Valid {
				one[i] = databases.Null
			}
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// MySQL is a database of a real server; without one the test is skipped.
func MySQL(t testing.TB) Store { t.Helper(); return server(t, "mysql", databases.MySQL(t)) }

// MariaDB is one too.
func MariaDB(t testing.TB) Store { t.Helper(); return server(t, "mariadb", databases.MariaDB(t)) }

// PostgreSQL is one too.
func PostgreSQL(t testing.TB) Store {
	t.Helper()
	return server(t, "postgres", databases.PostgreSQL(t))
}

func server(t testing.TB, scheme string, s databases.Server) Store {
	t.Helper()
	name := s.NewDatabase(t)
	once := []string{
		"CREATE TRIGGER once_inserted AFTER INSERT ON trade_channel_collect FOR EACH ROW INSERT INTO seen VALUES (NEW.cur_order_count)",
		"CREATE TRIGGER once_updated AFTER UPDATE ON trade_channel_collect FOR EACH ROW INSERT INTO seen VALUES (NEW.cur_order_count)",
	}
	if scheme == "postgres" {
		once = []string{
			"CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (NEW.cur_order_count); RETURN NULL; END'",
			"CREATE TRIGGER once AFTER INSERT OR UPDATE ON trade_channel_collect FOR EACH ROW EXECUTE FUNCTION once()",
		}
	}
	return Store{
		URL:      fmt.Sprintf("%s://%s@%s:%d/%s", scheme, s.User, s.Host, s.Port, name),
		Password: s.Password,
		Exec:     func(t testing.TB, statement string) { t.Helper(); s.Exec(t, name, statement) },
		Query:    func(t testing.TB, query string) [][]string { t.Helper(); return s.Query(t, name, query) },
		Once:     once,
		Kill:     s.Kill,
		Restart:  s.Restart,
	}
}

// Process is the program, of which at most one process lives.
type Process struct {
	t      testing.TB
	binary string
	args   []string
	env    []string
	cmd    *exec.Cmd
	ended  chan error
	log    syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// NewProcess makes one that does not run yet. It ends with the test.
func NewProcess(t testing.TB, binary string, c brokers.Cluster, s Store, args ...string) *Process {
	t.Helper()
	p := &Process{
		t: t, binary: binary, env: append(os.Environ(), "TRIBUTARY_DATABASE_PASSWORD="+s.Password),
		args: append([]string{"--brokers", strings.Join(c.Brokers(), ","), "--database", s.URL, "--create-tables", "--listen", ""}, args...),
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			text := p.log.String()
			t.Logf("log:\n%s", text[max(0, len(text)-8<<10):])
		}
	})
	return p
}

// Start starts it.
func (p *Process) Start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, p.args...)
	p.cmd.Env, p.cmd.Stderr = p.env, &p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended, cmd := make(chan error, 1), p.cmd
	p.ended = ended
	go func() { ended <- cmd.Wait() }()
}

// Kill ends it with SIGKILL, if it runs. It must not have ended by itself.
func (p *Process) Kill() {
	p.t.Helper()
	if p.cmd == nil {
		return
	}
	select {
	case err := <-p.ended:
		p.t.Errorf("the process ended by itself: %v", err)
	default:
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	p.cmd = nil
}

// Stop makes it stand still, wherever it is, until Continue lets it go on.
func (p *Process) Stop() { p.signal(syscall.SIGSTOP) }

// Continue ends a Stop.
func (p *Process) Continue() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// Ends waits until it has ended by itself, with an error.
func (p *Process) Ends(bound time.Duration) {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if err == nil {
			p.t.Error("the process ended without an error")
		}
		p.cmd = nil
	case <-time.After(bound):
		p.t.Fatalf("the process has not ended after %s", bound)
	}
}

// Pid is the number of the process that lives.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Log is what its processes wrote to standard error.
func (p *Process) Log() string { return p.log.String() }
