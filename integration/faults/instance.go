package faults

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// patience is how long a process may take to end, and other things that take no time when nothing is wrong.
const patience = time.Minute

// Instance is one name under which the program runs, with a state directory of its own. At most one process of it
// lives at a time.
type Instance struct {
	Name     string
	Binary   string // of the next start
	StateDir string

	s        *Stage
	log      string
	since    int // length of the log when the process was started
	cmd      *exec.Cmd
	expected *atomic.Bool // the end of this process is our doing
	ended    chan struct{}
}

func newInstance(s *Stage, name, binary string) *Instance {
	i := &Instance{Name: name, Binary: binary, StateDir: s.path("state", name), s: s, log: s.path(name + ".log")}
	s.T.Cleanup(func() {
		i.Kill()
		if dir := os.Getenv("TRIBUTARY_TEST_LOGS"); dir != "" {
			_ = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(s.T.Name(), "/", "-")+"-"+name+".log"), []byte(i.Log()), 0o600)
		}
		if s.T.Failed() {
			s.T.Logf("log of instance %s:\n%s", name, tail(i.Log(), 8<<10))
		}
	})
	return i
}

// Start starts a process, with extra flags for this one only. It ends with the test, however that ends.
func (i *Instance) Start(extra ...string) error {
	log, err := os.OpenFile(i.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	if info, err := log.Stat(); err == nil {
		i.since = int(info.Size())
	}
	cmd := exec.Command(i.Binary, append(i.args(), extra...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start instance %s: %w", i.Name, err)
	}
	expected, ended := new(atomic.Bool), make(chan struct{})
	i.cmd, i.expected, i.ended = cmd, expected, ended
	go func() {
		defer close(ended)
		_ = cmd.Wait()
		if !expected.Load() {
			i.s.T.Errorf("the process of instance %s ended by itself: %v\n%s", i.Name, cmd.ProcessState, tail(i.Log(), 2<<10))
		}
	}()
	return nil
}

func (i *Instance) args() []string {
	c := i.s.Case
	var args []string
	if !c.Bare {
		args = []string{
			"--instance", i.Name, "--state-dir", i.StateDir, "--brokers", strings.Join(i.s.Brokers, ","), "--listen", "",
			"--session-timeout", i.s.Session.String(), "--flush-every", "500ms", "--idle-after", "1s",
		}
	} else {
		args = []string{
			"--instance", i.Name, "--state-dir", i.StateDir, "--brokers", strings.Join(i.s.Brokers, ","),
			"--session", i.s.Session.String(), "--flush", "500ms",
		}
	}
	if c.Flags != nil {
		args = append(args, c.Flags(i.s)...)
	}
	return append(args, i.s.Flags...)
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

// PID is that of the process; 0 if none runs.
func (i *Instance) PID() int {
	if !i.Running() {
		return 0
	}
	return i.cmd.Process.Pid
}

// ExpectEnd says that the process may end by itself from now on.
func (i *Instance) ExpectEnd() { i.expected.Store(true) }

// Kill ends the process with SIGKILL, if one runs.
func (i *Instance) Kill() {
	if i.Running() {
		i.ExpectEnd()
		_ = i.cmd.Process.Kill()
		<-i.ended
	}
}

// Terminate asks the process to end (SIGTERM), if one runs. It is an error if that takes more than a minute or if the
// process reports one.
func (i *Instance) Terminate() error {
	if !i.Running() {
		return nil
	}
	i.ExpectEnd()
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	state, err := i.AwaitEnd(patience)
	if err == nil && !state.Success() && !killedAtBirth(state) {
		err = fmt.Errorf("instance %s after SIGTERM: %v\n%s", i.Name, state, tail(i.Log(), 2<<10))
	}
	return err
}

// killedAtBirth: a process that does not listen for signals yet is ended by them.
func killedAtBirth(s *os.ProcessState) bool {
	w, ok := s.Sys().(syscall.WaitStatus)
	return ok && w.Signaled() && w.Signal() == syscall.SIGTERM
}

// AwaitEnd waits until the process has ended by itself. One that does not is made to print its goroutines.
func (i *Instance) AwaitEnd(bound time.Duration) (*os.ProcessState, error) {
	select {
	case <-i.ended:
		return i.cmd.ProcessState, nil
	case <-time.After(bound):
	}
	_ = i.cmd.Process.Signal(syscall.SIGQUIT)
	<-i.ended
	return nil, fmt.Errorf("the process of instance %s has not ended within %s:\n%s", i.Name, bound, tail(i.Log(), 64<<10))
}

// Stop suspends the process (SIGSTOP): to the others it is as good as dead.
func (i *Instance) Stop() error { return i.cmd.Process.Signal(syscall.SIGSTOP) }

// Continue wakes a suspended process: a zombie, if its partitions have gone to others meanwhile.
func (i *Instance) Continue() error { return i.cmd.Process.Signal(syscall.SIGCONT) }

// AwaitLog waits until the process that was started last has said text.
func (i *Instance) AwaitLog(ctx context.Context, text string) error {
	_, err := i.await(ctx, i.since, text)
	return err
}

// await is the first line of the log, from an offset on, that holds a text.
func (i *Instance) await(ctx context.Context, from int, text string) (string, error) {
	for deadline := time.Now().Add(patience); ; {
		for line := range strings.Lines(i.Log()[from:]) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return strings.TrimSpace(line), nil
			}
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("instance %s has not said %q within %s:\n%s", i.Name, text, patience, tail(i.Log()[from:], 2<<10))
		}
		if err := i.s.Wait(ctx, 50*time.Millisecond); err != nil {
			return "", err
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

// tail is the end of a text, from the beginning of a line.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	_, after, _ := bytes.Cut([]byte(s[len(s)-n:]), []byte("\n"))
	return "...\n" + string(after)
}
