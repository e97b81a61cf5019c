package cdc

import (
	"context"
	"sync"
)

// backlog holds the transactions that are read and not yet merged, up to a number of bytes.
type backlog struct {
	limit int
	ready chan struct{} // holds one token when there is something to take

	mu    sync.Mutex
	room  chan struct{} // closed by the next take; made by a put that waits
	units []Unit
	bytes int
}

func newBacklog(limit int) *backlog { return &backlog{limit: limit, ready: make(chan struct{}, 1)} }

// put waits while the backlog is full. One unit always fits, however large it is.
func (b *backlog) put(ctx context.Context, u Unit) error {
	size := 64
	for _, row := range u.Rows {
		size += row.size()
	}
	for {
		room := b.tryPut(u, size)
		if room == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-room:
		}
	}
}

// tryPut returns nil, or what to wait for.
func (b *backlog) tryPut(u Unit, size int) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.units) > 0 && b.bytes+size > b.limit {
		if b.room == nil {
			b.room = make(chan struct{})
		}
		return b.room
	}
	b.units = append(b.units, u)
	b.bytes += size
	select {
	case b.ready <- struct{}{}:
	default:
	}
	return nil
}

// take returns everything and makes room.
func (b *backlog) take() []Unit {
	b.mu.Lock()
	defer b.mu.Unlock()
	units := b.units
	b.units, b.bytes = nil, 0
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
	return units
}
