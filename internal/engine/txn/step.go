package txn

import (
	"context"
	"fmt"
	"time"
)

// The pause before a retry doubles from the first to the longest. It is short
// because the usual reason, CONCURRENT_TRANSACTIONS, is over in a few
// milliseconds.
const (
	firstPause   = time.Millisecond
	longestPause = 50 * time.Millisecond
)

// step repeats try until it succeeds, fails for good, or StepTimeout is over.
func (w *Writer) step(ctx context.Context, name string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, w.config.StepTimeout, stepTimeout(w.config.StepTimeout))
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if !retriable(err) {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !sleep(ctx, pause) {
			return fmt.Errorf("%s: %w; last: %w", name, context.Cause(ctx), err)
		}
		w.config.Logger.Debug("retrying", "transactional_id", w.config.TransactionalID, "step", name, "error", err)
	}
}

// sleep reports whether it could sleep for d before the end of ctx.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
