package client

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// StartOffset returns the offset of the oldest record that a partition still has, or its end when it has none.
func (a *Admin) StartOffset(ctx context.Context, topic string, partition int32) (int64, error) {
	at := place{topic, partition}
	starts, err := a.offsets(ctx, []place{at}, sarama.OffsetOldest)
	if err != nil {
		return 0, fmt.Errorf("find the start of %s: %w", at, err)
	}
	return starts[at], nil
}

// StartOffsets returns StartOffset for each partition of a topic.
func (a *Admin) StartOffsets(ctx context.Context, topic string) (map[int32]int64, error) {
	n, err := a.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	found, err := a.offsets(ctx, places(topic, n), sarama.OffsetOldest)
	if err != nil {
		return nil, fmt.Errorf("find the start of topic %s: %w", topic, err)
	}
	starts := make(map[int32]int64, n)
	for p, offset := range found {
		starts[p.partition] = offset
	}
	return starts, nil
}
