package txn

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// nobody is the producer of records that belong to no transaction.
var nobody = producer{id: -1, epoch: -1}

// plain writes what a transaction holds without one: what is written stays when the rest fails, and is written
// again. See Config.WithoutTransactions.
func (w *Writer) plain(ctx context.Context, t *Transaction) error {
	if err := w.produce(ctx, t.Batches); err != nil || len(t.Offsets) == 0 {
		return err
	}
	return w.commitPlainOffsets(ctx, t)
}

// commitPlainOffsets is what a consumer does that reads at least once.
func (w *Writer) commitPlainOffsets(ctx context.Context, t *Transaction) error {
	return w.coordinate(ctx, "commit offsets", sarama.CoordinatorGroup, func(ctx context.Context, at endpoint) error {
		r := &sarama.OffsetCommitRequest{
			Version: 7, ConsumerGroup: w.config.Group, ConsumerGroupGeneration: t.Member.GenerationID,
			ConsumerID: t.Member.MemberID, GroupInstanceId: t.Member.GroupInstanceID,
		}
		for at, o := range t.Offsets {
			r.AddBlock(at.Topic, at.Partition, o.Next, 0, o.Metadata)
		}
		answer, err := ask(ctx, w.cluster, at, func(b *sarama.Broker) (*sarama.OffsetCommitResponse, error) { return b.CommitOffset(r) })
		if err != nil {
			return err
		}
		var worst error
		for topic, partitions := range answer.Errors {
			for p, e := range partitions {
				if e != sarama.ErrNoError {
					worst = graver(worst, fmt.Errorf("%v: %w", TopicPartition{topic, p}, verdict(e)))
				}
			}
		}
		return worst
	})
}
