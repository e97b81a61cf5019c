package containers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/network"
)

// mark is the label of all that this process starts.
const mark = "tributary.test"

var process = struct {
	id   string
	once sync.Once
	err  error
	pipe *os.File // open as long as the process lives
}{id: random()}

func random() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func labels() map[string]string { return map[string]string{mark: process.id} }

// guard starts, once, a process that waits for the end of this one and then removes what it started. It waits at a pipe
// whose other end only we hold, so a test binary that panics, times out or is killed leaves nothing behind either.
func guard() error {
	process.once.Do(func() { process.pipe, process.err = startGuard() })
	return process.err
}

func startGuard() (*os.File, error) {
	// testcontainers' own janitor is an image of a registry, which may be out of reach, and has nothing to do here. It
	// logs every step, which tests don't need to tell.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return nil, err
	}
	log.SetDefault(log.NewNoopLogger())
	if _, err := exec.LookPath("docker"); err != nil {
		return nil, fmt.Errorf("containers are removed with the command docker: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	const wait = `read -r _
docker ps --all --quiet --filter "label=$1" | xargs --no-run-if-empty docker rm --force --volumes
docker network ls --quiet --filter "label=$1" | xargs --no-run-if-empty docker network rm`
	cmd := exec.Command("bash", "-c", wait, "guard", mark+"="+process.id)
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the tests, not for the guard
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the guard of containers: %w", err)
	}
	read.Close()
	return write, cmd.Process.Release()
}

// NewNetwork makes a network in which containers find each other by their aliases.
func NewNetwork() (string, error) {
	if err := guard(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	n, err := network.New(ctx, network.WithLabels(labels()))
	if err != nil {
		return "", fmt.Errorf("make a network of Docker: %w", err)
	}
	return n.Name, nil
}
