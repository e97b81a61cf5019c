package sqlsink

import (
	"context"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// backoff doubles a pause up to 5 s. The zero value begins with 100 ms.
type backoff struct{ pause time.Duration }

// wait returns ctx's error if it ends first.
func (b *backoff) wait(ctx context.Context) error {
	b.pause = min(max(2*b.pause, firstPause), maxPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(b.pause):
		return nil
	}
}
