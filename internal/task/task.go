package task

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Env is what a task needs from the outside.
type Env struct {
	Partitions func(topic string) int32
	InputOf    int32                     // partitions of the group's inputs
	TopicID    func(topic string) string // identity of an input topic, "" where the brokers know none; nil: none are known
	Now        func() int64              // wall clock in ms; only for Kafka timestamps
	MaxAhead   time.Duration             // see --max-ahead; 0: no bound
	MaxRecord  int                       // bytes of a key and value we write; 0: 900 KiB
	CacheRows  int                       // entries of the store kept in memory; 0: no bound
	Counters   *Counters
	Log        *slog.Logger

	Global func(topic, key string) []byte // value of a key in one of the group's Globals now, nil: there is none
}

// Counters count what happened in the tasks of a group since the process started.
type Counters struct {
	Records, DeadLetters, Late, Behind, Skipped, Expired, Timers, Orphans, Repeated, Dropped atomic.Int64

	Found Found
}

// DefaultMaxRecord leaves room for headers below the brokers' default of 1 MiB.
const DefaultMaxRecord = 900 << 10

// Task is one partition of one group. The caller serialises all calls, Committed excepted.
type Task struct {
	Group     *Group
	Partition int32

	env     Env
	store   *store // nil: stateless
	clock   *clock
	applied positions // with a table only
	outputs map[string]*link
	shared  map[string]shared // see broadcast.go
	ctx     Context
	fill    *Cut
	scratch []byte
	found   []*entry // rows of the records that Process was given; see find
	warmth  byte

	nextTimer int64 // no timer stands before it
	sweep     sweeper
	passed    int64 // all timers up to here have fired
	firing    bool  // timers that are due run, or wait for the next cut
	told      int64 // wall clock of the last stand-alone watermark, ms
	advanced  bool  // an idle advance is not committed yet
	owes      bool  // see Owe

	gatherers []Gatherer
	since     said // our time before the first value was gathered for the cut; not known: none was
	flushing  bool // what was gathered

	mu    sync.Mutex
	spare *Cut // the other cut, unless it is being committed
}

// New makes the task of a partition over its local store. meta is the offset metadata a stateless task left
// behind, "" for none.
func New(g *Group, partition int32, env Env, db DB, meta string) (*Task, error) {
	if env.MaxRecord == 0 {
		env.MaxRecord = DefaultMaxRecord
	}
	if env.TopicID == nil {
		env.TopicID = func(string) string { return "" }
	}
	t := &Task{Group: g, Partition: partition, env: env, clock: newClock(g), applied: positions{}, outputs: map[string]*link{}, shared: map[string]shared{}, nextTimer: EndOfTime, passed: NoTime, sweep: sweeper{begun: NoTime}}
	for _, out := range g.Outputs {
		l := &link{topic: out, partitions: env.Partitions(out.Name)}
		if out.Kind.Internal() {
			l.said = make([]said, l.partitions)
		}
		t.outputs[out.Name] = l
	}
	t.outputs[g.Dead.Name] = &link{topic: g.Dead, partitions: env.Partitions(g.Dead.Name)}
	if g.Table != nil {
		t.store = newStore(db, g.Table.Rows, env.CacheRows)
	}
	for _, make := range g.Gather {
		t.gatherers = append(t.gatherers, make())
	}
	t.fill, t.spare = newCut(t), newCut(t)
	if err := t.restore(meta); err != nil {
		return nil, fmt.Errorf("group %s, partition %d: %w", g.Name, partition, err)
	}
	return t, nil
}

func (t *Task) restore(meta string) error {
	if t.store == nil {
		return t.clock.restoreMeta(meta)
	}
	if err := t.checkVersion(); err != nil {
		return err
	}
	e, err := t.store.record(clockKey)
	if err != nil {
		return err
	}
	if e.val != nil {
		if err := t.clock.restore(e.val); err != nil {
			return err
		}
	}
	t.clock.dirty = false
	if err := t.restoreApplied(); err != nil {
		return err
	}
	t.nextTimer = NoTime
	_, err = t.dueTimers(0)
	return err
}

