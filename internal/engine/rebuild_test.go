package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

// changelogs writes changelogs of one partition and recovers stores from them.
type changelogs struct {
	t     *testing.T
	c     brokers.Cluster
	admin *client.Admin
}

func newChangelogs(t *testing.T) changelogs {
	c := brokers.Embedded(t)
	admin, err := client.Open(t.Context(), client.Connection{Brokers: c.Brokers()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	return changelogs{t, c, admin}
}

// transaction is some changes, in the end committed or not.
type transaction struct {
	records []brokers.Record
	aborted bool
}

// written writes transactions and a barrier.
func (x changelogs) written(dir string, transactions []transaction) changelog {
	topic := brokers.Unique(x.t, "table")
	x.c.CreateTopic(x.t, topic, 1, nil)
	producer := x.c.Begin(x.t)
	for _, ts := range transactions {
		producer.Produce(x.t, topic, ts.records...)
		if ts.aborted {
			producer.Abort(x.t)
		} else {
			producer.Commit(x.t)
		}
		producer.Next(x.t)
	}
	barrier := x.c.ProduceTo(x.t, topic, brokers.Record{Key: []byte(task.BarrierKey), Value: []byte{}})
	producer.Commit(x.t)
	id, err := x.admin.TopicID(x.t.Context(), topic)
	if err != nil {
		x.t.Fatal(err)
	}
	return changelog{topic: topic, id: id, dir: filepath.Join(dir, topic+".0"), barrier: barrier[0].Offset}
}

// transactions change few keys often: rows, sub-rows and a task's own, some of them deleted.
func transactions() *rapid.Generator[[]transaction] {
	key := rapid.SampledFrom([]string{"a", "ab", "user-1", "user-10", "user-10\x00orders\x00x", "user-10\x00orders\x00x2", "user-2\x00orders\x00", "\x00c", "\x00a", "\x00t\x80\x00\x00\x00\x00\x00\x00\x01n\x00k"})
	record := rapid.Custom(func(t *rapid.T) brokers.Record {
		r := brokers.Record{Key: []byte(key.Draw(t, "key"))}
		if n := rapid.IntRange(-3, 200).Draw(t, "value"); n >= 0 {
			r.Value = bytes.Repeat([]byte{byte(n)}, n)
		}
		return r
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) transaction {
		return transaction{rapid.SliceOfN(record, 1, 30).Draw(t, "records"), rapid.IntRange(0, 3).Draw(t, "end") == 0}
	}), 1, 6)
}

// content is what a store holds, and its description without the time.
func content(t interface{ Fatal(...any) }, s *localStore) map[string]string {
	m := map[string]string{}
	if err := s.Range(nil, nil, false, func(k, v []byte) bool { m[string(k)] = string(v); return true }); err != nil {
		t.Fatal(err)
	}
	var a about
	if err := json.Unmarshal([]byte(m[aboutKey]), &a); err != nil || time.Since(a.Complete) > time.Minute {
		t.Fatal("the store does not say when it was complete:", m[aboutKey], err)
	}
	m[aboutKey] = a.TopicID
	return m
}

// replayed is what a changelog makes of an empty store record by record.
func (x changelogs) replayed(c changelog) map[string]string {
	m := map[string]string{offsetKey: fmt.Sprint(c.barrier), aboutKey: c.id}
	for _, r := range x.c.ReadCommitted(x.t, c.topic) {
		if r.Value == nil || string(r.Key) == task.BarrierKey {
			delete(m, string(r.Key))
		} else {
			m[string(r.Key)] = string(r.Value)
		}
	}
	return m
}

func wantStore(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, s *localStore, err error, want map[string]string) {
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, s); !maps.Equal(got, want) {
		t.Errorf("the store holds %q, want %q", got, want)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}

// The three ways to the same store: rebuilt in one go, rebuilt from parts that were laid aside, and caught up by
// an elder store.
func TestARebuiltStoreIsOneThatWasCaughtUp(t *testing.T) {
	x := newChangelogs(t)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "rebuild")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		c := x.written(dir, transactions().Draw(t, "transactions"))
		want := x.replayed(c)
		for _, memory := range []int{rebuildBytes, 1000} {
			s, err := rebuildStore(x.t.Context(), x.admin, c, memory)
			wantStore(t, s, err, want)
			if err := os.RemoveAll(c.dir); err != nil {
				t.Fatal(err)
			}
		}
		s, err := openDB(c.dir, c.id)
		if err == nil {
			s.completeAt(time.Now())
			err = s.catchUp(x.t.Context(), x.admin, c)
		}
		wantStore(t, s, err, want)
	})
}

// long is a changelog of many transactions, every third of them aborted.
func long() (ts []transaction) {
	for i := range 30 {
		var records []brokers.Record
		for j := range 50 {
			r := brokers.Record{Key: fmt.Appendf(nil, "user-%d", (i*37+j*11)%400), Value: fmt.Appendf(nil, "%d of %d", j, i)}
			if j%9 == 0 {
				r.Value = nil
			}
			records = append(records, r)
		}
		ts = append(ts, transaction{records, i%3 == 1})
	}
	return ts
}

