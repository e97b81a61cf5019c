package databases

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

// starter starts a server once for all tests of the process.
type starter struct {
	script string // beside this file
	prefix string // of the script's variables
	server func(l *local, port int) Server
	image  image // instead of all these
	env    []string

	once sync.Once
	made Server
	err  error
}

// local is a server that this process has started.
type local struct {
	script, dir string
	env         []string

	mu   sync.Mutex
	down bool
}

// start makes a server that lives until this process ends, however it ends.
func (s *starter) start() (Server, error) {
	script, err := findScript(s.script)
	if err != nil {
		return Server{}, err
	}
	dir, err := os.MkdirTemp("", "tributary-"+strings.TrimSuffix(s.script, ".sh")+"-")
	if err != nil {
		return Server{}, err
	}
	// PostgreSQL runs as another user when we are root, and must get through.
	if err := os.Chmod(dir, 0o711); err != nil {
		return Server{}, err
	}
	// The port may be taken between the look and the start. Then another one is tried.
	for range 3 {
		port, portErr := freePort()
		if portErr != nil {
			return Server{}, portErr
		}
		l := &local{script: script, dir: filepath.Join(dir, "server")}
		l.env = append(os.Environ(), s.prefix+"_DIR="+l.dir, s.prefix+"_PORT="+strconv.Itoa(port), s.prefix+"_PASSWORD="+password)
		l.env = append(l.env, s.env...)
		if err := l.guard(dir); err != nil {
			return Server{}, err
		}
		if err = l.run("up"); err == nil {
			return s.server(l, port), nil
		}
		if wipeErr := l.run("wipe"); wipeErr != nil {
			return Server{}, errors.Join(err, wipeErr)
		}
	}
	return Server{}, err
}

// guard starts a process that waits for the end of this one and then removes the server. It waits at a pipe whose other
// end only we hold, so a test binary that panics, times out or is killed leaves nothing behind either.
func (l *local) guard(dir string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	const wait = `script=$1 dir=$2
read -r _
"$script" kill9
"$script" wipe
rm -rf "$dir"`
	cmd := exec.Command("bash", "-c", wait, "guard", l.script, dir)
	cmd.Env, cmd.Stdin = l.env, read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the tests, not for the guard
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the guard of %s: %w", dir, err)
	}
	read.Close()
	guards.keep(write)
	return cmd.Process.Release()
}

// guards keeps the pipes open, and out of the garbage collector's reach, as long as the process lives.
var guards pipes

type pipes struct {
	mu  sync.Mutex
	all []*os.File
}

func (p *pipes) keep(f *os.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, f)
}

func (l *local) run(command string) error {
	cmd := exec.Command(l.script, command)
	cmd.Env = l.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that the server is ended by the guard only
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", l.script, command, err, strings.TrimSpace(out.String()))
	}
	return nil
}

func (l *local) kill() error {
	err := l.run("kill9")
	if err == nil {
		l.setDown(true)
	}
	return err
}

func (l *local) restart() error {
	err := l.run("restart")
	if err == nil {
		l.setDown(false)
	}
	return err
}

func (l *local) setDown(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

func (l *local) isDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// findScript goes up from the test's folder to the module's root.
func findScript(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "integration", "databases", name), nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return "", fmt.Errorf("no go.mod above the working folder, so integration/databases/%s cannot be found", name)
	}
}

// freePort stays below the range that outgoing connections use.
func freePort() (int, error) {
	for range 50 {
		port := 20000 + rand.IntN(12000)
		ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, ln.Close()
		}
	}
	return 0, errors.New("no free port between 20000 and 32000")
}