// checkVersion refuses state that a newer program has written, and writes down what this one writes.
func (t *Task) checkVersion() error {
	e, err := t.store.record(versionKey)
	if err != nil {
		return err
	}
	want := fmt.Sprintf("%d %d", rowVersion, t.Group.Table.Version)
	if string(e.val) == want {
		return nil
	}
	var format, rows int
	if e.val != nil {
		if _, err := fmt.Sscanf(string(e.val), "%d %d", &format, &rows); err != nil {
			return fmt.Errorf("table %s: damaged version record %q", t.Group.Table.Name, e.val)
		}
	}
	if format > rowVersion || rows > t.Group.Table.Version {
		return fmt.Errorf("%w: table %s holds format %d, row version %d; this program reads up to %d and %d: run the newer program, or give this one another table",
			ErrNewer, t.Group.Table.Name, format, rows, rowVersion, t.Group.Table.Version)
	}
	t.store.setSub(e, []byte(want))
	t.store.keep()
	return nil
}

// ErrNewer is returned by New when the state was written by a newer program.
var ErrNewer = errors.New("state of a newer version")

// Process takes in records in order and reports how many; fewer than all when timers that are due have to
// wait for the next cut. An error means that the task's state can't be read: it must be dropped.
func (t *Task) Process(records []Record) (int, error) {
	t.find(records)
	for i := range records {
		if wait, err := t.process(&records[i], t.found[i]); wait || err != nil {
			return i, err
		}
	}
	return len(records), t.Fire()
}

// find looks up the rows of all records that are in memory before the first is processed. A row is rarely in the
// processor's cache, and a loop that does nothing but look waits for many at a time. Nothing leaves memory while
// records are processed; what comes into it meanwhile is found later.
func (t *Task) find(records []Record) {
	t.found = append(t.found[:0], make([]*entry, len(records))...)
	if t.store == nil {
		return
	}
	for i := range records {
		if e := t.store.rows[StringOf(records[i].Key)]; e != nil {
			t.found[i] = e
			t.warmth += firstByte(e.row)
		}
	}
}

// firstByte fetches what a row points to.
func firstByte(row any) byte {
	if p := (*[2]unsafe.Pointer)(unsafe.Pointer(&row))[1]; p != nil {
		return *(*byte)(p)
	}
	return 0
}

// process takes in one record, unless timers that come before it have to wait: then it must be passed in
// again after the next cut. row is the row of its key if that is in memory.
func (t *Task) process(r *Record, row *entry) (wait bool, err error) {
	in := t.Group.Input(r.Topic)
	if in == nil {
		return false, fmt.Errorf("group %s does not read topic %s", t.Group.Name, r.Topic)
	}
	if !t.Takes(r.Topic) {
		return false, fmt.Errorf("group %s, partition %d: a record of topic %s came before the bootstrapped inputs were complete", t.Group.Name, t.Partition, r.Topic)
	}
	internal := in.Topic.Kind.Internal()
	var st stamp
	var damaged error
	if internal {
		if damaged = readStamp(r, &st); damaged == nil {
			t.clock.hear(r.Topic, &st)
		}
	}
	if err := t.Fire(); err != nil || t.firing {
		return true, err
	}
	t.fill.Next[r.Topic] = r.Offset + 1
	if internal && damaged == nil && len(r.Key) > 0 && r.Key[0] == 0 {
		if in.Broadcast != nil && IsBroadcast(StringOf(r.Key)) {
			return false, t.broadcast(in, r, &st)
		}
		t.fill.control++
		return false, nil
	}
	t.fill.Records++
	t.env.Counters.Records.Add(1)
	if damaged != nil {
		return false, t.dead(r, damaged)
	}
	t.ctx = Context{Task: t, rec: r, input: in, row: row, Event: r.Timestamp, Ingest: r.Timestamp}
	if internal {
		t.ctx.Event, t.ctx.Ingest = st.event, st.ingest
	}
	err = t.handle(in, r)
	t.reach(in.Topic, r.Offset+1)
	return false, err
}

