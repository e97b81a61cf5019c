package exactlyonce

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Binary builds the program under test, once for each test.
func Binary(t testing.TB) string {
	t.Helper()
	return Build(t, "integration/countsum/cmd/countsum")
}

// Build builds a program, named by its folder in the module.
func Build(t testing.TB, folder string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(folder))
	cmd := exec.Command("go", "build", "-o", path, "github.com/tributary-go/tributary/"+folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the program under test: %v\n%s", err, out)
	}
	return path
}

// Instance is one name under which the program runs, with the directory that belongs to it. At most one
// process of it lives.
type Instance struct {
	t      testing.TB
	binary string
	args   []string
	log    string

	cmd   *exec.Cmd
	since int // length of the log when the process was started
	stdin io.Closer
	ended chan struct{}
	fate  *fate
}

// fate is how a process ended, and whether that was our doing.
type fate struct {
	mu       sync.Mutex
	expected bool
	state    *os.ProcessState
}

// NewInstance makes an instance that does not run yet. It ends with the test at the latest.
func NewInstance(t testing.TB, binary string, c brokers.Cluster, topics Topics, name string, args ...string) *Instance {
	t.Helper()
	return NewProcess(t, binary, topics.Name, name, append([]string{
		"--brokers", strings.Join(c.Brokers(), ","), "--in", topics.In, "--out", topics.Out, "--name", topics.Name,
	}, args...)...)
}

// NewProcess makes an instance of any program, which is part of a run. The program must have the flags
// --instance, --state-dir and --while-stdin (exit when standard input ends), and say "started" to standard
// error when it listens for signals.
func NewProcess(t testing.TB, binary, run, name string, args ...string) *Instance {
	t.Helper()
	dir := t.TempDir()
	i := &Instance{t: t, binary: binary, log: filepath.Join(dir, name+".log")}
	i.args = append([]string{"--instance", name, "--state-dir", filepath.Join(dir, "state"), "--while-stdin"}, args...)
	t.Cleanup(func() {
		i.Kill()
		if dir := os.Getenv("TRIBUTARY_TEST_LOGS"); dir != "" {
			_ = os.WriteFile(filepath.Join(dir, run+"-"+name+".log"), []byte(i.Log()), 0o600)
		}
		if t.Failed() {
			t.Logf("log of instance %s:\n%s", name, tail(i.Log(), 8<<10))
		}
	})
	return i
}

// Start starts a process, with extra flags for this one only.
func (i *Instance) Start(extra ...string) {
	i.t.Helper()
	log, err := os.OpenFile(i.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		i.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(i.binary, append(append([]string{}, i.args...), extra...)...)
	cmd.Stdout, cmd.Stderr = log, log
	i.since = len(i.Log())
	if i.stdin, err = cmd.StdinPipe(); err != nil {
		i.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.cmd, i.ended, i.fate = cmd, make(chan struct{}), &fate{}
	go i.wait(cmd, i.fate, i.ended)
}

func (i *Instance) wait(cmd *exec.Cmd, f *fate, ended chan struct{}) {
	defer close(ended)
	_ = cmd.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = cmd.ProcessState
	if !f.expected {
		i.t.Errorf("the process ended by itself: %v\n%s", cmd.ProcessState, tail(i.Log(), 2<<10))
	}
}

// Running reports whether a process of it lives, stopped or not.
func (i *Instance) Running() bool {
	if i.cmd == nil {
		return false
	}
	select {
	case <-i.ended:
		return false
	default:
		return true
	}
}

// ExpectEnd says that the process may end by itself from now on.
func (i *Instance) ExpectEnd() {
	i.fate.mu.Lock()
	defer i.fate.mu.Unlock()
	i.fate.expected = true
}

// Kill ends the process with SIGKILL, if one runs.
func (i *Instance) Kill() {
	if !i.Running() {
		return
	}
	i.ExpectEnd()
	_ = i.cmd.Process.Kill()
	<-i.ended
}

// Terminate asks the process to end, and demands that it does so without an error. A process that has only
// just been started is first given the time to listen for signals.
func (i *Instance) Terminate() {
	i.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); i.Running() && !strings.Contains(i.Log()[i.since:], "started"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			i.t.Fatal("the process does not begin")
		}
	}
	i.ExpectEnd()
	i.signal(syscall.SIGTERM)
	i.AwaitEnd(60 * time.Second)
	if s := i.fate.state; !s.Success() {
		i.t.Errorf("after SIGTERM: %v\n%s", s, tail(i.Log(), 2<<10))
	}
}

// AwaitEnd waits until the process has ended by itself.
func (i *Instance) AwaitEnd(bound time.Duration) *os.ProcessState {
	i.t.Helper()
	select {
	case <-i.ended:
		return i.fate.state
	case <-time.After(bound):
		i.signal(syscall.SIGQUIT) // prints all goroutines
		<-i.ended
		i.t.Fatalf("the process has not ended within %s:\n%s", bound, tail(i.Log(), 64<<10))
		return nil
	}
}

// Stop suspends the process (SIGSTOP): to the others it is as good as dead.
func (i *Instance) Stop() { i.signal(syscall.SIGSTOP) }

// Continue wakes a suspended process: a zombie, if its partitions have gone to others meanwhile.
func (i *Instance) Continue() { i.signal(syscall.SIGCONT) }

func (i *Instance) signal(s syscall.Signal) {
	i.t.Helper()
	if err := i.cmd.Process.Signal(s); err != nil {
		i.t.Fatalf("send %s: %v", s, err)
	}
}

// AwaitLog waits until the log holds text.
func (i *Instance) AwaitLog(text string) {
	i.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !strings.Contains(i.Log(), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			i.t.Fatalf("the log does not say %q", text)
		}
	}
}

// Log is what its processes wrote to standard error.
func (i *Instance) Log() string {
	b, err := os.ReadFile(i.log)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n:]
	if _, after, ok := bytes.Cut([]byte(s), []byte("\n")); ok {
		return "...\n" + string(after)
	}
	return s
}
