package sqlsink

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
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

// TestASinkThatStandsStillInATransactionDoesNotHoldUpTheNext takes as long as servers listen to a connection that says
// nothing.
func TestASinkThatStandsStillInATransactionDoesNotHoldUpTheNext(t *testing.T) {
	servers(t, func(t *testing.T, st store, _ databases.Server) {
		t.Parallel() // they wait
		s := newScene(t, st, 1)
		s.send("a|1", `{"visitors":1}`)
		elder := s.open()
		defer elder.Close()
		l := laneOf(t, elder)
		if err := l.connected(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.conn.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := advance(t.Context(), l.conn, "visits", l.feed.epoch, l.next, map[int32]int64{0: 1}, time.Now()); err != nil {
			t.Fatal(err)
		}
		s.start() // while the elder one stands still
		within(t, 2*silence, func() (bool, string) {
			rows := s.query(t, allVisits)
			return len(rows) == 1, shorten(rows)
		})
		if err := l.conn.commit(t.Context()); err == nil {
			t.Error("the transaction of the one that stood still was committed")
		}
	})
}

// cutting kills each connection while it commits: before, in the middle or just behind it.
type cutting struct {
	dialect
	statement string // that kills one
	commits   atomic.Int64
}

// kill goes over a connection of its own. One that has ended before is no error.
func (k *cutting) kill(id string) {
	c, err := k.dialect.connect(context.Background())
	if err != nil {
		return
	}
	defer c.close()
	_, _ = c.query(context.Background(), fmt.Sprintf(k.statement, id))
}

type cutConn struct {
	conn
	of *cutting
	id string
}

func (k *cutting) connect(ctx context.Context) (conn, error) {
	c, err := k.dialect.connect(ctx)
	if err != nil {
		return nil, err
	}
	ask := "SELECT CONNECTION_ID()"
	if _, postgres := k.dialect.(*postgresDialect); postgres {
		ask = "SELECT pg_backend_pid()"
	}
	rows, err := c.query(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &cutConn{c, k, rows[0][0].V}, nil
}

func (c *cutConn) commit(ctx context.Context) error {
	if c.of.commits.Add(1)%2 == 0 {
		return c.conn.commit(ctx)
	}
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		c.of.kill(c.id)
	}()
	err := c.conn.commit(ctx)
	<-killed
	return err
}

func TestConnectionsThatAreKilledWhileTheyCommitLoseAndDoubleNothing(t *testing.T) {
	servers(t, func(t *testing.T, st store, _ databases.Server) {
		s := newScene(t, st, 2)
		s.config.Metrics = NewMetrics()
		sink := s.open()
		defer sink.Close()
		statement := "KILL CONNECTION %s"
		if st.settings.Kind == "postgres" {
			statement = "SELECT pg_terminate_backend(%s)"
		}
		cut := &cutting{dialect: sink.feeds[0].dialect, statement: statement}
		sink.feeds[0].dialect = cut
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sink.Run(ctx) }()
		for all := s.history(13, 2_000, 400); len(all) > 0; all = all[200:] {
			s.cluster.ProduceTo(t, s.topic, all[:200]...)
			s.awaitPosition()
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.mustEqualTopic()
		if n := cut.commits.Load(); n < 5 {
			t.Errorf("only %d commits", n)
		}
	})
}
