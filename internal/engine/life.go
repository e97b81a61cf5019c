package engine

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/txn"
	"github.com/tributary-go/tributary/internal/task"
)

// life is a group's processor from its start to the first error. Nothing in memory outlives it.
type life struct {
	group         *group
	ctx           context.Context // ends with the life, well or ill
	cancel        context.CancelFunc
	sound         context.Context // ends when something fails: a commit under way at a planned stop is finished
	spoil         context.CancelFunc
	writer        *txn.Writer
	barrierWriter *barriers

	inputs int32 // partitions of the group's inputs

	mu       sync.Mutex // guards what follows
	workers  map[int32]*worker
	stores   map[*gokaStore]bool
	barriers map[int32]int64 // recovery barriers of this session
	session  sarama.ConsumerGroupSession
	room     *sync.Cond // a commit made room, a cut was taken, or something ended

	// places are where the session's inputs stood when it began. They don't change while it lasts.
	places   map[string]map[int32]client.Committed
	topicIDs map[string]string

	open     atomic.Int64 // records processed and not committed
	owned    atomic.Int64 // partitions of this session
	commitMu sync.Mutex   // one transaction at a time
	kicked   chan struct{}
	silence  silence // the ticker's
	batches  batches
	err      atomic.Pointer[error]

	background sync.WaitGroup
}

func newLife(g *group) *life {
	l := &life{
		group: g, workers: map[int32]*worker{}, stores: map[*gokaStore]bool{}, barriers: map[int32]int64{},
		kicked: make(chan struct{}, 1),
	}
	l.room = sync.NewCond(&l.mu)
	return l
}

// run lives until ctx ends or something fails.
func (l *life) run(ctx context.Context) error {
	l.ctx, l.cancel = context.WithCancel(ctx)
	defer l.cancel()
	l.sound, l.spoil = context.WithCancel(context.WithoutCancel(ctx))
	defer l.spoil()
	p, err := l.prepare()
	if err != nil {
		return err
	}
	defer l.writer.Close()
	defer l.barrierWriter.close()
	l.background.Go(l.commitLoop)
	l.background.Go(l.tickLoop)
	err = l.supervise(p)
	if errors.Is(err, errStuck) {
		return err // what is stuck may hold what we would wait for
	}
	l.cancel()
	l.wake()
	l.background.Wait()
	err = errors.Join(err, l.closeStores())
	if cause := l.err.Load(); cause != nil {
		return *cause
	}
	return err
}

func (l *life) prepare() (*goka.Processor, error) {
	g := l.group
	var err error
	if l.inputs, err = g.countInputs(l.ctx); err != nil {
		return nil, err
	}
	conf, err := l.config()
	if err != nil {
		return nil, err
	}
	l.barrierWriter = l.newBarriers(conf)
	p, err := goka.NewProcessor(g.e.cfg.Connection.Brokers, l.graph(), l.options(conf)...)
	if err != nil {
		return nil, err
	}
	l.writer, err = txn.New(l.ctx, txn.Config{
		Client: conf, Brokers: g.e.cfg.Connection.Brokers, TransactionalID: g.id, Group: g.plan.Name,
		TransactionTimeout: g.e.cfg.TransactionTimeout, StepTimeout: g.e.cfg.StepTimeout, Logger: g.e.cfg.Log,
		WithoutTransactions: g.e.cfg.Controls.WithoutTransactions,
	})
	if err != nil {
		return nil, fmt.Errorf("start transactions of %s: %w", g.id, err)
	}
	return p, nil
}

// supervise runs goka's processor. One that does not end after a failure holds the stores: then only the end
// of the process helps.
func (l *life) supervise(p *goka.Processor) error {
	done := make(chan error, 1)
	go func() { done <- p.Run(l.ctx) }()
	select {
	case err := <-done:
		return err
	case <-l.ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(l.group.e.cfg.StepTimeout + 10*time.Second):
		return fmt.Errorf("%w: goka's processor did not stop", errStuck)
	}
}

// fail ends the life.
func (l *life) fail(err error) {
	if err == nil || !l.err.CompareAndSwap(nil, &err) {
		return
	}
	l.spoil()
	l.cancel()
	l.wake()
}

func (l *life) failed() bool { return l.err.Load() != nil }

func (l *life) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room.Broadcast()
}

// addWorker puts a worker to work, unless the session it was made for is over.
func (l *life) addWorker(session sarama.ConsumerGroupSession, w *worker) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != session {
		return false
	}
	l.workers[w.task.Partition] = w
	return true
}

func (l *life) worker(partition int32) *worker {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.workers[partition]
}

func (l *life) all() []*worker {
	l.mu.Lock()
	defer l.mu.Unlock()
	ws := make([]*worker, 0, len(l.workers))
	for _, w := range l.workers {
		ws = append(ws, w)
	}
	return ws
}

// waitForRoom holds a worker back while too many records wait for their commit.
func (l *life) waitForRoom(w *worker) bool {
	limit := int64(l.group.e.cfg.MaxOpen)
	if l.open.Load() < limit {
		return !l.failed()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.open.Load() >= limit && !l.failed() && l.ctx.Err() == nil && l.workers[w.task.Partition] == w {
		l.room.Wait()
	}
	return !l.failed() && l.ctx.Err() == nil
}

// waitForCut holds a worker back until it was cut more often than cuts times.
func (l *life) waitForCut(w *worker, cuts int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w.cuts.Load() == cuts && l.session != nil && !l.failed() && l.ctx.Err() == nil {
		l.room.Wait()
	}
}

// opening counts records that were processed, and wakes the committer.
func (l *life) opening(n int, t *task.Task) {
	if l.open.Add(int64(n)) > 0 || t.Due(time.Now().UnixMilli()) {
		l.kick()
	}
}

func (l *life) kick() {
	select {
	case l.kicked <- struct{}{}:
	default:
	}
}

func (l *life) opened(s *gokaStore) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stores[s], s.session = true, l.session
}

