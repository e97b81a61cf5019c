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

// evict drops clean entries over the limit, those not used lately first. The caller holds the task's lock.
func (s *store) evict() {
	if s.limit == 0 || len(s.entries) <= s.limit {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	want := s.limit * 7 / 8
	for pass := 0; pass < 2 && len(s.entries) > want; pass++ {
		for k, e := range s.entries {
			if e.used && pass == 0 {
				e.used = false
				continue
			}
			if e.dirty || e.pending > 0 || e.unflushed || e.flushing {
				continue
			}
			delete(s.entries, k)
			if !e.isRow {
				s.order.evict(e)
			}
			if len(s.entries) <= want {
				return
			}
		}
	}
}
