package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

// server is a database server of our own, on this machine.
type server struct {
	port  int
	guard *exec.Cmd
	leash io.Closer // the guard removes the server when it is closed, or when we die
}

// makes of servers, with what one needs to be there.
type serverMake struct{ name, script, prefix, needs string }

var (
	mysqlMake    = serverMake{"MySQL", "mysql-local.sh", "MYSQL_LOCAL", "Linux on amd64, and Maven the first time"}
	postgresMake = serverMake{"PostgreSQL", "postgres-local.sh", "POSTGRES_LOCAL", "initdb and postgres (Debian: postgresql-15)"}
)

const (
	serverPassword = "tributary-bench"
	passwordOfSink = "TRIBUTARY_DATABASE_PASSWORD=" + serverPassword
)

// absent is why a server is not there.
type absent struct {
	make serverMake
	err  error
}

func (a *absent) Error() string {
	return fmt.Sprintf("no %s, which needs %s: %v", a.make.name, a.make.needs, a.err)
}

func (a *absent) Unwrap() error { return a.err }

// startServer starts an empty server in a folder of its own. It returns *absent if that is not possible here.
func (b *bench) startServer(ctx context.Context, m serverMake) (*server, error) {
	dir := filepath.Join(b.work, m.name)
	// PostgreSQL runs as another user when we are root, and must get through.
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(b.work, 0o711)); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	script := filepath.Join(b.root, "integration", "databases", m.script)
	env := append(os.Environ(), m.prefix+"_DIR="+filepath.Join(dir, "server"), m.prefix+"_PORT="+strconv.Itoa(port), m.prefix+"_PASSWORD="+serverPassword)
	s := &server{port: port}
	if err := s.keep(script, dir, env); err != nil {
		return nil, err
	}
	up := exec.CommandContext(ctx, script, "up")
	up.Env = env
	up.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	if out, err := up.CombinedOutput(); err != nil {
		return nil, &absent{m, errors.Join(fmt.Errorf("%w: %s", err, bytes.TrimSpace(out)), s.stop())}
	}
	return s, nil
}

// keep starts the guard: a process that waits for the end of the leash and then removes the server.
func (s *server) keep(script, dir string, env []string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	s.guard = exec.Command("bash", "-c", `read -r _; "$1" kill9; "$1" wipe; rm -rf "$2"`, "guard", script, dir)
	s.guard.Env, s.guard.Stdin = env, read
	s.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.guard.Start(); err != nil {
		return errors.Join(fmt.Errorf("start the guard of %s: %w", dir, err), write.Close())
	}
	s.leash = write
	return nil
}

func (s *server) stop() error {
	err := s.leash.Close()
	_ = s.guard.Wait() // wiping what never ran is no error of ours
	return err
}

func (s *server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// mysql opens connections to a database; "" is none.
func (s *server) mysql(database string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd, c.DBName = "tcp", s.address(), "root", serverPassword, database
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// postgres opens a connection to a database.
func (s *server) postgres(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("postgres://postgres:%s@%s/%s", serverPassword, s.address(), database))
}