func (t *Task) handle(in *Input, r *Record) error {
	internal := in.Topic.Kind.Internal()
	nothing := r.Value == nil || len(r.Value) == 0 && !internal // other programs' empty values say as little as none
	if nothing && !in.Empty {
		t.env.Counters.Skipped.Add(1)
		return nil
	}
	c := &t.ctx
	if c.row != nil {
		c.row.used = true
		c.Key = c.row.key
	} else {
		c.Key = string(r.Key)
	}
	if t.store != nil {
		if err := CheckKey(c.Key); err != nil {
			return t.dead(r, err)
		}
		if err := t.expire(c, t.clock.now); err != nil {
			return err
		}
	}
	if internal {
		t.countBehind(in)
		return t.guard(in.Handle)
	}
	idle := t.clock.wake(r.Topic)
	if err := t.guard(in.Handle); err != nil {
		return err
	}
	t.countBehind(in)
	switch {
	case c.Event != NoTime:
		t.clock.external(r.Topic, c.Event-in.Topic.OutOfOrder.Milliseconds(), false)
	case idle:
		t.clock.external(r.Topic, NoTime, true)
	}
	return nil
}

func readStamp(r *Record, st *stamp) error {
	for _, h := range r.Headers {
		if string(h.Key) == HeaderName {
			return st.parse(h.Value)
		}
	}
	return errStamp
}

// guard runs a handler inside a savepoint: what fails leaves nothing but a dead letter.
func (t *Task) guard(h Handler) error {
	err := t.try(h)
	if err == nil {
		t.keep()
		return nil
	}
	var broken *storeError
	if errors.As(err, &broken) {
		return broken.err
	}
	t.rollback()
	t.ctx.Event = NoTime // of a record that failed we believe nothing
	if errors.Is(err, ErrSkip) {
		t.env.Counters.Skipped.Add(1)
		return nil
	}
	return t.dead(t.ctx.rec, err)
}

// storeError wraps an error that is the store's, not the record's.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

