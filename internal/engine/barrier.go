package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine/txn"
	"github.com/tributary-go/tributary/internal/task"
)

// barriers writes recovery barriers. A raw high watermark may lie behind transaction markers or aborted records,
// which are never delivered; and a transaction of the predecessor that is decided but not marked yet lies before
// the barrier, so that a read-committed reader that has reached the barrier has seen it.
type barriers struct {
	config txn.Config

	mu     sync.Mutex
	writer *txn.Writer // made when it is needed first
}

func (l *life) newBarriers(conf func() *sarama.Config) *barriers {
	e := l.group.e
	return &barriers{config: txn.Config{
		Client: conf, Brokers: e.cfg.Connection.Brokers, TransactionalID: l.group.id, WithoutTransactions: true,
		StepTimeout: e.cfg.StepTimeout, Logger: e.cfg.Log,
	}}
}

// write writes a barrier and returns its offset. It ends within the watchdog's bound and with ctx, whatever the
// brokers do. It has no transaction: a second barrier does no harm.
func (b *barriers) write(ctx context.Context, topic string, partition int32) (int64, error) {
	batch := &txn.Batch{
		TopicPartition: txn.TopicPartition{Topic: topic, Partition: partition}, FirstTimestamp: time.Now(),
		Records: []*sarama.Record{{Key: []byte(task.BarrierKey), Value: []byte{}}},
	}
	if err := b.commit(ctx, batch); err != nil {
		return 0, fmt.Errorf("write the recovery barrier to %s, partition %d: %w", topic, partition, err)
	}
	return batch.Last, nil
}

func (b *barriers) commit(ctx context.Context, batch *txn.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.writer == nil {
		w, err := txn.New(ctx, b.config)
		if err != nil {
			return err
		}
		b.writer = w
	}
	if err := b.writer.Commit(ctx, &txn.Transaction{Batches: []*txn.Batch{batch}}); err != nil {
		return errors.Join(err, b.closeWriter()) // an error is a writer's last, and the life may see another session
	}
	return nil
}

// close ends the connection; a later write opens another.
func (b *barriers) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closeWriter()
}

func (b *barriers) closeWriter() error {
	w := b.writer
	if b.writer = nil; w == nil {
		return nil
	}
	return w.Close()
}
