package sqlsink

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/databases"
)

// TestConnectionsThatAreKilledAreReplaced kills them where they are: in the middle of statements and commits.
func TestConnectionsThatAreKilledAreReplaced(t *testing.T) {
	servers(t, func(t *testing.T, st store, _ databases.Server) {
		s := newScene(t, st, 4)
		all := s.history(11, 20_000, 2_000)
		_, stop := s.start()
		kills := 0
		for ; len(all) > 0; all = all[2_000:] {
			s.cluster.ProduceTo(t, s.topic, all[:2_000]...)
			kills += s.killConnections()
		}
		s.awaitPosition()
		if err := stop(); err != nil {
			t.Error(err)
		}
		s.mustEqualTopic()
		t.Logf("%d connections killed", kills)
		if kills == 0 {
			t.Error("no connection was killed")
		}
	})
}

// killConnections kills those that the sink has at this moment, over a connection of its own.
func (s *scene) killConnections() (killed int) {
	s.Helper()
	d, err := s.settings.open(s.config.Log)
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	c, err := d.connect(ctx)
	if err != nil {
		s.Fatal(err)
	}
	defer c.close()
	if s.settings.Kind == "postgres" {
		rows, err := c.query(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		if err != nil {
			s.Fatal(err)
		}
		return len(rows)
	}
	rows, err := c.query(ctx, "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()")
	if err != nil {
		s.Fatal(err)
	}
	for _, r := range rows {
		if _, err := c.exec(ctx, "KILL "+r[0].V); err == nil {
			killed++
		} else if !strings.Contains(err.Error(), "Unknown thread") {
			s.Error(err)
		}
	}
	return killed
}

func TestAServerThatIsKilledIsWaitedFor(t *testing.T) {
	servers(t, func(t *testing.T, st store, server databases.Server) {
		s := newScene(t, st, 2)
		all := s.history(12, 9_000, 1_000)
		_, stop := s.start()
		s.cluster.ProduceTo(t, s.topic, all[:3_000]...)
		server.Kill(t)
		s.cluster.ProduceTo(t, s.topic, all[3_000:6_000]...)
		server.Restart(t)
		s.cluster.ProduceTo(t, s.topic, all[6_000:]...)
		s.awaitPosition()
		if err := stop(); err != nil {
			t.Error(err)
		}
		s.mustEqualTopic()
	})
}
