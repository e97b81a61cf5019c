package task

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// model is what a store must be equal to: plain maps, copied where the store shares.
type model struct {
	t    *rapid.T
	task *Task
	db   *memory

	now   map[string]string   // what reads see
	saved map[string]string   // at the last savepoint
	cuts  []map[string]string // open: saved when they were made
	log   map[string]string   // the changelog, replayed

	open    *Cut
	flushed []Write // flush under way, its values as they were
	writes  []Write
	entries []*entry
	offset  int64
	logged  int64
	atLog   map[int64]map[string]string // changelog as of each offset
}

var (
	modelRows = rapid.SampledFrom([]string{"a", "b", "c"})
	modelSubs = rapid.SampledFrom([]string{"", "1", "2", "3", "\x00", "\xff"})
)

func (m *model) write(key string, set func(value []byte)) {
	value := []byte(rapid.SampledFrom([]string{"", "x", "y", "z"}).Draw(m.t, "value"))
	if rapid.IntRange(0, 2).Draw(m.t, "delete") == 0 {
		set(nil)
		delete(m.now, key)
		return
	}
	set(value)
	m.now[key] = string(value)
}

func (m *model) setRow(t *rapid.T) {
	key := modelRows.Draw(t, "row")
	c := m.at(key)
	m.write(key, func(value []byte) {
		if value != nil {
			_ = c.SetRow(string(value), 0, false)
			return
		}
		if err := c.DeleteRow(); err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(m.now, func(k, _ string) bool { return strings.HasPrefix(k, key+"\x00") })
	})
}

// at is what a handler has of a key.
func (m *model) at(key string) *Context {
	return &Context{Task: m.task, Key: strings.Clone(key), Event: NoTime, Ingest: NoTime}
}

// setSub makes the row first if need be, or afterwards: a sub-row does not outlive a handler without it.
func (m *model) setSub(t *rapid.T) {
	key, sub := modelRows.Draw(t, "row"), modelSubs.Draw(t, "sub")
	c := m.at(key)
	row := func() {
		if _, has := m.now[key]; !has {
			m.now[key] = "made"
			_ = c.SetRow("made", 0, false)
		}
	}
	first := rapid.Bool().Draw(t, "the row first")
	if first {
		row()
	}
	m.write(subKey(key, "sub")+sub, func(value []byte) {
		if err := c.SetSub("sub", sub, value); err != nil {
			t.Fatal(err)
		}
	})
	if !first {
		row()
	}
}

// setTimer sets or deletes a timer.
func (m *model) setTimer(t *rapid.T) {
	at, key := rapid.Int64Range(10, 30).Draw(t, "at"), modelRows.Draw(t, "key")
	k := timerName(at, "t", key)
	var err error
	if rapid.Bool().Draw(t, "delete the timer") {
		err = m.task.deleteTimer(at, "t", key)
		delete(m.now, k)
	} else {
		err = m.task.setTimer(at, "t", key)
		m.now[k] = string(timerValue)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// due compares the timers that are due with the model. The next may be said to be earlier than it is.
func (m *model) due(t *rapid.T) {
	m.task.clock.now = rapid.Int64Range(9, 31).Draw(t, "now")
	n := rapid.IntRange(0, 5).Draw(t, "most")
	m.task.nextTimer = NoTime
	entries, err := m.task.dueTimers(n)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.key)
	}
	var want []string
	first := EndOfTime
	for _, k := range slices.Sorted(maps.Keys(m.now)) {
		at, _, _, err := parseTimer(k)
		switch {
		case IsRow(k) || k[0] != 0 || err != nil:
		case at <= m.task.clock.now && len(want) < n:
			want = append(want, k)
		default:
			first = min(first, at)
		}
	}
	if !slices.Equal(got, want) || m.task.nextTimer > first {
		t.Fatalf("at %d timers %q are due, then %d, want %q, then %d", m.task.clock.now, got, m.task.nextTimer, want, first)
	}
	m.task.nextTimer = NoTime
	m.task.clock.now, m.task.clock.dirty = NoTime, false
}

func (m *model) keep(*rapid.T) {
	m.task.keep()
	m.saved = maps.Clone(m.now)
}

