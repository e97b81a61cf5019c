package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a program under measurement. It must be stopped.
type process struct {
	name    string
	started time.Time
	cmd     *exec.Cmd
	log     string // file with its output
	ended   chan struct{}
	err     error // how it ended; valid after ended
}

// start runs a program with a log of its own. It does not share our Ctrl-C: it is stopped by us, or by the kernel
// if we are killed.
func (b *bench) start(name string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, cmd: cmd, log: filepath.Join(b.work, name+".log"), ended: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.started = time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) usage() (usage, error) {
	select {
	case <-p.ended:
		return usage{}, p.death()
	default:
		return usageOf(p.cmd.Process.Pid)
	}
}

// death is the error of a process that ended by itself.
func (p *process) death() error {
	return fmt.Errorf("%s has ended (%v); the end of its log:\n%s", p.name, p.cmd.ProcessState, tail(p.log))
}

const patience = 20 * time.Second

// stop ends the process as a supervisor would, and returns an error if that did not go well.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return p.death()
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not stop within %s; the end of its log:\n%s", p.name, patience, tail(p.log))
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 && code != 128+int(syscall.SIGTERM) { // a JVM reports the signal
		return p.death()
	}
	return nil
}

// poll calls f until it says that it is done, fails, the process ends or ctx does.
func (p *process) poll(ctx context.Context, every time.Duration, f func() (bool, error)) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		done, err := f()
		if done || err != nil {
			return err
		}
		select {
		case <-p.ended:
			return p.death()
		case <-ctx.Done():
			return fmt.Errorf("%s is not done: %w", p.name, ctx.Err())
		case <-t.C:
		}
	}
}

// tail is the end of a log.
func tail(file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		return []byte(err.Error())
	}
	text = bytes.TrimSpace(text)
	return text[max(0, len(text)-2000):]
}
