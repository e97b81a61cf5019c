package task

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// memory is a DB as simple as it can be: a map, sorted for the first scan after a change.
type memory struct {
	mu   sync.Mutex
	rows map[string]string
	keys []string // sorted; nil: not since the last change
}

func newMemory() *memory { return &memory{rows: map[string]string{}} }

func (m *memory) Get(key []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.rows[string(key)]; ok {
		return []byte(v), nil
	}
	return nil, nil
}

func (m *memory) Range(lo, hi []byte, reverse bool, f func(key, value []byte) bool) error {
	keys := m.sorted()
	from, _ := slices.BinarySearch(keys, string(lo))
	to := len(keys)
	if hi != nil {
		to, _ = slices.BinarySearch(keys, string(hi))
	}
	keys = keys[from:max(from, to)]
	for i := range keys {
		k := keys[i]
		if reverse {
			k = keys[len(keys)-1-i]
		}
		m.mu.Lock()
		v, ok := m.rows[k]
		m.mu.Unlock()
		if ok && !f([]byte(k), []byte(v)) {
			break
		}
	}
	return nil
}

func (m *memory) sorted() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil {
		m.keys = slices.Sorted(maps.Keys(m.rows))
	}
	return m.keys
}

func (m *memory) write(ws []Write, _ int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = nil
	for _, w := range ws {
		if w.Value == nil {
			delete(m.rows, w.Key)
		} else {
			m.rows[w.Key] = string(w.Value)
		}
	}
	return nil
}

// textRows are rows of type string.
type textRows struct{}

func (textRows) Append(dst []byte, row any) ([]byte, error) { return append(dst, row.(string)...), nil }
func (textRows) Decode(b []byte) (any, error)               { return string(b), nil }
func (textRows) Bound(row any) (int, bool)                  { return len(row.(string)), true }
func (textRows) JSON(row any) ([]byte, error)               { return []byte(strconv.Quote(row.(string))), nil }

// A group that reads topic "in" and writes topics "out" (a result) and "next" (internal).
var (
	in   = &Topic{Name: "in", Kind: Repartition, Writers: []string{"up"}}
	out  = &Topic{Name: "out", Kind: Result}
	next = &Topic{Name: "next", Kind: Repartition}
	dead = &Topic{Name: "dead", Kind: DeadLetters}
)

func newGroup(h Handler) *Group {
	return &Group{
		Name: "g", Dead: dead, Outputs: []*Topic{out, next}, Timers: map[string]Handler{},
		Inputs: []*Input{{Topic: in, Handle: h, Events: true}},
		Table:  &Table{Name: "g", Rows: textRows{}, Measure: []string{"sub"}},
	}
}

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
}

// bench runs one task and keeps what it wrote.
type bench struct {
	*Task
	tb    tester
	db    *memory
	out   map[string][]Out // topic
	log   []Out            // changelog
	now   int64
	taken int64
}

func newBench(tb tester, g *Group, change ...func(*Env)) *bench {
	b := &bench{tb: tb, db: newMemory(), out: map[string][]Out{}, now: 1_000_000_000_000}
	b.start(g, change...)
	return b
}

func (b *bench) start(g *Group, change ...func(*Env)) {
	b.tb.Helper()
	env := Env{
		Partitions: func(string) int32 { return 2 }, InputOf: 2, Now: func() int64 { return b.now }, CacheRows: 1,
		Counters: &Counters{}, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&env)
	}
	var err error
	if b.Task, err = New(g, 0, env, b.db, ""); err != nil {
		b.tb.Fatal(err)
	}
}

// record is one that sender `from` of 2 wrote, with its watermark.
func (b *bench) record(from int32, event, watermark int64, key, value string) Record {
	st := stamp{event: event, ingest: event, group: SenderID("up"), partition: from, of: 2, watermark: watermark}
	b.taken++
	return Record{
		Topic: "in", Offset: b.taken - 1, Timestamp: event, Key: []byte(key), Value: []byte(value),
		Headers: []Header{{headerName, st.append(nil)}},
	}
}

// send takes in an event at time 0 that says nothing of time.
func (b *bench) send(key, value string) {
	b.tb.Helper()
	b.process(b.record(0, 0, NoTime, key, value))
}

// advance brings the watermark of all senders to at.
func (b *bench) advance(at int64) {
	b.tb.Helper()
	for from := range int32(2) {
		b.process(b.record(from, at, at, WatermarkKey, ""))
	}
}

// process takes in records, with the commits that they wait for.
func (b *bench) process(rs ...Record) {
	b.tb.Helper()
	for len(rs) > 0 {
		n, err := b.Process(rs)
		if err != nil {
			b.tb.Fatal(err)
		}
		if rs = rs[n:]; len(rs) > 0 {
			b.commit()
		}
	}
}

// commit takes what the task has to say and flushes it. It returns the cut's outputs per topic.
func (b *bench) commit() map[string][]Out {
	b.tb.Helper()
	c, err := b.Cut(b.now)
	if err != nil {
		b.tb.Fatal(err)
	}
	outs := map[string][]Out{}
	if c == nil {
		return outs
	}
	for _, o := range c.Outputs {
		for _, part := range o.Parts {
			outs[o.Topic.Name] = append(outs[o.Topic.Name], copied(part)...)
		}
		b.out[o.Topic.Name] = append(b.out[o.Topic.Name], outs[o.Topic.Name]...)
	}
	b.log = append(b.log, copied(c.Table)...)
	b.Committed(c, int64(len(b.log))-1)
	if err := b.Flush(&sync.Mutex{}, b.db.write); err != nil {
		b.tb.Fatal(err)
	}
	if err := b.Fire(); err != nil {
		b.tb.Fatal(err)
	}
	return outs
}

func copied(outs []Out) []Out {
	var cs []Out
	for _, o := range outs {
		c := Out{Key: slices.Clone(o.Key), Value: slices.Clone(o.Value), Time: o.Time}
		for _, h := range o.Headers {
			c.Headers = append(c.Headers, Header{slices.Clone(h.Key), slices.Clone(h.Value)})
		}
		cs = append(cs, c)
	}
	return cs
}

// texts are the keys and values of records.
func texts(outs []Out) []string {
	var ss []string
	for _, o := range outs {
		ss = append(ss, fmt.Sprintf("%s=%s", o.Key, o.Value))
	}
	return ss
}

// stored are the keys of the local store, but for what every store has.
func (b *bench) stored() []string {
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(b.db.rows)) {
		if !IsHousekeeping(k) {
			keys = append(keys, k)
		}
	}
	return keys
}

func wantTexts(tb testing.TB, what string, got []string, want ...string) {
	tb.Helper()
	if !slices.Equal(got, want) {
		tb.Errorf("%s: %q, want %q", what, got, want)
	}
}
