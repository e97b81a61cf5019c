package task

import (
	"cmp"
	"slices"
)

// Unflushed is the number of committed keys that the local store lacks.
func (t *Task) Unflushed() int {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	return len(t.store.unflushed)
}

// Flush hands write everything committed that the local store lacks, sorted by key, with the changelog
// offset it stands for, then makes room in memory. Values are only valid during the call. It may be called
// beside Process, but not beside itself; lock is the lock under which the caller serialises Process.
func (t *Task) Flush(lock interface {
	Lock()
	Unlock()
}, write func(ws []Write, offset int64) error) error {
	s := t.store
	ws, entries, offset := s.startFlush()
	if len(entries) > 0 {
		if err := write(ws, offset); err != nil {
			return err
		}
		s.endFlush(entries)
	}
	for portion := range slices.Chunk(entries, 1024) { // so that records need not wait for all of them
		lock.Lock()
		s.forget(portion)
		lock.Unlock()
	}
	lock.Lock()
	defer lock.Unlock()
	s.evict()
	return nil
}

func (s *store) startFlush() ([]Write, []*entry, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := s.unflushed
	s.unflushed = nil
	slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.key, b.key) })
	ws := make([]Write, len(entries))
	for i, e := range entries {
		e.unflushed, e.flushing = false, true
		ws[i] = Write{e.key, e.committed}
		e.committed = nil // a later commit takes a slice of its own
	}
	return ws, entries, s.offset
}

func (s *store) endFlush(entries []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		e.flushing = false
	}
}

// forget drops those of the flushed entries that stand for nothing: sub-rows, timers and task records that are gone.
// The caller holds the task's lock.
func (s *store) forget(flushed []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range flushed {
		s.dropGone(e)
	}
}

// dropGone drops an entry that has no value, in memory or in the log, and that nobody holds.
func (s *store) dropGone(e *entry) {
	if !e.isRow && !e.there() && !e.busy() && !e.dropped {
		s.drop(e)
	}
}

// drop takes a sub-row, task record or timer out of memory.
func (s *store) drop(e *entry) {
	e.dropped = true
	s.size--
	if e.parent == nil {
		s.own.drop(e)
		return
	}
	e.parent.subs.drop(e)
	if e.there() {
		e.parent.whole = false
	}
}

// evict drops clean entries over the limit: timers that come last if they are half of all, then rows, with their
// sub-rows, that were not used lately, then others. The caller holds the task's lock.
func (s *store) evict() {
	if s.limit == 0 || s.size <= s.limit {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	want := s.limit * 7 / 8
	s.evictTimers(want / 2)
	for pass := 0; pass < 2; pass++ {
		for _, e := range s.rows {
			if s.size <= want {
				return
			}
			s.evictRow(e, pass > 0)
		}
	}
	s.evictTimers(max(0, want-(s.size-s.own.size())))
}

// evictRow drops a row with its sub-rows. Of one that is used, or has many of them, sub-rows are dropped for
// themselves.
func (s *store) evictRow(e *entry, even bool) {
	used := e.used && !even
	e.used = false
	if used && (e.subs == nil || e.subs.many == nil) {
		return
	}
	var idle []*entry
	e.subs.each(func(sub *entry) bool {
		if sub.busy() || used && sub.used {
			sub.used = false
			return true
		}
		idle = append(idle, sub)
		return true
	})
	for _, sub := range idle {
		s.drop(sub)
	}
	if !used && e.subs.size() == 0 && !e.busy() {
		delete(s.rows, e.key)
		s.size--
	}
}

// evictTimers drops timers, those that come last first, until the task has no more than so many entries of its own.
func (s *store) evictTimers(want int) {
	n := s.own.size() - want
	if n <= 0 {
		return
	}
	var idle []*entry
	s.own.each(func(e *entry) bool {
		if e.key < timerKey || len(idle) == n {
			return false
		}
		if e.key < timersEnd && !e.busy() {
			idle = append(idle, e)
		}
		return true
	})
	for _, e := range idle {
		s.lack = min(s.lack, e.key)
		s.drop(e)
	}
}
