package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// DeleteRecordsBelow lets the brokers drop the records of a topic below an offset per partition. Partitions that
// already start at or after their offset are left alone. The others are all tried; the error names those that failed.
//
// A negative offset is refused, and then nothing is deleted: to Kafka it means "everything".
func (a *Admin) DeleteRecordsBelow(ctx context.Context, topic string, below map[int32]int64) error {
	wanted := make(map[place]int64, len(below))
	for partition, offset := range below {
		if offset < 0 {
			return fmt.Errorf("delete records of topic %s partition %d: the offset %d is negative", topic, partition, offset)
		}
		wanted[place{topic, partition}] = offset
	}
	due, err := a.startingBelow(ctx, wanted)
	if err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	err = a.onLeaders(ctx, due, func(b *sarama.Broker, led []place) (map[place]error, error) {
		return deleteRecords(b, a.client.Config().Admin.Timeout, led, wanted)
	})
	if errors.Is(err, sarama.ErrOffsetOutOfRange) {
		// Beyond the end; or the start moved past the offset meanwhile, which is as good as done.
		if due, again := a.startingBelow(ctx, wanted); again == nil && len(due) == 0 {
			return nil
		}
		err = fmt.Errorf("%w (beyond the partition's end)", err)
	}
	if err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	return nil
}

// startingBelow are the partitions that still hold something to delete.
func (a *Admin) startingBelow(ctx context.Context, wanted map[place]int64) ([]place, error) {
	all := make([]place, 0, len(wanted))
	for p := range wanted {
		all = append(all, p)
	}
	starts, err := a.offsets(ctx, all, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	due := all[:0]
	for _, p := range all {
		if starts[p] < wanted[p] {
			due = append(due, p)
		}
	}
	return due, nil
}

func deleteRecords(b *sarama.Broker, timeout time.Duration, led []place, wanted map[place]int64) (map[place]error, error) {
	topics := make(map[string]*sarama.DeleteRecordsRequestTopic)
	for _, p := range led {
		if topics[p.topic] == nil {
			topics[p.topic] = &sarama.DeleteRecordsRequestTopic{PartitionOffsets: make(map[int32]int64)}
		}
		topics[p.topic].PartitionOffsets[p.partition] = wanted[p]
	}
	// Version 2 is of Kafka 2.4.
	answer, err := b.DeleteRecords(&sarama.DeleteRecordsRequest{Version: 2, Timeout: timeout, Topics: topics})
	if err != nil {
		return nil, err
	}
	outcome := make(map[place]error, len(led))
	for _, p := range led {
		outcome[p] = sarama.ErrIncompleteResponse
		if t := answer.Topics[p.topic]; t != nil && t.Partitions[p.partition] != nil {
			outcome[p] = failure(t.Partitions[p.partition].Err)
		}
	}
	return outcome, nil
}
