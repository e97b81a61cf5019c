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
