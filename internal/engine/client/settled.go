package client

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// AwaitVisible waits until everything that was written to a topic before the call is decided, so that readers see what
// is committed of it. A commit is answered before all its markers are written: whoever has learnt of it otherwise may
// ask a partition too early.
func (a *Admin) AwaitVisible(ctx context.Context, topic string) error {
	n, err := a.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	written := make([]int64, n)
	for p := range n {
		err := a.retry(ctx, func() (err error) {
			written[p], err = a.client.GetOffset(topic, p, sarama.OffsetNewest) // read uncommitted: the high watermark
			return err
		})
		if err != nil {
			return fmt.Errorf("find the end of %s: %w", place{topic, p}, err)
		}
	}
	for {
		ends, err := a.EndOffsets(ctx, []string{topic})
		if err != nil {
			return err
		}
		if reached(ends[topic], written) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the open transactions of topic %s: %w", topic, ctx.Err())
		case <-time.After(pause / 10):
		}
	}
}

func reached(ends, goals []int64) bool {
	for p, goal := range goals {
		if p >= len(ends) || ends[p] < goal {
			return false
		}
	}
	return true
}
