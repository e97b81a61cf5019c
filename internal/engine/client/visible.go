package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

const (
	// firstWindow is how many offsets the search looks back at first. Most partitions end with one transaction's
	// records and its marker.
	firstWindow = 64
	// windowGrowth is how much wider each further window is, so that a long aborted tail costs few requests.
	windowGrowth = 4
	// searches bounds how often the search is begun while the log's start runs away from it.
	searches = 10
)

// LastVisible returns the offset after the last record that a read-committed reader can see, which is where such a
// reader knows that it has caught up. When there is none, it returns the start of the log (0 for a new partition).
//
//	offset  0 1 2 3 4 5 6
//	        a b C x y A _     C, A: commit and abort markers; x, y: aborted     -> 2
//
// The partition's end (7 here) will not do: nothing is ever delivered for offsets 2 to 6, and who waits for them waits
// for ever. The search goes back from the last stable offset in windows, each read forward, because a fetch only reads
// forward.
func (a *Admin) LastVisible(ctx context.Context, topic string, partition int32) (int64, error) {
	for try := 1; ; try++ {
		offset, err := a.lastVisible(ctx, topic, partition)
		// The log's start moved past the window: retention or DeleteRecords. Start again with the new bounds.
		if errors.Is(err, sarama.ErrOffsetOutOfRange) && try < searches {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("find the last visible record of %s: %w", place{topic, partition}, err)
		}
		return offset, nil
	}
}

func (a *Admin) lastVisible(ctx context.Context, topic string, partition int32) (int64, error) {
	at := place{topic, partition}
	ends, err := a.offsets(ctx, []place{at}, sarama.OffsetNewest)
	if err != nil {
		return 0, err
	}
	starts, err := a.offsets(ctx, []place{at}, sarama.OffsetOldest)
	if err != nil {
		return 0, err
	}
	start, end := starts[at], ends[at]
	for window := int64(firstWindow); end > start; window *= windowGrowth {
		from := max(start, end-window)
		last, err := a.lastVisibleIn(ctx, at, from, end)
		if err != nil {
			return 0, err
		}
		if last >= from {
			return last + 1, nil
		}
		end = from
	}
	return start, nil
}

// lastVisibleIn reads the offsets in [from, end) and returns that of the last visible record, or -1.
func (a *Admin) lastVisibleIn(ctx context.Context, at place, from, end int64) (int64, error) {
	last := int64(-1)
	for from < end {
		page, err := a.page(ctx, at, from, fetchBytes)
		if err != nil {
			return 0, err
		}
		if page.next <= from { // nothing but gaps up to the end
			return last, nil
		}
		if offset := page.lastVisible(from, end); offset >= 0 {
			last = offset
		}
		from = page.next
	}
	return last, nil
}
