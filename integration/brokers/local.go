package brokers

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// local is a Kafka that this process has started.
type local struct {
	script string
	env    []string
	port   int // the script's
	size   int

	mu   sync.Mutex
	down map[int]bool
}

// startLocal makes a cluster that lives until this process ends, however it ends.
func startLocal(size int) (owned, []string, error) {
	script, err := findScript()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "tributary-kafka-")
	if err != nil {
		return nil, nil, err
	}
	// The port may be taken between the look and the start. Then another one is tried.
	for range 3 {
		port, portErr := freePorts(size)
		if portErr != nil {
			return nil, nil, portErr
		}
		l := &local{script: script, port: port, size: size, down: make(map[int]bool)}
		l.env = append(os.Environ(), "KAFKA_LOCAL_DIR="+dir, "KAFKA_LOCAL_PORT="+strconv.Itoa(port), "KAFKA_LOCAL_PROXY=yes")
		if err := l.guard(dir, size); err != nil {
			return nil, nil, err
		}
		out, upErr := l.run("up", strconv.Itoa(size))
		if upErr == nil {
			return l, strings.Split(strings.TrimSpace(out), ","), nil
		}
		err = upErr
		if _, wipeErr := l.run("wipe"); wipeErr != nil {
			return nil, nil, errors.Join(err, wipeErr)
		}
	}
	return nil, nil, err
}

// guard starts a process that waits for the end of this one and then removes the cluster. It waits at a pipe whose other
// end only we hold, so a test binary that panics, times out or is killed leaves nothing behind either.
func (l *local) guard(dir string, size int) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	const wait = `script=$1 dir=$2 size=$3
read -r _
for id in $(seq 1 "$size"); do "$script" kill9 "$id"; done
"$script" wipe
rm -rf "$dir"`
	cmd := exec.Command("bash", "-c", wait, "guard", l.script, dir, strconv.Itoa(size))
	cmd.Env, cmd.Stdin = l.env, read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the tests, not for the guard
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the guard of %s: %w", dir, err)
	}
	read.Close()
	guards = append(guards, write)
	return cmd.Process.Release()
}

// guards keeps the pipes open (and out of the garbage collector's reach) as long as the process lives. Written under
// started.once.
var guards []*os.File

func (l *local) run(args ...string) (string, error) {
	cmd := exec.Command(l.script, args...)
	cmd.Env = l.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that brokers are ended by the guard only
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", l.script, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

func (l *local) kill(id int) error {
	_, err := l.run("kill9", strconv.Itoa(id))
	if err == nil {
		l.setDown(id, true)
	}
	return err
}

func (l *local) restart(id int) error {
	_, err := l.run("restart", strconv.Itoa(id))
	if err == nil {
		l.setDown(id, false)
	}
	return err
}

func (l *local) setDown(id int, down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down[id] = down
}

func (l *local) isDown(id int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down[id]
}

// findScript goes up from the test's folder to the module's root.
func findScript() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "integration", "kafka", "kafka-local.sh"), nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return "", errors.New("no go.mod above the working folder, so integration/kafka/kafka-local.sh cannot be found")
	}
}

// hops are the ports that the script gives to brokers whose clients come through proxies, and to the proxies.
func (l *local) hops() []Hop {
	hops := make([]Hop, l.size)
	for i := range hops {
		hops[i] = Hop{Proxy: address(l.port + 31 + i), Broker: address(l.port + 21 + i)}
	}
	return hops
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePorts finds a base port such that all ports the script derives from it are free: brokers from base on,
// controllers from base+11 on, brokers behind proxies from base+21 and these from base+31 on. It stays below the range that outgoing connections use.
func freePorts(size int) (int, error) {
	for range 50 {
		base := 20000 + rand.IntN(12000)
		if allFree(base, size) {
			return base, nil
		}
	}
	return 0, errors.New("no free ports between 20000 and 32000")
}

func allFree(base, size int) bool {
	for i := range size {
		for _, port := range []int{base + i, base + 11 + i, base + 21 + i, base + 31 + i} {
			ln, err := net.Listen("tcp", address(port))
			if err != nil {
				return false
			}
			ln.Close()
		}
	}
	return true
}