func (m *model) rollback(*rapid.T) {
	m.task.rollback()
	m.now = maps.Clone(m.saved)
}

func (m *model) cut(t *rapid.T) {
	m.keep(t)
	if m.open != nil {
		return
	}
	c, err := m.task.Cut(0)
	if err != nil {
		t.Fatal(err)
	}
	m.open = c
	if c != nil {
		m.cuts = append(m.cuts, m.saved)
	}
}

// commit checks that the log then holds what the task held when the cut was made.
func (m *model) commit(t *rapid.T) {
	if m.open == nil {
		return
	}
	for _, o := range m.open.Table {
		m.logged++
		if o.Value == nil {
			delete(m.log, string(o.Key))
		} else {
			m.log[string(o.Key)] = string(o.Value)
		}
	}
	sameContent(t, "the changelog after a commit", decoded(t, m.log), m.cuts[0])
	m.atLog[m.logged] = maps.Clone(m.log)
	m.task.Committed(m.open, m.logged)
	m.open, m.cuts = nil, m.cuts[1:]
}

func (m *model) beginFlush(t *rapid.T) {
	if m.flushed != nil {
		return
	}
	m.writes, m.entries, m.offset = m.task.store.startFlush()
	for _, w := range m.writes {
		m.flushed = append(m.flushed, Write{w.Key, slices.Clone(w.Value)})
	}
	if !slices.IsSortedFunc(m.writes, func(a, b Write) int { return strings.Compare(a.Key, b.Key) }) {
		t.Fatalf("flushed in the order %q", m.writes)
	}
}

// endFlush checks that the DB then is the changelog as of the offset it is told.
func (m *model) endFlush(t *rapid.T) {
	if len(m.writes) == 0 {
		m.flushed = nil
		return
	}
	for i, w := range m.writes {
		if (w.Value == nil) != (m.flushed[i].Value == nil) || string(w.Value) != string(m.flushed[i].Value) {
			t.Fatalf("%q was to be flushed as %q, and changed to %q meanwhile", w.Key, m.flushed[i].Value, w.Value)
		}
	}
	_ = m.db.write(m.writes, m.offset)
	m.task.store.endFlush(m.entries)
	m.task.store.forget(m.entries)
	m.flushed, m.writes = nil, nil
	sameContent(t, "the local store after a flush", m.db.rows, m.atLog[m.offset])
}

// few timers are read at once.
func (m *model) few() {
	m.task.store.portion, m.task.store.lack = 2, timerKey
	m.task.store.size -= m.task.store.own.size()
	m.task.store.own = &family{}
	m.task.nextTimer = NoTime
}

func (m *model) evict(*rapid.T) { m.task.store.evict() }

func (m *model) restart(t *rapid.T) {
	m.keep(t)
	m.endFlush(t)
	for range 2 {
		m.cut(t)
		m.commit(t)
	}
	m.beginFlush(t)
	m.endFlush(t)
	var err error
	if m.task, err = New(m.task.Group, 0, m.task.env, m.db, ""); err != nil {
		t.Fatal(err)
	}
	m.few()
}

// check compares every key, and scans, with the model.
func (m *model) check(t *rapid.T) {
	key := modelRows.Draw(t, "row")
	e, err := m.task.store.row(key)
	if err != nil {
		t.Fatal(err)
	}
	want, has := m.now[key]
	if (e.row != nil) != has || has && e.row.(string) != want {
		t.Fatalf("row %q is %v, want %q %v", key, e.row, want, has)
	}
	sub := modelSubs.Draw(t, "sub")
	val, err := m.at(key).Sub("sub", sub)
	if err != nil {
		t.Fatal(err)
	}
	want, has = m.now[subKey(key, "sub")+sub]
	if (val != nil) != has || string(val) != want {
		t.Fatalf("sub-row %q of %q is %q, want %q %v", sub, key, val, want, has)
	}
	m.scan(t, key)
}

