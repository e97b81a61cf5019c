package engine

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/task"
)

// worker is one partition of a life: its task, and the lock under which records, timers and cuts take turns.
type worker struct {
	life  *life
	mu    sync.Mutex
	task  *task.Task
	store *localStore // nil: stateless

	closed  bool                 // after the session's last commit: records belong to the next owner
	next    map[string]int64     // input topic: the offset from which reading goes on after the last cut
	comes   map[string]int64     // input topic: the least offset that may come next
	done    map[string]int64     // input topic: records before it were processed, though the brokers give them again
	reached map[string]*position // external topics
	cuts    atomic.Int64         // taken so far
	gate    gate                 // closed until bootstrapped inputs are complete

	flushing  sync.Mutex // one flush at a time
	retired   bool       // under flushing: the store is closed
	lastFlush time.Time  // the committer's
	checked   time.Time  // the ticker's, as is noted; see freshen
	noted     time.Time
	buffer    []task.Record
	headers   []task.Header
}

// position is how far an external topic was read, and since when.
type position struct {
	next  int64
	since time.Time
	idle  bool
}

func (l *life) newWorker(partition int32, db *localStore, meta string) (*worker, error) {
	g := l.group
	cfg := &g.e.cfg
	env := task.Env{
		Partitions: func(topic string) int32 { return g.e.partitions[topic] },
		InputOf:    l.inputs,
		TopicID:    func(topic string) string { return l.topicIDs[topic] },
		Now:        func() int64 { return time.Now().UnixMilli() },
		MaxAhead:   cfg.MaxAhead,
		MaxRecord:  cfg.MaxRecord,
		CacheRows:  max(1000, cfg.CacheRows/int(max(1, l.owned.Load()))),
		Counters:   &g.counters,
		Log:        cfg.Log,
		Global:     g.e.globals.get,
	}
	now := time.Now()
	w := &worker{life: l, store: db, next: map[string]int64{}, comes: map[string]int64{}, done: map[string]int64{}, reached: map[string]*position{}, lastFlush: now, checked: now, noted: now}
	w.gate.open = make(chan struct{})
	var store task.DB
	if db != nil {
		store = db
	}
	var err error
	if w.task, err = task.New(g.plan, partition, env, store, meta); err != nil {
		return nil, err
	}
	for _, in := range g.plan.Inputs {
		next := w.goOn(in.Topic.Name, l.places[in.Topic.Name][partition].Offset)
		if !in.Topic.Kind.Internal() {
			w.reached[in.Topic.Name] = &position{next: next, since: now}
		}
	}
	return w, w.bootstrap()
}

// goOn is where an input goes on: behind what is committed, and behind what we know to be processed even if
// the brokers have forgotten that.
func (w *worker) goOn(topic string, committed int64) int64 {
	l, p := w.life, w.task.Partition
	next := max(committed, w.task.Applied(topic), l.group.memory.behind(topic, l.topicIDs[topic], p))
	w.next[topic], w.comes[topic] = next, committed
	if next > committed {
		w.done[topic] = next
		w.task.Owe()
		l.group.e.cfg.Log.Warn("the committed offset lies before what was processed: the records between are skipped. To process them again, delete the group's tables too",
			"group", l.group.plan.Name, "topic", topic, "partition", p, "committed", committed, "processed", next)
	}
	return next
}

// repeated counts the records at the head of ms that were processed before.
func (w *worker) repeated(topic string, ms []*sarama.ConsumerMessage) (n int) {
	done, some := w.done[topic]
	if !some {
		return 0
	}
	for n < len(ms) && ms[n].Offset < done {
		n++
	}
	if n == 0 {
		delete(w.done, topic)
		return 0
	}
	w.comes[topic] = ms[n-1].Offset + 1
	w.life.group.counters.Repeated.Add(int64(n))
	return n
}

// Keys that are visited in search of rows that are forgotten: two for each record, so that a store that is filled
// by a back-fill holds at most twice what it remembers; and some when there are none.
const sweepPerRecord, sweepPerTick = 2, 500

// hold is how many records are processed before a commit or timer may cut in.
const hold = 256

// process takes in a fetched batch; it returns early when the session ends.
func (w *worker) process(ms []*sarama.ConsumerMessage) {
	for len(ms) > 0 {
		if !w.life.waitForRoom(w) {
			return
		}
		cuts := w.cuts.Load()
		n, ok := w.step(ms[:min(len(ms), hold)])
		if !ok {
			return
		}
		if n == 0 { // timers that are due come first, and the cut has no room for more
			w.life.kick()
			w.life.waitForCut(w, cuts)
		}
		ms = ms[n:]
	}
}