// recovering is the session in which a store was opened.
func (l *life) recovering(s *gokaStore) sarama.ConsumerGroupSession {
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.session
}

// sessionContext ends with the session.
func (l *life) sessionContext() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil {
		return l.ctx
	}
	return l.session.Context()
}

func (l *life) setBarrier(partition int32, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.barriers[partition] = offset
}

// endOf is the offset behind the barrier of a partition.
func (l *life) endOf(topic string, partition int32) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.barriers[partition]
	if !ok {
		return 0, fmt.Errorf("topic %s, partition %d: the store was not recovered in this session", topic, partition)
	}
	return at + 1, nil
}

// forget drops a store that closes, and its worker.
func (l *life) forget(s *gokaStore) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.stores, s)
	if s.worker != nil && l.workers[s.partition] == s.worker {
		delete(l.workers, s.partition)
	}
}

func (l *life) closeStores() error {
	l.mu.Lock()
	left := slices.Collect(maps.Keys(l.stores))
	l.mu.Unlock()
	var err error
	for _, s := range left {
		err = errors.Join(err, s.Close())
	}
	return err
}

// tickEvery is how often timers, idleness and watermarks are looked after.
const tickEvery = 100 * time.Millisecond

func (l *life) tickLoop() {
	defer l.guard()
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-t.C:
		}
		for _, w := range l.all() {
			w.watchIdleness()
			w.tick()
			w.freshen(time.Now())
		}
		l.advance()
	}
}

// ---- goka

func (l *life) graph() *goka.GroupGraph {
	g := l.group.plan
	var edges []goka.Edge
	for _, in := range g.Inputs {
		edges = append(edges, goka.Input(goka.Stream(in.Topic.Name), &l.batches, l.handle))
	}
	if g.Table != nil {
		edges = append(edges, goka.Persist(rawCodec{}))
	}
	for _, x := range g.Outputs {
		edges = append(edges, goka.Output(goka.Stream(x.Name), rawCodec{}))
	}
	return goka.DefineGroup(goka.Group(g.Name), edges...)
}

// handle is goka's callback for every input: a batch of one partition.
func (l *life) handle(ctx goka.Context, m any) {
	defer l.guard()
	w := l.worker(ctx.Partition())
	if w == nil {
		return // the session is over
	}
	w.process(m.(*batch).messages)
}

// guard makes a panic the end of the life: what a task was in the middle of must not be committed. Those of a
// topology's own functions don't come here; they make dead letters.
func (l *life) guard() {
	if p := recover(); p != nil {
		l.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

func (l *life) options(conf func() *sarama.Config) []goka.ProcessorOption {
	return []goka.ProcessorOption{
		goka.WithClientID(l.group.id),
		goka.WithLogger(gokaLogger{l.group.e.cfg.Log}),
		goka.WithPartitionChannelSize(4),
		goka.WithStorageBuilder(l.buildStorage),
		goka.WithTopicManagerBuilder(func([]string) (goka.TopicManager, error) { return topicManager{l}, nil }),
		goka.WithConsumerSaramaBuilder(func(brokers []string, _ string) (sarama.Consumer, error) {
			return sarama.NewConsumer(brokers, conf())
		}),
		goka.WithConsumerGroupBuilder(func(brokers []string, name, _ string) (sarama.ConsumerGroup, error) {
			c := conf()
			c.Consumer.Group.InstanceId = l.group.id
			c.ClientID += "." + l.group.e.lock.id
			cg, err := sarama.NewConsumerGroup(brokers, name, c)
			if err != nil {
				return nil, err
			}
			return &consumerGroup{cg, l}, nil
		}),
		goka.WithProducerBuilder(func([]string, string, func() hash.Hash32) (goka.Producer, error) { return mute{}, nil }),
	}
}

// config is the source of fresh sarama configurations of this life.
func (l *life) config() (func() *sarama.Config, error) {
	cfg := &l.group.e.cfg
	if _, err := cfg.Connection.Config(); err != nil {
		return nil, err
	}
	strategy := l.group.strategy
	return func() *sarama.Config {
		c, err := cfg.Connection.Config()
		if err != nil {
			c = sarama.NewConfig() // can't be: it was fine above
		}
		c.Consumer.Group.Session.Timeout = cfg.SessionTimeout
		c.Consumer.Group.Heartbeat.Interval = min(cfg.SessionTimeout/4, time.Second) // the others wait so long for a rebalance
		c.Consumer.Group.Rebalance.Retry.Max = 100
		c.Consumer.Group.Rebalance.Retry.Backoff = 100 * time.Millisecond
		c.Consumer.Retry.Backoff = 250 * time.Millisecond // a leader that is gone is looked for again
		c.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
		return c
	}, nil
}

// mute is goka's producer. Nothing goes through it: outputs are the task's, and so is the table.
type mute struct{}

func (mute) Emit(string, string, []byte) *goka.Promise { return finished() }
func (mute) EmitWithHeaders(string, string, []byte, goka.Headers) *goka.Promise {
	return finished()
}
func (mute) Close() error { return nil }

func finished() *goka.Promise {
	p, finish := goka.NewPromiseWithFinisher()
	finish(nil, nil)
	return p
}

// rawCodec satisfies goka where we decode ourselves: its own errors would stop the processor.
type rawCodec struct{}

func (rawCodec) Encode(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Decode(b []byte) (any, error) { return b, nil }
