package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

// history is changes of few keys, so that each is changed, deleted and made again.
func (s *scene) history(seed uint64, records, keys int) []brokers.Record {
	r := rand.New(rand.NewPCG(seed, 1))
	all := make([]brokers.Record, records)
	for i := range all {
		n := r.IntN(keys)
		value := ""
		if r.IntN(4) > 0 {
			value = fmt.Sprintf(`{"visitors":%d,"name":"n%d","price":%d.%02d,"remark":"r'%d\\\""}`, i, r.IntN(9), r.IntN(1000), 10+r.IntN(89), r.IntN(99))
		}
		all[i] = s.record(fmt.Sprintf("p%d|%d", n%17, n), value)
	}
	return all
}

func TestTheTableIsWhatTheTopicSaysRowForRow(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 4)
		all := s.history(7, 20_000, 3_000)
		s.cluster.ProduceTo(t, s.topic, all[:15_000]...)
		_, stop := s.start()
		for rest := all[15_000:]; len(rest) > 0; rest = rest[500:] { // some come while it writes
			s.cluster.ProduceTo(t, s.topic, rest[:500]...)
		}
		s.awaitPosition()
		if err := stop(); err != nil {
			t.Error(err)
		}
		s.mustEqualTopic()
		if letters := s.letters(); len(letters) > 0 {
			t.Errorf("%d dead letters, the first: %v", len(letters), letters[0])
		}
	})
}

// flaky breaks connections: at some commits before they are done, at others after, without saying which.
type flaky struct {
	dialect
	every   int64
	commits atomic.Int64
}

type flakyConn struct {
	conn
	of *flaky
}

func (f *flaky) connect(ctx context.Context) (conn, error) {
	c, err := f.dialect.connect(ctx)
	return &flakyConn{c, f}, err
}

func (c *flakyConn) commit(ctx context.Context) error {
	switch n := c.of.commits.Add(1); n % c.of.every {
	case 0:
		c.conn.rollback(ctx)
		return driver.ErrBadConn
	case 1:
		if err := c.conn.commit(ctx); err != nil {
			return err
		}
		return driver.ErrBadConn
	}
	return c.conn.commit(ctx)
}

func TestACommitWithoutAnAnswerIsNeitherLostNorDoneTwice(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 2)
		s.config.Metrics = NewMetrics()
		sink := s.open()
		defer sink.Close()
		f := &flaky{dialect: sink.feeds[0].dialect, every: 3}
		sink.feeds[0].dialect = f
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sink.Run(ctx) }()
		for all := s.history(8, 1_000, 200); len(all) > 0; all = all[200:] {
			s.cluster.ProduceTo(t, s.topic, all[:200]...)
			s.awaitPosition()
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.mustEqualTopic()
		if f.commits.Load() < 5 {
			t.Errorf("only %d commits", f.commits.Load())
		}
	})
}

// lanesOf makes the lane of a sink that has claimed its table, without running it.
func laneOf(t *testing.T, sink *Sink) *lane {
	t.Helper()
	f := sink.feeds[0]
	got, err := f.claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := &lane{feed: f, next: map[int32]int64{}}
	for p, at := range got.positions {
		l.next[int32(p)] = at.next
	}
	t.Cleanup(l.disconnect)
	return l
}

func TestASinkThatWasReplacedCanWriteNothingMore(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 1)
		s.send("a|1", `{"visitors":1}`)
		elder := s.open()
		defer elder.Close()
		sleeper := laneOf(t, elder) // claims the table, and sleeps
		if err := sleeper.connected(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, stop := s.start()
		s.await([]string{"a", "1", null, "1", null, null, null})
		s.send("a|1", `{"visitors":2}`)
		s.await([]string{"a", "1", null, "2", null, null, null})

		stale := newBatch() // what it had read before it fell asleep
		stale.add(message(s.topic, 0, 0, "a|1", `{"visitors":1}`))
		if err := sleeper.write(t.Context(), stale); !errors.Is(err, ErrFenced) {
			t.Errorf("the stale sink's write: %v, want %v", err, ErrFenced)
		}
		s.await([]string{"a", "1", null, "2", null, null, null})
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestASinkThatIsReplacedWhileItRunsEnds(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 2)
		s.send("a|1", `{"visitors":1}`, "b|2", `{"visitors":1}`)
		elder := s.open()
		defer elder.Close()
		done := make(chan error, 1)
		go func() { done <- elder.Run(t.Context()) }()
		s.await([]string{"a", "1", null, "1", null, null, null}, []string{"b", "2", null, "1", null, null, null})
		s.start()
		within(t, 30*time.Second, func() (bool, string) {
			rows := s.query(t, "SELECT MIN(epoch) FROM tributary_positions")
			return rows[0][0] == "2", fmt.Sprint(rows)
		})
		s.send("a|1", "", "b|2", "")
		s.await()
		select {
		case err := <-done:
			if !errors.Is(err, ErrFenced) || !strings.Contains(err.Error(), "visits") {
				t.Errorf("the elder sink ended with %v, want %v", err, ErrFenced)
			}
		case <-time.After(30 * time.Second):
			t.Error("the elder sink goes on")
		}
	})
}

// waiting tells when a claim has asked for the positions.
type waiting struct {
	conn
	asked chan struct{}
}

func (w *waiting) begin(ctx context.Context) error {
	close(w.asked)
	return w.conn.begin(ctx)
}

func TestAClaimWaitsForTheTransactionThatIsOpen(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 1)
		elder := s.open()
		defer elder.Close()
		l := laneOf(t, elder)
		f, ctx := l.feed, t.Context()
		if err := l.connected(ctx); err != nil {
			t.Fatal(err)
		}
		if err := l.conn.begin(ctx); err != nil {
			t.Fatal(err)
		}
		if done, err := advance(ctx, l.conn, "visits", f.epoch, l.next, map[int32]int64{0: 7}, time.Now()); done || err != nil {
			t.Fatal(done, err)
		}
		other, err := f.dialect.connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer other.close()
		type result struct {
			got claimed
			err error
		}
		w, results := &waiting{other, make(chan struct{})}, make(chan result, 1)
		go func() {
			got, err := claim{table: "visits", topic: s.topic, partitions: 1, now: time.Now()}.take(ctx, f.dialect, w)
			results <- result{got, err}
		}()
		<-w.asked
		if err := l.conn.commit(ctx); err != nil {
			t.Fatal(err)
		}
		r := <-results
		if r.err != nil || r.got.positions[0].next != 7 || r.got.epoch != f.epoch+1 {
			t.Errorf("the claim got %+v, %v; want position 7 of the transaction before it", r.got, r.err)
		}
	})
}