func (m *model) scan(t *rapid.T, key string) {
	lo, hi := subKey(key, "sub"), key+"\x00sub\x01"
	if rapid.Bool().Draw(t, "part of it") {
		lo += modelSubs.Draw(t, "from")
	}
	reverse, limit := rapid.Bool().Draw(t, "reverse"), rapid.IntRange(1, 7).Draw(t, "limit")
	var want []string
	for _, k := range slices.Sorted(maps.Keys(m.now)) {
		if k >= lo && k < hi {
			want = append(want, k+"="+m.now[k])
		}
	}
	if reverse {
		slices.Reverse(want)
	}
	want = want[:min(len(want), limit)]
	var got []string
	row, err := m.task.store.row(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.task.store.scan(row, lo, hi, reverse, func(k string, v []byte) bool {
		got = append(got, k+"="+string(v))
		return len(got) < limit
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("scan from %q, reverse %v, limit %d: %q, want %q", lo, reverse, limit, got, want)
	}
}

// decoded is stored content without what every store has, rows without their times.
func decoded(t *rapid.T, stored map[string]string) map[string]string {
	m := map[string]string{}
	for k, v := range stored {
		if IsHousekeeping(k) {
			continue
		}
		if IsRow(k) {
			_, b, err := parseRow([]byte(v))
			if err != nil {
				t.Fatal(err)
			}
			v = string(b)
		}
		m[k] = v
	}
	return m
}

func sameContent(t *rapid.T, what string, got, want map[string]string) {
	if !maps.Equal(got, want) {
		t.Fatalf("%s: %q, want %q", what, got, want)
	}
}

func TestAStoreEqualsAMapWhateverIsDirtyPendingOrBeingFlushed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(t, newGroup(nil), func(e *Env) { e.CacheRows = rapid.IntRange(1, 6).Draw(t, "cache") })
		m := &model{
			t: t, task: b.Task, db: b.db, now: map[string]string{}, saved: map[string]string{}, log: map[string]string{},
			atLog: map[int64]map[string]string{}, logged: -1,
		}
		t.Repeat(map[string]func(*rapid.T){
			"set a row": m.setRow, "set a sub-row": m.setSub, "set another sub-row": m.setSub, "set a timer": m.setTimer, "timers": m.due,
			"keep": m.keep, "roll back": m.rollback, "cut": m.cut, "commit": m.commit,
			"begin a flush": m.beginFlush, "end a flush": m.endFlush, "evict": m.evict, "restart": m.restart,
			"": m.check,
		})
	})
}

func TestAnEmptySubRowIsNotAMissingOne(t *testing.T) {
	b := newBench(t, newGroup(func(c *Context) error { return c.SetSub("sub", "x", []byte{}) }))
	b.send("k", "v")
	b.commit()
	wantTexts(t, "keys", b.stored(), "k\x00sub\x00x")
}

func TestDeletingARowDeletesItsSubRowsAndNoOthers(t *testing.T) {
	b := newBench(t, newGroup(func(c *Context) error {
		if string(c.Record().Value) == "delete" {
			return c.DeleteRow()
		}
		if err := c.SetSub("sub", string(c.Record().Value), []byte("x")); err != nil {
			return err
		}
		return c.SetRow("row", 1, false)
	}))
	for _, key := range []string{"k", "k!", "j"} {
		b.send(key, "1")
		b.send(key, "2")
	}
	b.commit()
	b.send("k", "3")
	b.send("k", "delete")
	b.commit()
	wantTexts(t, "keys", b.stored(), "j", "j\x00sub\x001", "j\x00sub\x002", "k!", "k!\x00sub\x001", "k!\x00sub\x002")
}

func TestMemoryIsBoundedByTheCacheAndAHotRowIsDecodedOnce(t *testing.T) {
	b := newBench(t, newGroup(func(c *Context) error {
		if _, err := c.Row(); err != nil {
			return err
		}
		return c.SetRow("row", 1, false)
	}), func(e *Env) { e.CacheRows = 100 })
	for i := range 1000 {
		b.send(fmt.Sprint("k", i), "v")
		b.send("hot", "v")
		b.commit()
	}
	if n := len(b.store.rows); n > 100 {
		t.Errorf("%d entries are in memory", n)
	}
	if n := b.store.size; n > 100 || n != len(b.store.rows)+b.store.own.size() {
		t.Errorf("%d entries are in memory, %d of them rows", n, len(b.store.rows))
	}
	const housekeeping = 2
	if gets := b.store.gets; gets > 1000+100+housekeeping*100 {
		t.Errorf("the local store was read %d times", gets)
	}
}

