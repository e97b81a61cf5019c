package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// readCommitted hands f the records of a topic up to the end it has now, as a read-committed reader sees them, in
// order within each partition.
func (t *topics) readCommitted(ctx context.Context, topic string, f func(*kgo.Record) error) error {
	ends, err := t.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return fmt.Errorf("find the end of topic %s: %w", topic, err)
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	// Markers, which transactions end with, tell how far the reading is where no record is visible.
	c, err := t.follow([]string{topic}, kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer c.Close()
	for len(left) > 0 {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read topic %s: %w", topic, err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			r := it.Next()
			if end, ok := left[r.Partition]; !ok || r.Offset >= end-1 {
				delete(left, r.Partition)
			}
			if r.Attrs.IsControl() {
				continue
			}
			if err := f(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow reads topics from their start and goes on with what comes.
func (t *topics) follow(names []string, options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(options, kgo.SeedBrokers(t.address), kgo.ConsumeTopics(names...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(200*time.Millisecond))...)
}