// A process that is killed leaves its folder as it was at some moment: here as it was at every hundredth record,
// before the finished store was put in its place, and in the middle of an empty one.
func TestARebuildThatWasCutShortBeginsAnew(t *testing.T) {
	x := newChangelogs(t)
	parent := t.TempDir()
	state := filepath.Join(parent, "state")
	c := x.written(state, long())
	want := x.replayed(c)

	n := 0
	copied := func() {
		n++
		if err := os.CopyFS(filepath.Join(parent, fmt.Sprint(n)), os.DirFS(state)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	copied()
	watchedRebuild(t, x, c, copied)
	if err := os.Rename(c.dir, c.dir+".incomplete"); err != nil {
		t.Fatal(err)
	}
	copied()
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	copied()
	if n < 10 {
		t.Fatalf("only %d moments", n)
	}
	for i := range n {
		c.dir = filepath.Join(parent, fmt.Sprint(i+1), filepath.Base(c.dir))
		s, why, err := openStore(c.dir, c.id)
		if s != nil || err != nil {
			t.Fatalf("at moment %d there is a store (%s, %v)", i, why, err)
		}
		s, err = rebuildStore(t.Context(), x.admin, c, 3000)
		wantStore(t, s, err, want)
		s, why, err = openStore(c.dir, c.id)
		if why != "" {
			t.Errorf("the store is not believed: %s", why)
		}
		wantStore(t, s, err, want)
	}
}

// watchedRebuild rebuilds and calls look at every hundredth record.
func watchedRebuild(t *testing.T, x changelogs, c changelog, look func()) {
	t.Helper()
	b, err := storeBuilder(c, 3000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = x.admin.ScanThrough(t.Context(), c.topic, c.partition, 0, c.barrier, func(key, value []byte, _ int64) error {
		if n++; n%100 == 0 {
			look()
		}
		return b.Put(key, value)
	})
	if err := errors.Join(err, putAbout(b, c, time.Now()), b.Finish(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestARebuildEndsWithItsSession(t *testing.T) {
	x := newChangelogs(t)
	dir := t.TempDir()
	c := x.written(dir, long())
	c.barrier = 1 << 40 // will never come
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := rebuildStore(ctx, x.admin, c, 3000)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

// What a predecessor has left undecided lies before the barrier, and is waited for.
func TestARebuildWaitsForTransactionsBeforeTheBarrier(t *testing.T) {
	x := newChangelogs(t)
	topic := brokers.Unique(t, "table")
	x.c.CreateTopic(t, topic, 1, nil)
	producer := x.c.Begin(t)
	producer.Produce(t, topic, brokers.Record{Key: []byte("a"), Value: []byte("late")})
	barrier := x.c.ProduceTo(t, topic, brokers.Record{Key: []byte(task.BarrierKey), Value: []byte{}})
	c := changelog{topic: topic, dir: filepath.Join(t.TempDir(), "store"), barrier: barrier[0].Offset}
	done := make(chan error, 1)
	var s *localStore
	go func() {
		var err error
		s, err = rebuildStore(t.Context(), x.admin, c, rebuildBytes)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("it did not wait (%v)", err)
	case <-time.After(100 * time.Millisecond):
	}
	producer.Commit(t)
	wantStore(t, s, <-done, map[string]string{"a": "late", offsetKey: fmt.Sprint(c.barrier), aboutKey: ""})
}

// A store that is at the barrier or beyond holds records which the changelog has lost: the barrier is its newest.
func TestAStoreAheadOfTheBarrierIsRemoved(t *testing.T) {
	for ahead, kept := range map[int64]bool{-1: true, 0: false, 1: false} {
		s, err := openDB(filepath.Join(t.TempDir(), "store"), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.write(nil, 100+ahead); err != nil {
			t.Fatal(err)
		}
		at, why, err := s.unlessAhead(100)
		if err != nil || (at != nil) != kept || (why == "") != kept {
			t.Errorf("ahead by %d: kept %v, %q, %v", ahead, at != nil, why, err)
		}
		if _, err := os.Stat(s.dir); (err == nil) != kept {
			t.Errorf("ahead by %d: the folder: %v", ahead, err)
		}
		if kept {
			if err := s.close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAStoreWithoutAnOffsetIsRemoved(t *testing.T) {
	s, err := openDB(filepath.Join(t.TempDir(), "store"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.write([]task.Write{{Key: "row", Value: []byte("x")}}, -1); err != nil {
		t.Fatal(err)
	}
	if at, why, err := s.unlessAhead(100); at != nil || why == "" || err != nil {
		t.Errorf("kept %v, %q, %v", at != nil, why, err)
	}
}
