package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine/txn"
	"github.com/tributary-go/tributary/internal/task"
)

// commitLoop commits as soon as the last commit is done and there is something to say: small commits when
// idle, for latency, large ones under load, for throughput.
func (l *life) commitLoop() {
	defer l.guard()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-l.kicked:
		}
		for more := true; more && l.ctx.Err() == nil; {
			var err error
			if more, err = l.commit(false); err != nil {
				l.fail(fmt.Errorf("commit: %w", err))
				return
			}
			more = more && l.open.Load() > 0
		}
	}
}

// commit writes what all workers have to say as one transaction, and reports whether there was anything.
func (l *life) commit(last bool) (bool, error) {
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	if l.failed() {
		return false, nil
	}
	l.mu.Lock()
	session := l.session
	l.mu.Unlock()
	if session == nil {
		return false, nil
	}
	cuts, err := l.cuts(last)
	if err != nil || len(cuts) == 0 {
		return false, err
	}
	began := time.Now()
	t, tables := l.transaction(cuts, session)
	if err := l.writer.Commit(l.sound, t); err != nil {
		return false, l.explain(err)
	}
	l.group.memory.committed(t.Offsets, l.topicIDs)
	l.committed(cuts, tables, began)
	l.group.e.cfg.Metrics.commits.WithLabelValues(l.group.plan.Name).Observe(time.Since(began).Seconds())
	return true, nil
}

func (l *life) cuts(last bool) ([]*task.Cut, error) {
	var cuts []*task.Cut
	for _, w := range l.all() {
		c, err := w.cut(last)
		if err != nil {
			return nil, err
		}
		if c != nil {
			cuts = append(cuts, c)
		}
	}
	l.wake() // who waited for a cut
	return cuts, l.disturb(cuts)
}

// explain makes the loss of membership understandable.
func (l *life) explain(err error) error {
	if errors.Is(err, sarama.ErrFencedInstancedId) {
		return l.takenOver()
	}
	if errors.Is(err, txn.ErrFenced) {
		return fmt.Errorf("the broker refused the transaction of %s, somebody else has its partitions now: %w", l.group.id, err)
	}
	return err
}

// committed tells the tasks, and makes room. began is a moment in which the partitions were ours.
func (l *life) committed(cuts []*task.Cut, tables map[*task.Cut]*txn.Batch, began time.Time) {
	var n int64
	for _, c := range cuts {
		n += int64(c.Records)
		offset := int64(-1)
		if b := tables[c]; b != nil {
			offset = b.Last
		}
		c.Task.Committed(c, offset)
	}
	l.open.Add(-n)
	l.wake()
	for _, w := range l.all() {
		if w.store != nil {
			w.store.completeAt(began)
		}
		w.flushSoon()
	}
}

// transaction gathers the cuts: per partition the records of all of them, and the offsets.
func (l *life) transaction(cuts []*task.Cut, session sarama.ConsumerGroupSession) (*txn.Transaction, map[*task.Cut]*txn.Batch) {
	b := newBuilder(cuts)
	t := &txn.Transaction{Offsets: map[txn.TopicPartition]txn.Offset{}}
	tables := map[*task.Cut]*txn.Batch{}
	for _, c := range cuts {
		for topic, next := range c.Next {
			t.Offsets[txn.TopicPartition{Topic: topic, Partition: c.Task.Partition}] = txn.Offset{Next: next, Metadata: c.Meta}
		}
		if len(c.Table) > 0 {
			tables[c] = b.add(c.Task.Group.Table.Topic(), c.Task.Partition, c.Table)
		}
		for _, o := range c.Outputs {
			for p, outs := range o.Parts {
				if len(outs) > 0 {
					b.add(o.Topic.Name, int32(p), outs)
				}
			}
		}
	}
	t.Batches = b.batches
	t.Member = l.member(session)
	return t, tables
}

func (l *life) member(session sarama.ConsumerGroupSession) *sarama.ConsumerGroupMetadata {
	if l.group.e.cfg.Controls.NoFencing {
		return sarama.NewConsumerGroupMetadata(l.group.plan.Name)
	}
	instance := l.group.id
	return sarama.NewConsumerGroupMetadataFromSession(session, l.group.plan.Name, &instance)
}

// builder makes sarama's records in one piece of memory.
type builder struct {
	slab    []sarama.Record
	headers []*sarama.RecordHeader
	heads   []sarama.RecordHeader
	batches []*txn.Batch
	index   map[txn.TopicPartition]*txn.Batch
}

func newBuilder(cuts []*task.Cut) *builder {
	records, headers := 0, 0
	each := func(outs []task.Out) {
		records += len(outs)
		for i := range outs {
			headers += len(outs[i].Headers)
		}
	}
	for _, c := range cuts {
		each(c.Table)
		for _, o := range c.Outputs {
			for _, outs := range o.Parts {
				each(outs)
			}
		}
	}
	return &builder{
		slab: make([]sarama.Record, 0, records), heads: make([]sarama.RecordHeader, 0, headers),
		headers: make([]*sarama.RecordHeader, 0, headers), index: map[txn.TopicPartition]*txn.Batch{},
	}
}

func (b *builder) add(topic string, partition int32, outs []task.Out) *txn.Batch {
	at := txn.TopicPartition{Topic: topic, Partition: partition}
	batch := b.index[at]
	if batch == nil {
		first := slices.MinFunc(outs, func(x, y task.Out) int { return int(x.Time - y.Time) }).Time
		batch = &txn.Batch{TopicPartition: at, FirstTimestamp: time.UnixMilli(first), MaxTimestamp: time.UnixMilli(first), Records: make([]*sarama.Record, 0, len(outs))}
		b.index[at] = batch
		b.batches = append(b.batches, batch)
	}
	for i := range outs {
		o := &outs[i]
		when := time.UnixMilli(o.Time)
		if when.After(batch.MaxTimestamp) {
			batch.MaxTimestamp = when
		}
		b.slab = append(b.slab, sarama.Record{Key: o.Key, Value: o.Value, Headers: b.header(o.Headers), TimestampDelta: when.Sub(batch.FirstTimestamp)})
		batch.Records = append(batch.Records, &b.slab[len(b.slab)-1])
	}
	return batch
}

func (b *builder) header(hs []task.Header) []*sarama.RecordHeader {
	from := len(b.headers)
	for _, h := range hs {
		b.heads = append(b.heads, sarama.RecordHeader{Key: h.Key, Value: h.Value})
		b.headers = append(b.headers, &b.heads[len(b.heads)-1])
	}
	return b.headers[from:len(b.headers):len(b.headers)]
}
