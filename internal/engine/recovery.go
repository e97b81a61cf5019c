package engine

import (
	"sync"
	"time"
)

// recovery measures how a group's stores catch up with their changelogs in one session: they do it side by side,
// so it is the time from the first that begins to the last that ends.
type recovery struct {
	mu           sync.Mutex
	began, ended time.Time // zero: not yet
	bytes        int64     // keys and values read

	slots chan struct{} // taken while a store is rebuilt
}

// reset is called when a session begins.
func (r *recovery) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.ended, r.bytes = time.Time{}, time.Time{}, 0
	if r.slots == nil {
		r.slots = slots()
	}
}

// begin is called when a store begins to catch up.
func (r *recovery) begin(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() || now.Before(r.began) {
		r.began = now
	}
}

// end is called when a store is complete, with what it read.
func (r *recovery) end(bytes int64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += bytes
	if now.After(r.ended) {
		r.ended = now
	}
}

// done is what the stores that are complete took; false: none is.
func (r *recovery) done() (took time.Duration, bytes int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() || r.ended.IsZero() {
		return 0, 0, false
	}
	return r.ended.Sub(r.began), r.bytes, true
}
