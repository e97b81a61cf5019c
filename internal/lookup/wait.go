package lookup

import (
	"context"
	"net/http"
	"time"
)

// A waiting request looks at the position at these intervals, doubling. A look
// costs less than telling every waiter of every record would.
const (
	firstLook = time.Millisecond
	lastLook  = 25 * time.Millisecond
)

// freshness is what a request demands of the state that it reads.
type freshness struct {
	position Position
	wait     time.Duration
}

func (h *Handler) freshness(q query, info Info) (freshness, error) {
	position, err := q.minPosition(info)
	if err != nil {
		return freshness{}, err
	}
	wait, err := q.wait(h.config.MaxWait)
	return freshness{position, wait}, err
}

// await returns the position of a ready table that has reached what is asked
// for. The position is read before the rows, so that they are never older.
func (h *Handler) await(w http.ResponseWriter, r *http.Request, table Table, asked freshness) ([]int64, error) {
	if err := ready(table); err != nil {
		return nil, err
	}
	offsets := table.Position()
	if asked.position.reached(offsets) {
		return offsets, nil
	}
	if !h.waiters.enter() {
		return nil, fail(http.StatusServiceUnavailable, codeTooMany, "%d requests are waiting for their min_position already: ask again later", h.config.MaxWaiters)
	}
	defer h.waiters.leave()
	h.metrics.waiting.Inc()
	defer h.metrics.waiting.Dec()
	outlast(w, asked.wait+h.config.WriteTimeout)
	return poll(r.Context(), table, asked)
}

func poll(ctx context.Context, table Table, asked freshness) ([]int64, error) {
	deadline := time.NewTimer(asked.wait)
	defer deadline.Stop()
	interval := firstLook
	for {
		look := time.NewTimer(interval)
		select {
		case <-look.C:
		case <-deadline.C:
			look.Stop()
			return reachedOr425(table, asked)
		case <-ctx.Done():
			look.Stop()
			return nil, fail(http.StatusServiceUnavailable, codeStopping, "the request was ended while it waited for its min_position")
		}
		if offsets := table.Position(); asked.position.reached(offsets) {
			return offsets, nil
		}
		interval = min(2*interval, lastLook)
	}
}

func reachedOr425(table Table, asked freshness) ([]int64, error) {
	offsets := table.Position()
	if asked.position.reached(offsets) {
		return offsets, nil
	}
	return nil, fail(http.StatusTooEarly, codePositionAhead, "table %s is at %q and did not reach %q within %s: ask again",
		table.Info().Name, positionOf(offsets), asked.position, asked.wait)
}

// outlast replaces the server's deadline for writing, which a request that
// waits may pass before it has an answer. The one for reading is over by then:
// net/http lifts it once a request has been read. Writers without deadlines,
// which only tests have, need none replaced.
func outlast(w http.ResponseWriter, write time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(write))
}
