package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// consumerGroup wraps sarama's for three things: to stay in the group over rebalances, where goka would
// sleep 5 s; to see sessions begin and end; and to hand whole fetched batches through goka.
type consumerGroup struct {
	sarama.ConsumerGroup
	life *life
}

// patience is how long Consume may fail before the life ends: a broker's restart fits in.
const patience = 60 * time.Second

// Consume implements sarama.ConsumerGroup. It goes on over rebalances until the life ends.
func (g *consumerGroup) Consume(ctx context.Context, topics []string, h sarama.ConsumerGroupHandler) error {
	var failing time.Time
	for {
		err := g.ConsumerGroup.Consume(ctx, topics, &handler{h, g.life})
		g.life.group.ready.Store(false)
		if ctx.Err() != nil || g.life.failed() || errors.Is(err, sarama.ErrClosedConsumerGroup) {
			return nil
		}
		if errors.Is(err, sarama.ErrFencedInstancedId) {
			g.life.fail(fmt.Errorf("%w (%q): start each with a name of its own", errTakenOver, g.life.group.e.cfg.Instance))
			return nil
		}
		if err == nil {
			failing = time.Time{}
			continue
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		if time.Since(failing) > patience {
			return err
		}
		g.life.group.e.cfg.Log.Info("joining the consumer group failed, trying again", "group", g.life.group.plan.Name, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// handler sees a session before and after goka does.
type handler struct {
	goka sarama.ConsumerGroupHandler
	life *life
}

// Setup implements sarama.ConsumerGroupHandler. The session's stable offsets have been fetched before it is
// called: what goka recovers in it lies at or behind them.
func (h *handler) Setup(s sarama.ConsumerGroupSession) error {
	l := h.life
	l.owned.Store(int64(len(ownedPartitions(s))))
	l.begin(s)
	err := h.goka.Setup(unmarked{s})
	if err == nil && l.group.plan.Table == nil {
		err = l.startStateless(s)
	}
	if err != nil {
		l.fail(fmt.Errorf("take over partitions: %w", err))
		return err
	}
	if !l.failed() {
		l.group.ready.Store(true)
	}
	return nil
}

// Cleanup implements sarama.ConsumerGroupHandler: the last commit of the session, before goka closes the
// stores and the partitions go to somebody else.
func (h *handler) Cleanup(s sarama.ConsumerGroupSession) error {
	l := h.life
	l.group.ready.Store(false)
	if _, err := l.commit(true); err != nil {
		l.fail(fmt.Errorf("last commit of generation %d: %w", s.GenerationID(), err))
	}
	l.end()
	return h.goka.Cleanup(unmarked{s})
}

func (l *life) begin(s sarama.ConsumerGroupSession) {
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = s
	clear(l.workers)
	l.open.Store(0)
}

// end makes sure that nothing of the session is processed or committed any more.
func (l *life) end() {
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	for _, w := range l.all() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = nil
	if l.group.plan.Table == nil {
		clear(l.workers)
	}
	l.open.Store(0)
	l.room.Broadcast()
}

func ownedPartitions(s sarama.ConsumerGroupSession) []int32 {
	for _, ps := range s.Claims() {
		return ps // copartitioned: the same for every topic
	}
	return nil
}

// startStateless makes the workers of a group without a table: nothing is recovered but the watermark, which
// lies in the metadata of the committed offsets.
func (l *life) startStateless(s sarama.ConsumerGroupSession) error {
	topic := l.group.plan.Inputs[0].Topic.Name
	committed, err := l.group.e.admin.CommittedOffsets(l.ctx, l.group.plan.Name, topic)
	if err != nil {
		return err
	}
	for _, p := range ownedPartitions(s) {
		if _, err := l.newWorker(p, nil, committed[p].Metadata); err != nil {
			return err
		}
	}
	return nil
}

// ConsumeClaim implements sarama.ConsumerGroupHandler.
func (h *handler) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	b := &batchedClaim{ConsumerGroupClaim: c, out: make(chan *sarama.ConsumerMessage)}
	if w := h.life.worker(c.Partition()); w != nil && w.reached[c.Topic()] != nil {
		w.startAt(c.Topic(), c.InitialOffset())
	}
	go b.collect(s.Context(), &h.life.batches)
	return h.goka.ConsumeClaim(unmarked{s}, b)
}

// unmarked keeps goka from marking offsets: ours go with the transaction.
type unmarked struct{ sarama.ConsumerGroupSession }

func (unmarked) MarkOffset(string, int32, int64, string)     {}
func (unmarked) ResetOffset(string, int32, int64, string)    {}
func (unmarked) MarkMessage(*sarama.ConsumerMessage, string) {}
func (unmarked) Commit()                                     {}

// batchedClaim gives goka one message for all that was fetched: its cost per message is paid once a batch.
type batchedClaim struct {
	sarama.ConsumerGroupClaim
	out chan *sarama.ConsumerMessage
}

// Messages implements sarama.ConsumerGroupClaim.
func (b *batchedClaim) Messages() <-chan *sarama.ConsumerMessage { return b.out }

const batchSize = 1024

func (b *batchedClaim) collect(ctx context.Context, bs *batches) {
	defer close(b.out)
	in := b.ConsumerGroupClaim.Messages()
	for m := range in {
		x := &batch{messages: make([]*sarama.ConsumerMessage, 1, 64)}
		x.messages[0] = m
		x.fill(in)
		id := bs.put(x)
		select {
		case b.out <- &sarama.ConsumerMessage{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Value: id}:
		case <-ctx.Done():
			bs.take(id)
			return
		}
	}
}

// batch is what was fetched from one partition and not handed on yet.
type batch struct{ messages []*sarama.ConsumerMessage }

func (x *batch) fill(in <-chan *sarama.ConsumerMessage) {
	for len(x.messages) < batchSize {
		select {
		case m, ok := <-in:
			if !ok {
				return
			}
			x.messages = append(x.messages, m)
		default:
			return
		}
	}
}

// batches are on their way through goka, which carries their numbers. It is the codec of all inputs.
type batches struct {
	mu   sync.Mutex
	last uint64
	m    map[uint64]*batch
}

func (bs *batches) put(x *batch) []byte {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if bs.m == nil {
		bs.m = map[uint64]*batch{}
	}
	bs.last++
	bs.m[bs.last] = x
	return binary.BigEndian.AppendUint64(nil, bs.last)
}

func (bs *batches) take(id []byte) *batch {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	n := binary.BigEndian.Uint64(id)
	x := bs.m[n]
	delete(bs.m, n)
	return x
}

// Decode implements goka.Codec.
func (bs *batches) Decode(id []byte) (any, error) {
	if x := bs.take(id); x != nil {
		return x, nil
	}
	return nil, errors.New("a batch went through goka twice")
}

// Encode implements goka.Codec. Nothing is written through goka.
func (bs *batches) Encode(any) ([]byte, error) { return nil, errors.New("not used") }
