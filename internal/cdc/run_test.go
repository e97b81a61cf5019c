package cdc

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// scripted is a source that delivers a log which is there from the start, and a table.
type scripted struct {
	*database
	idle bool // says what time it is when the log is at its end
}

func (s *scripted) Now(context.Context) (At, error)        { return Offset(logFile, uint32(s.visible)), nil }
func (s *scripted) Settled(context.Context, At) error      { return nil }
func (s *scripted) Last(context.Context) ([]string, error) { return []string{"7"}, nil }
func (s *scripted) Chunk(_ context.Context, after, until []string, limit int) (Chunk, error) {
	return s.read(Snapshot{After: after, Until: until}, limit), nil
}

func (s *scripted) Follow(ctx context.Context, from At, deliver func(Unit) error) error {
	_, offset := from.File()
	for _, u := range s.log[offset:] {
		if err := deliver(u); err != nil {
			return err
		}
	}
	for ; s.idle; time.Sleep(time.Second) {
		if err := deliver(Unit{Time: time.Now()}); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// kept is a sink that remembers what was committed, and takes its time.
type kept struct {
	commits [][]Row
	at      Position
	took    time.Duration
	fail    error
	stop    func(Position) bool
	end     context.CancelFunc
}

func (k *kept) Commit(_ context.Context, rows []Row, p Position) error {
	time.Sleep(k.took)
	k.commits, k.at = append(k.commits, rows), p
	if k.stop != nil && k.stop(p) {
		k.end()
	}
	return k.fail
}

// copyUntil runs a copy until a committed position fits.
func copyUntil(t *testing.T, s Source, k *kept, p Position, o Options, stop func(Position) bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k.stop, k.end = stop, cancel
	if err := Run(ctx, s, k, p, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestATransactionOfTheSourceIsNeverDivided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(map[int]string{})
		owner := map[string]int{}
		for n := range 500 {
			changes := map[int]string{}
			for i := range 1 + n%7 {
				v := fmt.Sprintf("transaction %d row %d", n, i)
				changes[i] = v
				owner[v] = n
			}
			d.write(changes)
		}
		k := &kept{took: time.Millisecond}
		copyUntil(t, &scripted{database: d}, k, Position{At: Offset(logFile, 0), Snapshot: Snapshot{Done: true}}, Options{BatchBytes: 700}, func(p Position) bool {
			return p.At == Offset(logFile, 500)
		})
		commitOf, rows := map[int]int{}, 0
		for c, batch := range k.commits {
			for _, row := range batch {
				rows++
				n := owner[string(row.Value)]
				if before, seen := commitOf[n]; seen && before != c {
					t.Fatalf("transaction %d is in the commits %d and %d", n, before, c)
				}
				commitOf[n] = c
			}
		}
		if rows != len(owner) || len(commitOf) != 500 || len(k.commits) < 20 {
			t.Errorf("%d rows of %d, %d transactions, in %d commits", rows, len(owner), len(commitOf), len(k.commits))
		}
	})
}

func TestTheSnapshotEndsAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(map[int]string{1: "a", 2: "b", 5: "c", 6: "d", 7: "e"})
		s := &scripted{database: d}
		p, err := Begin(t.Context(), s, Layout{Primary: []string{"id"}}, "server", 4)
		if err != nil || p.Snapshot.Done || p.Snapshot.By[0] != "id" || p.Server != "server" || p.Partitions != 4 {
			t.Fatalf("%+v, %v", p, err)
		}
		k := &kept{}
		copyUntil(t, s, k, p, Options{ChunkRows: 2}, func(p Position) bool { return p.Snapshot.Done })
		if k.at.Snapshot.Rows != 5 || k.at.Snapshot.After != nil {
			t.Errorf("snapshot %+v", k.at.Snapshot)
		}
	})
}

// delayed is a source whose selects see a transaction only after Settled was asked for it.
type delayed struct{ *scripted }

func (d *delayed) Settled(_ context.Context, at At) error {
	_, offset := at.File()
	d.visible = max(d.visible, int(offset))
	return nil
}

func TestAChunkIsNotReadBeforeWhatWasDeliveredCanBeSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(map[int]string{1: "old", 2: "old", 3: "old"})
		for id := 1; id <= 3; id++ {
			d.write(map[int]string{id: "new"})
		}
		d.visible = 0
		// All of the log is delivered before the first commit is done and the next chunk begins.
		k := &kept{took: time.Second}
		p := Position{At: Offset(logFile, 0), Snapshot: Snapshot{Until: []string{"7"}}}
		copyUntil(t, &delayed{&scripted{database: d}}, k, p, Options{ChunkRows: 1, BatchBytes: 1}, func(p Position) bool { return p.Snapshot.Done })
		last := map[string]string{}
		for _, batch := range k.commits {
			for _, row := range batch {
				last[string(row.Key)] = string(row.Value)
			}
		}
		for id, v := range last {
			if v != "new" {
				t.Errorf("row %s is %s", id, v)
			}
		}
		if len(last) != 3 {
			t.Errorf("%d rows", len(last))
		}
	})
}

func TestPositionsAreWrittenWhenNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		k := &kept{}
		p := Position{At: Offset(logFile, 0), Snapshot: Snapshot{Done: true}, Time: began}
		copyUntil(t, &scripted{database: newDatabase(nil), idle: true}, k, p, Options{Heartbeat: 10 * time.Second}, func(p Position) bool {
			return time.Since(began) >= 35*time.Second
		})
		if len(k.commits) != 4 || k.at.Time.Sub(began) < 30*time.Second {
			t.Errorf("%d commits, the last says %s", len(k.commits), k.at.Time.Sub(began))
		}
	})
}

func TestAFailedCommitEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(nil)
		d.states[0] = map[int]string{}
		d.write(map[int]string{1: "a"})
		broken := errors.New("broken")
		err := Run(t.Context(), &scripted{database: d}, &kept{fail: broken}, Position{At: Offset(logFile, 0), Snapshot: Snapshot{Done: true}}, Options{})
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheBacklogHoldsOneUnitHoweverLargeAndThenWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog(100)
		large := Unit{Rows: []Row{{Value: make([]byte, 1000)}}}
		if err := b.put(t.Context(), large); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- b.put(t.Context(), large) }()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("a full backlog takes more")
		default:
		}
		if units := b.take(); len(units) != 1 {
			t.Fatalf("%d units", len(units))
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.put(ctx, large); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestReadinessWaitsForTheSnapshotAndForTheLog(t *testing.T) {
	m := NewMetrics("x")
	if m.Ready() == nil {
		t.Error("ready before it has begun")
	}
	for _, c := range []struct {
		p     Position
		ready bool
	}{
		{Position{Time: time.Now()}, false},
		{Position{Time: time.Now(), Snapshot: Snapshot{Done: true}}, true},
		{Position{Time: time.Now().Add(-2 * time.Minute), Snapshot: Snapshot{Done: true}}, false},
	} {
		m.Resumed(c.p)
		if err := m.Ready(); (err == nil) != c.ready {
			t.Errorf("%+v: %v", c.p, err)
		}
	}
}
