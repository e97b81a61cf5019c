package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// kafka is a broker of our own: one node, on this machine.
type kafka struct {
	address string
	pid     int
	guard   *exec.Cmd
	leash   io.Closer // the guard removes the broker when it is closed, or when we die
}

// brokerSettings make deleted topics free their disk space at once.
const brokerSettings = "log.segment.delete.delay.ms=1000\n"

// startKafka starts a broker in a folder of its own, below the work folder.
func startKafka(ctx context.Context, root, dir string) (*kafka, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	extra := filepath.Join(dir, "extra.properties")
	if err := os.WriteFile(extra, []byte(brokerSettings), 0o644); err != nil {
		return nil, err
	}
	script := filepath.Join(root, "integration", "kafka", "kafka-local.sh")
	env := append(os.Environ(), "KAFKA_LOCAL_DIR="+dir, "KAFKA_LOCAL_PORT="+strconv.Itoa(port), "KAFKA_LOCAL_EXTRA="+extra,
		"KAFKA_LOCAL_VERSION="+kafkaVersion, "KAFKA_LOCAL_JVM_OPTS=-Xms512m -Xmx1g -XX:+UseG1GC")
	k := &kafka{}
	if err := k.keep(script, filepath.Dir(dir), env); err != nil {
		return nil, err
	}
	up := exec.CommandContext(ctx, script, "up", "1")
	up.Env = env
	up.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	var stderr bytes.Buffer
	up.Stderr = &stderr
	out, err := up.Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start Kafka: %w: %s", err, bytes.TrimSpace(stderr.Bytes())), k.stop())
	}
	k.address = strings.TrimSpace(string(out))
	if k.pid, err = brokerPID(dir); err != nil {
		return nil, errors.Join(err, k.stop())
	}
	return k, nil
}

// keep starts the guard: a process that waits for the end of the leash and then removes the broker and
// the work folder.
func (k *kafka) keep(script, work string, env []string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	k.guard = exec.Command("bash", "-c", `read -r _; "$1" wipe; rm -rf "$2"`, "guard", script, work)
	k.guard.Env, k.guard.Stdin = env, read
	k.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := k.guard.Start(); err != nil {
		return errors.Join(fmt.Errorf("start the broker's guard: %w", err), write.Close())
	}
	k.leash = write
	return nil
}

func (k *kafka) stop() error {
	return errors.Join(k.leash.Close(), k.guard.Wait())
}

// usage of the broker so far.
func (k *kafka) usage() (usage, error) { return usageOf(k.pid) }

func brokerPID(dir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "broker-1", "pid"))
	if err != nil {
		return 0, fmt.Errorf("find the broker's process: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// freePort finds a port for the broker such that its controller's, eleven above, is free too.
func freePort() (int, error) {
	for range 50 {
		port := 20000 + rand.IntN(12000) // below the range of outgoing connections
		if free(port) && free(port+11) {
			return port, nil
		}
	}
	return 0, errors.New("no free port between 20000 and 32000")
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// settle lets the broker come to rest, so that one contestant does not pay for another's writes.
func (k *kafka) settle(ctx context.Context) error {
	const quiet, looks = 0.1, 30 // of a core; half seconds
	for range looks {
		before, err := k.usage()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		after, err := k.usage()
		if err != nil || after.cpu-before.cpu < quiet/2 {
			return err
		}
	}
	return nil // it is as calm as it gets
}