// Process and Cut run under one lock, Committed and Flush beside them: -race looks on.
func TestCommitsAndFlushesRunBesideProcessing(t *testing.T) {
	g := newGroup(func(c *Context) error {
		row, err := c.Row()
		if err != nil {
			return err
		}
		n := 0
		if row != nil {
			_, err = fmt.Sscan(row.(string), &n)
		}
		if err == nil {
			err = c.ScanSubs("sub", n%2 == 0, func(string, []byte) bool { return true })
		}
		if err == nil {
			err = c.SetSub("sub", fmt.Sprint(n%7), []byte(fmt.Sprint(n)))
		}
		if err == nil && n%7 == 3 {
			err = c.SetSub("sub", fmt.Sprint((n+1)%7), nil)
		}
		if err != nil {
			return err
		}
		return c.SetRow(fmt.Sprint(n+1), 1, false)
	})
	const keys, rounds = 20, 300
	b := newBench(t, g, func(e *Env) { e.CacheRows = 5 })
	var lock sync.Mutex
	cuts := make(chan *Cut)
	var both sync.WaitGroup
	flush := make(chan struct{}, 1)
	both.Go(func() {
		last := int64(-1)
		for c := range cuts {
			last += int64(len(c.Table))
			b.Committed(c, last)
			select {
			case flush <- struct{}{}:
			default:
			}
		}
		close(flush)
	})
	var failed error
	both.Go(func() {
		for range flush {
			if err := b.Flush(&lock, b.db.write); err != nil {
				failed = err
			}
		}
	})
	for range rounds {
		lock.Lock()
		for k := range keys {
			b.send(fmt.Sprint("k", k), "v")
		}
		c, err := b.Cut(b.now)
		lock.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if c != nil {
			cuts <- c
		}
	}
	close(cuts)
	both.Wait()
	b.commit()
	if err := b.Flush(&lock, b.db.write); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	for k := range keys {
		_, row, err := parseRow([]byte(b.db.rows[fmt.Sprint("k", k)]))
		if err != nil || string(row) != fmt.Sprint(rounds) {
			t.Errorf("row %d is %q, want %d, %v", k, row, rounds, err)
		}
	}
}

func TestWhatIsBeingFlushedDoesNotChangeWhenItsRowIsCommittedAgain(t *testing.T) {
	b := newBench(t, newGroup(func(c *Context) error { return c.SetRow(string(c.Record().Value), 1, false) }))
	commit := func(value string) {
		b.send("k", value)
		c, err := b.Cut(b.now)
		if err != nil {
			t.Fatal(err)
		}
		b.Committed(c, 0)
	}
	commit("one")
	ws, entries, _ := b.store.startFlush()
	commit("two")
	for _, w := range ws {
		if w.Key == "k" && !strings.HasSuffix(string(w.Value), "one") {
			t.Errorf("%q is flushed", w.Value)
		}
	}
	b.store.endFlush(entries)
	ws, _, _ = b.store.startFlush()
	if len(ws) != 2 || ws[0].Key != appliedKey || !strings.HasSuffix(string(ws[1].Value), "two") {
		t.Errorf("then %q", ws)
	}
}

func TestARowHasTheNewestTimesOfWhatMadeItOrThoseOfItsVersion(t *testing.T) {
	for _, version := range []bool{false, true} {
		b := newBench(t, newGroup(func(c *Context) error {
			if string(c.Record().Value) == "touch" {
				return c.Touch(1, version)
			}
			return c.SetRow("row", 1, version)
		}))
		for _, change := range []string{"set", "touch"} {
			b.process(b.record(0, 3000, NoTime, change, "set"), b.record(0, 2000, NoTime, change, change))
			b.commit()
			at, ingest, _, err := ParseRow([]byte(b.db.rows[change]))
			if want := map[bool]int64{false: 3000, true: 2000}[version]; at != want || ingest != 3000 || err != nil {
				t.Errorf("version %v, %s: times %d and %d, want %d and 3000, %v", version, change, at, ingest, want, err)
			}
		}
	}
}
