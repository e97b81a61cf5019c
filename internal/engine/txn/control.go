package txn

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// initProducer takes over the transactional id, or renews the writer's hold on
// it: with the identity it has, the broker raises the epoch only if no other
// writer has done so (KIP-360). The sequences start again at 0.
func (w *Writer) initProducer(ctx context.Context) error {
	err := w.coordinate(ctx, "init producer", sarama.CoordinatorTransaction, func(ctx context.Context, at endpoint) error {
		answer, err := ask(ctx, w.cluster, at, func(b *sarama.Broker) (*sarama.InitProducerIDResponse, error) {
			return b.InitProducerID(&sarama.InitProducerIDRequest{
				Version:            4,
				TransactionalID:    &w.config.TransactionalID,
				TransactionTimeout: w.config.TransactionTimeout,
				ProducerID:         w.producer.id,
				ProducerEpoch:      w.producer.epoch,
			})
		})
		if err != nil {
			return err
		}
		if answer.Err != sarama.ErrNoError {
			return verdict(answer.Err)
		}
		w.producer = producer{answer.ProducerID, answer.ProducerEpoch}
		return nil
	})
	clear(w.sequences)
	w.strays = false
	return err
}

// renew takes a new epoch if a control request of an earlier transaction was
// sent twice because its first answer never came. That first one may still sit
// somewhere: an EndTxn would commit half of this transaction, offsets would
// step back. With the old epoch they are refused.
func (w *Writer) renew(ctx context.Context) error {
	if !w.strays {
		return nil
	}
	return w.initProducer(ctx)
}

func (w *Writer) addPartitions(ctx context.Context, byTopic map[string][]int32) error {
	if len(byTopic) == 0 {
		return nil
	}
	return w.coordinate(ctx, "add partitions", sarama.CoordinatorTransaction, func(ctx context.Context, at endpoint) error {
		answer, err := ask(ctx, w.cluster, at, func(b *sarama.Broker) (*sarama.AddPartitionsToTxnResponse, error) {
			return b.AddPartitionsToTxn(&sarama.AddPartitionsToTxnRequest{
				Version:         3,
				TransactionalID: w.config.TransactionalID,
				ProducerID:      w.producer.id,
				ProducerEpoch:   w.producer.epoch,
				TopicPartitions: byTopic,
			})
		})
		if err != nil {
			return err
		}
		return gravest(answer.Errors)
	})
}

func (w *Writer) addOffsets(ctx context.Context) error {
	return w.coordinate(ctx, "add offsets", sarama.CoordinatorTransaction, func(ctx context.Context, at endpoint) error {
		answer, err := ask(ctx, w.cluster, at, func(b *sarama.Broker) (*sarama.AddOffsetsToTxnResponse, error) {
			return b.AddOffsetsToTxn(&sarama.AddOffsetsToTxnRequest{
				Version:         3,
				TransactionalID: w.config.TransactionalID,
				ProducerID:      w.producer.id,
				ProducerEpoch:   w.producer.epoch,
				GroupID:         w.config.Group,
			})
		})
		if err != nil {
			return err
		}
		return verdict(answer.Err)
	})
}

func (w *Writer) commitOffsets(ctx context.Context, member *sarama.ConsumerGroupMetadata, byTopic map[string][]*sarama.PartitionOffsetMetadata) error {
	return w.coordinate(ctx, "commit offsets", sarama.CoordinatorGroup, func(ctx context.Context, at endpoint) error {
		answer, err := ask(ctx, w.cluster, at, func(b *sarama.Broker) (*sarama.TxnOffsetCommitResponse, error) {
			return b.TxnOffsetCommit(&sarama.TxnOffsetCommitRequest{
				Version:         3,
				TransactionalID: w.config.TransactionalID,
				GroupID:         w.config.Group,
				ProducerID:      w.producer.id,
				ProducerEpoch:   w.producer.epoch,
				GenerationID:    member.GenerationID,
				MemberID:        member.MemberID,
				GroupInstanceID: member.GroupInstanceID,
				Topics:          byTopic,
			})
		})
		if err != nil {
			return err
		}
		if answer.Version < 3 { // sarama steps down silently
			return fmt.Errorf("broker %s is older than Kafka 2.5: it would not refuse a former member's offsets; upgrade it", at.address)
		}
		return gravest(answer.Topics)
	})
}

// endTxn is the decision. A lost answer is asked for again with the same one.
func (w *Writer) endTxn(ctx context.Context, commit bool) error {
	name := "abort transaction"
	if commit {
		name = "commit transaction"
	}
	return w.coordinate(ctx, name, sarama.CoordinatorTransaction, func(ctx context.Context, at endpoint) error {
		answer, err := ask(ctx, w.cluster, at, func(b *sarama.Broker) (*sarama.EndTxnResponse, error) {
			return b.EndTxn(&sarama.EndTxnRequest{
				Version:           3,
				TransactionalID:   w.config.TransactionalID,
				ProducerID:        w.producer.id,
				ProducerEpoch:     w.producer.epoch,
				TransactionResult: commit,
			})
		})
		if err != nil {
			return err
		}
		return verdict(answer.Err)
	})
}

// coordinate is a step whose requests go to a coordinator, wherever it moves.
func (w *Writer) coordinate(ctx context.Context, name string, kind sarama.CoordinatorType, try func(context.Context, endpoint) error) error {
	return w.step(ctx, name, func(ctx context.Context) error {
		at, err := w.coordinator(ctx, kind)
		if err != nil {
			return err
		}
		err = try(ctx, at)
		if coordinatorMoved(err) {
			delete(w.coordinators, kind)
		}
		w.strays = w.strays || isUnanswered(err)
		return err
	})
}

// coordinator returns where the group's or the transaction's coordinator is,
// from memory if it is there.
func (w *Writer) coordinator(ctx context.Context, kind sarama.CoordinatorType) (endpoint, error) {
	if at, known := w.coordinators[kind]; known {
		return at, nil
	}
	key := w.config.TransactionalID
	if kind == sarama.CoordinatorGroup {
		key = w.config.Group
	}
	address, err := w.cluster.findCoordinator(ctx, kind, key)
	if err != nil {
		return endpoint{}, fmt.Errorf("find the coordinator of %q: %w", key, err)
	}
	at := endpoint{control, address}
	w.coordinators[kind] = at
	return at, nil
}

// gravest returns the error that decides about an answer by partitions.
func gravest(byTopic map[string][]*sarama.PartitionError) error {
	var worst error
	for topic, partitions := range byTopic {
		for _, p := range partitions {
			// Not attempted because of another partition, which says why.
			if p.Err == sarama.ErrNoError || p.Err == sarama.ErrOperationNotAttempted {
				continue
			}
			worst = graver(worst, fmt.Errorf("%v: %w", TopicPartition{topic, p.Partition}, verdict(p.Err)))
		}
	}
	return worst
}
