package capture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Binary builds mysqlcdc, once for each test.
func Binary(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mysqlcdc")
	cmd := exec.Command("go", "build", "-o", path, "github.com/tributary-go/tributary/cmd/mysqlcdc")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build mysqlcdc: %v\n%s", err, out)
	}
	return path
}

// Process is mysqlcdc, started and ended many times. Its log is kept.
type Process struct {
	t      testing.TB
	binary string
	args   []string
	env    []string
	log    string

	cmd   *exec.Cmd
	ended chan struct{}
}

// Process makes one that does not run yet.
func (b *Bench) Process(binary string, args ...string) *Process {
	b.t.Helper()
	p := &Process{t: b.t, binary: binary, log: filepath.Join(b.t.TempDir(), "mysqlcdc.log")}
	p.args = append([]string{
		"--brokers", strings.Join(b.Kafka.Brokers(), ","), "--mysql-address", b.Address(), "--mysql-user", b.MySQL.User, "--database", b.Database,
		"--capture", b.file, "--heartbeat", "500ms", "--partitions", "3", "--listen", "",
	}, args...)
	p.env = append(os.Environ(), "TRIBUTARY_MYSQL_PASSWORD="+b.MySQL.Password)
	b.t.Cleanup(func() {
		p.Kill()
		if b.t.Failed() {
			b.t.Logf("log of mysqlcdc:\n%s", p.tail())
		}
	})
	return p
}

// Start starts it.
func (p *Process) Start() {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(p.binary, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
}

// Running reports whether it has not ended.
func (p *Process) Running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Kill ends it with SIGKILL, if it runs.
func (p *Process) Kill() {
	if p.Running() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
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

// Terminate asks it to end, and demands that it does so in time and without an error.
func (p *Process) Terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.t.Fatal("mysqlcdc does not end")
	}
	if s := p.cmd.ProcessState; !s.Success() {
		p.t.Errorf("after SIGTERM: %v\n%s", s, p.tail())
	}
}

// CPU is what the last process has used, once it has ended.
func (p *Process) CPU() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// Log is what its processes wrote.
func (p *Process) Log() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

func (p *Process) tail() string {
	s := p.Log()
	return s[max(0, len(s)-6000):]
}