func (w *worker) step(ms []*sarama.ConsumerMessage) (n int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, false
	}
	topic := ms[0].Topic
	if at := w.comes[topic]; ms[0].Offset < at {
		w.life.fail(fmt.Errorf("topic %s, partition %d: offset %d came again, when %d was to come", topic, ms[0].Partition, ms[0].Offset, at))
		return 0, false
	}
	if n := w.repeated(topic, ms); n > 0 {
		return n, true
	}
	before := w.task.Pending()
	n, err := w.task.Process(w.records(ms))
	if err == nil {
		err = w.task.Sweep(sweepPerRecord * n)
	}
	if err != nil {
		w.life.fail(err)
		return n, false
	}
	if n > 0 {
		w.comes[topic] = ms[n-1].Offset + 1
	}
	if p := w.reached[topic]; p != nil && n > 0 {
		*p = position{next: ms[n-1].Offset + 1, since: time.Now()}
	}
	w.release()
	w.life.opening(w.task.Pending()-before, w.task)
	return n, true
}

// records makes the task's form of fetched messages, in buffers that are used again.
func (w *worker) records(ms []*sarama.ConsumerMessage) []task.Record {
	w.buffer, w.headers = w.buffer[:0], w.headers[:0]
	for _, m := range ms {
		from := len(w.headers)
		for _, h := range m.Headers {
			w.headers = append(w.headers, task.Header{Key: h.Key, Value: h.Value})
		}
		value := m.Value
		if len(value) == 0 && !internalEmpty(m) {
			value = nil // an empty value says as little as none
		}
		w.buffer = append(w.buffer, task.Record{
			Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Key: m.Key, Value: value,
			Headers: w.headers[from:len(w.headers):len(w.headers)], Timestamp: m.Timestamp.UnixMilli(),
		})
	}
	return w.buffer
}

// internalEmpty: what we write ourselves may be empty and mean something.
func internalEmpty(m *sarama.ConsumerMessage) bool {
	return m.Value != nil && len(m.Headers) > 0 && string(m.Headers[0].Key) == task.HeaderName
}

// tick fires due timers and looks after time.
func (w *worker) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	err := w.task.Fire()
	if err == nil {
		err = w.task.Sweep(sweepPerTick)
	}
	if err != nil {
		w.life.fail(err)
		return
	}
	if w.task.Due(time.Now().UnixMilli()) {
		w.life.kick()
	}
}

// cut takes what the task has to say. The last cut of a session closes the door behind it.
//
// Each cut says where all inputs of the partition stand, those that brought nothing too: a transaction
// without offsets would not be checked for its generation, and a zombie could commit timers that its
// successor fires as well.
func (w *worker) cut(last bool) (*task.Cut, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, nil
	}
	w.closed = last
	c, err := w.task.Cut(time.Now().UnixMilli())
	if c == nil || err != nil {
		return nil, err
	}
	maps.Copy(w.next, c.Next)
	maps.Copy(c.Next, w.next)
	w.cuts.Add(1)
	return c, nil
}

// close turns away what still comes: it belongs to the next owner.
func (w *worker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

// flush writes committed rows to the local store.
func (w *worker) flush() error {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	if w.retired {
		return nil
	}
	return w.task.Flush(&w.mu, w.store.write)
}

// retire is the last flush.
func (w *worker) retire() error {
	w.close()
	if err := w.flush(); err != nil {
		return err
	}
	w.flushing.Lock()
	defer w.flushing.Unlock()
	w.retired = true
	return w.store.write(nil, -1) // when it was complete
}

// flushAbove is how many keys wait at most before they are written to the local store.
const flushAbove = 50_000

// flushSoon starts a flush when it is time, or when much is waiting. The committer calls it.
func (w *worker) flushSoon() {
	if w.store == nil || time.Since(w.lastFlush) < w.life.group.e.cfg.FlushEvery && w.task.Unflushed() < flushAbove {
		return
	}
	if !w.flushing.TryLock() {
		return // one is under way
	}
	w.flushing.Unlock()
	w.lastFlush = time.Now()
	w.life.background.Go(func() {
		if err := w.flush(); err != nil {
			w.life.fail(err)
		}
	})
}
