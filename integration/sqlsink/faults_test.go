package sqlsink_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/sqlsink"
)

func TestEachChangeIsWrittenOnceWhileTheDatabaseRestarts(t *testing.T) {
	for name, store := range map[string]func(testing.TB) sqlsink.Store{"mysql": sqlsink.MySQL, "postgres": sqlsink.PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			hurt(t, brokers.Embedded(t), s, 2, func(*sqlsink.Process) {
				s.Kill(t)
				s.Restart(t)
			})
		})
	}
}

func TestEachChangeIsWrittenOnceWhileBrokersRestart(t *testing.T) {
	c := brokers.Real(t)
	id := c.IDs()[0]
	hurt(t, c, sqlsink.SQLite(t), 2, func(*sqlsink.Process) {
		c.Kill(t, id)
		await(t, time.Minute, func() (bool, string) {
			return free(c.Brokers()[id-1]), "the broker was killed and its port is not free"
		})
		c.Restart(t, id)
	})
}

// free reports whether a port can be listened at: a process that was killed gives it back when its last thread is gone.
func free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
	}
	return err == nil
}

// TestASinkThatStoodStillWhileItWasReplacedWritesNothingMore stops one wherever it is, lets another take its place, and
// lets it go on: it finds out at its next transaction, and ends.
func TestASinkThatStoodStillWhileItWasReplacedWritesNothingMore(t *testing.T) {
	onEach(t, func(t *testing.T, s sqlsink.Store) {
		if s.Kill == nil {
			t.Skip("one that stands still may hold the lock of the file, until it is killed")
		}
		c := brokers.Embedded(t)
		stale := sqlsink.NewProcess(t, sqlsink.Binary(t), c, s)
		first := true
		hurt(t, c, s, 2, func(p *sqlsink.Process) {
			if !first {
				stale.Continue()
				stale.Ends(time.Minute)
				return
			}
			first = false
			p.Kill()
			stale.Start()
			from := position(t, s)
			await(t, time.Minute, func() (bool, string) {
				n := position(t, s)
				return n > from+1000, fmt.Sprintf("the position stays at %d", n)
			})
			stale.Stop()
			p.Start()
		})
		if !strings.Contains(stale.Log(), "another sqlsink has taken over the table") {
			t.Error("the stale sink did not say that it was replaced")
		}
	})
}

func TestNothingShowsThePassword(t *testing.T) {
	s := sqlsink.MySQL(t)
	c := brokers.Embedded(t)
	c.CreateTopic(t, topic, 1, map[string]string{"cleanup.policy": "compact"})
	p := sqlsink.NewProcess(t, sqlsink.Binary(t), c, s, "--log-level", "debug")
	p.Start()
	await(t, time.Minute, func() (bool, string) { return strings.Contains(p.Log(), "claimed a table"), "the sink does not begin" })
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.Pid()))
	if err != nil {
		t.Skip("no list of processes: ", err)
	}
	p.Kill()
	wrong := exec.Command(sqlsink.Binary(t), "--brokers", strings.Join(c.Brokers(), ","), "--database", s.URL)
	wrong.Env = append(os.Environ(), "TRIBUTARY_DATABASE_PASSWORD="+s.Password+"!")
	said, err := wrong.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "the database refuses the user or the password") {
		t.Errorf("with a wrong password: %v, %s", err, said)
	}
	for where, text := range map[string][]byte{"list of processes": line, "log": []byte(p.Log()), "error": said} {
		if bytes.Contains(text, []byte(s.Password)) {
			t.Errorf("the %s shows the password: %s", where, text)
		}
	}
}
