package sqlsink

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

const (
	maxRecords = 10_000  // of a transaction
	maxBytes   = 8 << 20 // of its records, about
)

// lane is a connection and the partitions whose records it writes. Each partition has one lane, so that the changes of
// a key stay in order; lanes don't wait for each other, since they touch neither each other's rows nor positions.
type lane struct {
	feed   *feed
	number int
	conn   conn            // nil: not connected
	next   map[int32]int64 // committed position of each of its partitions
	from   map[int32]int64 // where reading began: there is nothing between the position and that
}

// run writes what comes in until ctx ends, or until the positions have reached what until says, if it is not nil. While
// a batch is in its transaction the next one is made ready.
func (l *lane) run(ctx context.Context, in <-chan *sarama.ConsumerMessage, until map[int32]int64) error {
	defer l.disconnect()
	var preparing sync.WaitGroup
	defer preparing.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	idle, ready := make(chan struct{}, 1), make(chan *batch)
	preparing.Go(func() { l.prepare(ctx, in, idle, ready) })
	for !l.reached(until) {
		idle <- struct{}{}
		b, err := l.await(ctx, ready)
		if err == nil {
			err = l.write(ctx, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// await waits for a batch, and gives the connection up if none comes for a while: see restless.
func (l *lane) await(ctx context.Context, ready <-chan *batch) (*batch, error) {
	timer := time.NewTimer(restless)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case b := <-ready:
			return b, nil
		case <-timer.C:
			l.disconnect()
		}
	}
}

// prepare sends a batch for each time that the writer is idle.
func (l *lane) prepare(ctx context.Context, in <-chan *sarama.ConsumerMessage, idle <-chan struct{}, ready chan<- *batch) {
	for {
		b, asked, err := collect(ctx, in, idle)
		if err != nil {
			return
		}
		b.prepare(l.feed.target)
		if !asked {
			select {
			case <-ctx.Done():
				return
			case <-idle:
			}
		}
		select {
		case <-ctx.Done():
			return
		case ready <- b:
		}
	}
}

func (l *lane) reached(until map[int32]int64) bool {
	if until == nil {
		return false
	}
	for p, next := range l.next {
		if max(next, l.from[p]) < until[p] {
			return false
		}
	}
	return true
}

// collect takes at least one record, for which it waits, and those that come until the writer asks for them. So a batch is
// small when little comes, and grows with the load, since more comes in while one is written. asked is false if the batch
// was full before.
func collect(ctx context.Context, in <-chan *sarama.ConsumerMessage, idle <-chan struct{}) (b *batch, asked bool, err error) {
	b = newBatch()
	bytes := 0
	var enough <-chan struct{} // idle, once there is a record and no other waits
	for len(b.records) < maxRecords && bytes < maxBytes {
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case m := <-in:
			b.add(m)
			bytes += len(m.Key) + len(m.Value)
			if enough = nil; len(in) == 0 {
				enough = idle
			}
		case <-enough:
			return b, true, nil
		}
	}
	return b, false, nil
}

// wrote notes a transaction that is committed.
func (l *lane) wrote(b *batch, refused []refusal, took time.Duration) {
	for p, next := range b.next {
		l.next[p] = next
		l.feed.committed[p].Store(next)
	}
	f, table := l.feed, l.feed.target.Table
	f.letters.committed(table, refused)
	for _, r := range refused {
		m := r.change.record
		f.log.Warn("a record can't be written to the table and is a dead letter", "table", table, "topic", m.Topic, "partition", m.Partition, "offset", m.Offset, "reason", r.reason)
	}
	upserts, deletes := split(b.last)
	f.metrics.records.WithLabelValues(table).Add(float64(len(b.records)))
	f.metrics.upserts.WithLabelValues(table).Add(float64(len(upserts)))
	f.metrics.deletes.WithLabelValues(table).Add(float64(len(deletes)))
	f.metrics.seconds.WithLabelValues(table).Observe(took.Seconds())
}

func (l *lane) connected(ctx context.Context) error {
	if l.conn != nil {
		return nil
	}
	c, err := l.feed.dialect.connect(ctx)
	if err != nil {
		return err
	}
	if err := c.bind(ctx, l.feed.target, l.feed.schema); err != nil {
		c.close()
		return fmt.Errorf("prepare to write to table %s: %w", l.feed.target.Table, err)
	}
	l.conn = c
	return nil
}

func (l *lane) disconnect() {
	if l.conn != nil {
		l.conn.close()
		l.conn = nil
	}
}
