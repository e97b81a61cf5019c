package lookup

import "sync"

// feed holds the changes that wait for one watcher. The table fills it and
// never waits: once it is full it stays closed, and the watcher is dropped.
type feed struct {
	wanted func(key string) bool
	limit  int
	wake   chan struct{} // has an element when there may be something to take

	mu      sync.Mutex
	changes []Change
	full    bool
}

func newFeed(limit int, wanted func(key string) bool) *feed {
	return &feed{wanted: wanted, limit: limit, wake: make(chan struct{}, 1)}
}

// add is what a table calls.
func (f *feed) add(c Change) {
	if !f.wanted(c.Key) {
		return
	}
	f.mu.Lock()
	f.put(c)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *feed) put(c Change) {
	if f.full {
		return
	}
	if len(f.changes) == f.limit {
		f.full, f.changes = true, nil
		return
	}
	f.changes = append(f.changes, c)
}

// take gives the waiting changes away and false, or true if there were too
// many. The slice given is filled again, so that two of them go back and forth.
func (f *feed) take(again []Change) (changes []Change, full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changes, f.changes = f.changes, again[:0]
	return changes, f.full
}