func (t *Task) try(h Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			t.env.Log.Error("a handler panicked; its record is a dead letter", "group", t.Group.Name, "topic", t.ctx.rec.Topic,
				"partition", t.ctx.rec.Partition, "offset", t.ctx.rec.Offset, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return h(&t.ctx)
}

func (t *Task) keep() {
	t.fill.keep()
	if t.store != nil {
		t.store.keep()
	}
	for _, g := range t.gatherers {
		g.Keep()
	}
}

func (t *Task) rollback() {
	t.fill.rollback()
	if t.store != nil {
		t.store.rollback()
	}
	for _, g := range t.gatherers {
		g.Rollback()
	}
}

// The headers of dead letters.
const (
	HeaderReason    = "reason"
	HeaderTopic     = "topic"
	HeaderPartition = "partition"
	HeaderOffset    = "offset"
	HeaderGroup     = "group"
	HeaderTruncated = "truncated" // original size in bytes, where only the head was kept
)

const (
	deadLetterWhole = 512 << 10
	deadLetterHead  = 4 << 10
	maxReason       = 1 << 10
)

// dead writes r to the dead letters, in the transaction in which it counts as processed.
func (t *Task) dead(r *Record, reason error) error {
	t.deadLetter(r, reason)
	t.fill.keep()
	return nil
}

func (t *Task) deadLetter(r *Record, reason error) {
	t.env.Counters.DeadLetters.Add(1)
	if errors.Is(reason, ErrLate) {
		t.env.Counters.Late.Add(1)
	}
	text := reason.Error()
	text = strings.ToValidUTF8(text[:min(len(text), maxReason)], "\uFFFD")
	a := &t.fill.arena
	hs := []Header{
		{[]byte(HeaderReason), []byte(text)},
		{[]byte(HeaderTopic), []byte(r.Topic)},
		{[]byte(HeaderPartition), strconv.AppendInt(nil, int64(r.Partition), 10)},
		{[]byte(HeaderOffset), strconv.AppendInt(nil, r.Offset, 10)},
		{[]byte(HeaderGroup), []byte(t.Group.Name)},
	}
	key, value := r.Key, r.Value
	if n := len(key) + len(value); n > deadLetterWhole {
		key, value = key[:min(len(key), deadLetterHead)], value[:min(len(value), deadLetterHead)]
		hs = append(hs, Header{[]byte(HeaderTruncated), strconv.AppendInt(nil, int64(n), 10)})
	}
	out := Out{Time: kafkaTime(t.env.Now(), t.env.Now()), Headers: hs}
	if key != nil {
		out.Key = a.copy(key)
	}
	if value != nil {
		out.Value = a.copy(value)
	}
	l := t.outputs[t.Group.Dead.Name]
	t.fill.add(l, t.Partition%l.partitions, out)
}

// ---- time

// SetIdle says whether an external input has been read to its end for a while.
// Call Fire afterwards: time may have gone on.
func (t *Task) SetIdle(topic string, idle bool) { t.clock.external(topic, NoTime, idle) }

// Watermark is the task's event time in ms, and whether all its senders are idle.
func (t *Task) Watermark() (int64, bool) { return t.clock.now, t.clock.idle }

// Senders lists what the task knows of its senders, the slowest first.
func (t *Task) Senders() []Sender { return t.clock.list() }

// saying is what we tell downstream. While timers that are due run or wait, our time stands just before the
// one fired last, so that what they emit is not late.
func (t *Task) saying() said {
	if t.flushing {
		return t.since
	}
	if t.firing || t.nextTimer <= t.clock.now {
		return t.say(t.passed, false)
	}
	return t.say(t.clock.now, t.clock.idle)
}

func (t *Task) say(watermark int64, idle bool) said {
	return said{watermark, t.clock.advanceIn(watermark), idle, true, t.complete()}
}

func (t *Task) stamp(event, ingest int64) stamp {
	if ingest == NoTime {
		ingest = event
	}
	say := t.saying()
	return stamp{
		event: event, ingest: ingest, group: SenderID(t.Group.Name), partition: t.Partition, of: t.env.InputOf,
		watermark: say.watermark, advance: say.advance, idle: say.idle, complete: say.complete,
	}
}

// announceEvery bounds how often a partition without data is told of our time, in ms.
const announceEvery = 200

// behind reports whether some partition downstream knows less of our time than we do.
func (t *Task) behind() bool {
	now := t.saying()
	if now.watermark == NoTime && !now.idle && !now.complete {
		return false
	}
	for _, l := range t.outputs {
		for _, s := range l.said {
			if s != now {
				return true
			}
		}
	}
	return false
}

// announce adds watermark records for the partitions that got no data in this cut.
func (t *Task) announce(now int64) {
	if now-t.told < announceEvery || !t.behind() {
		return
	}
	t.told = now
	say := t.saying()
	st := t.stamp(max(0, say.watermark), now)
	for _, o := range t.fill.Outputs {
		if !o.Topic.Kind.Internal() {
			continue
		}
		hs := []Header{{headerName, st.append(nil)}}
		for p := range o.Parts {
			if o.link.said[p] == say {
				continue
			}
			o.Parts[p] = append(o.Parts[p], Out{Key: []byte(WatermarkKey), Value: []byte{}, Time: kafkaTime(now, now), Headers: hs})
			o.link.said[p] = say
		}
	}
}

// ---- cuts

// controlPatience is how long positions behind nothing but watermark records may stay uncommitted, in ms.
const controlPatience = 1000

// Due reports whether the task has something to commit. Watermark records alone are in no hurry.
func (t *Task) Due(now int64) bool {
	f := t.fill
	return f.Records > 0 || f.timers > 0 || t.firing || t.owes || t.store != nil && len(t.store.dirty) > 0 ||
		now-t.told >= announceEvery && t.behind() || (f.control > 0 || t.advanced) && now-t.told >= controlPatience
}

// Owe makes the next cut due even if nothing is taken in: the positions from which we go on are not committed.
func (t *Task) Owe() { t.owes = true }

// Pending is the number of records taken in since the last cut.
func (t *Task) Pending() int { return t.fill.Records }

// Cut closes what was collected since the last one and starts the next. It returns nil while the previous
// cut is still being committed, and when there is nothing to say.
func (t *Task) Cut(now int64) (*Cut, error) {
	if !t.Due(now) {
		return nil, nil
	}
	t.mu.Lock()
	next := t.spare
	t.spare = nil
	t.mu.Unlock()
	if next == nil {
		return nil, nil
	}
	f := t.fill
	if err := t.flushGathered(); err != nil {
		return nil, err
	}
	t.announce(now)
	if (f.control > 0 || t.advanced) && f.Records == 0 {
		t.told = now
	}
	t.advanced, t.owes = false, false
	if err := t.encode(f, now); err != nil {
		return nil, err
	}
	t.fill = next
	return f, nil
}

func (t *Task) encode(f *Cut, now int64) error {
	if t.store == nil {
		f.Meta = t.clock.meta()
		return nil
	}
	if t.clock.dirty {
		if err := t.store.setRecord(clockKey, t.clock.encode()); err != nil {
			return err
		}
		t.clock.dirty = false
	}
	if err := t.storeApplied(f); err != nil {
		return err
	}
	t.store.keep()
	f.Table = f.Table[:0]
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	f.entries = f.entries[:0]
	for i, e := range t.store.dirty {
		if i%ahead == 0 {
			t.warm(t.store.dirty[i:min(i+ahead, len(t.store.dirty))])
		}
		if !e.there() && !e.written { // it came and went within the cut
			e.dirty = false
			t.store.dropGone(e)
			continue
		}
		out, err := t.store.encodeEntry(e, f)
		if err != nil {
			return err
		}
		out.Time = now
		f.Table, f.entries = append(f.Table, out), append(f.entries, e)
	}
	t.store.dirty = t.store.dirty[:0]
	return nil
}

// ahead is how many rows are fetched before the first of them is encoded; see find.
const ahead = 64

func (t *Task) warm(entries []*entry) {
	for _, e := range entries {
		if e.isRow {
			t.warmth += firstByte(e.row)
		}
		if len(e.key) > 0 {
			t.warmth += e.key[0]
		}
	}
}

func (s *store) encodeEntry(e *entry, f *Cut) (Out, error) {
	out := Out{Key: bytesOf(e.key)}
	switch {
	case !e.isRow:
		out.Value = e.val
	case e.row != nil:
		b, err := s.codec.Append(e.meta.append(f.arena.tail()), e.row)
		if err != nil {
			return out, fmt.Errorf("encode the row of key %q: %w", e.key, err)
		}
		out.Value = f.arena.keep(b)
	}
	e.dirty, e.written = false, out.Value != nil
	e.pending++
	return out, nil
}

// Committed takes note that a cut is part of the log: last is the offset of its last changelog record, if
// it has any. The cut must not be used any more. It may be called beside Process.
func (t *Task) Committed(c *Cut, last int64) {
	if t.store != nil {
		t.store.committedCut(c, last)
	}
	c.reset()
	t.mu.Lock()
	t.spare = c
	t.mu.Unlock()
}

func (s *store) committedCut(c *Cut, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range c.entries {
		e.pending--
		if v := c.Table[i].Value; !e.isRow || v == nil {
			e.committed = v
		} else {
			e.committed = append(e.committed[:0:cap(e.committed)], v...)
		}
		if !e.unflushed {
			e.unflushed = true
			s.unflushed = append(s.unflushed, e)
		}
	}
	if len(c.Table) > 0 {
		s.offset = last
	}
}
