package stream

import "slices"

// held is what a task gathers per key until its next cut, in the order in which keys came first. What a record
// contributed can be taken back. It is the Keep and Rollback of a task.Gatherer.
type held[K Key, T any] struct {
	values map[K]T
	order  []K
	undo   []undoHeld[K, T]
}

type undoHeld[K Key, T any] struct {
	key K
	old T
	had bool
}

func newHeld[K Key, T any]() held[K, T] { return held[K, T]{values: map[K]T{}} }

// set puts a value in the place of old, if there was one.
func (h *held[K, T]) set(k K, old T, had bool, value T) {
	h.undo = append(h.undo, undoHeld[K, T]{k, old, had})
	if !had {
		h.order = append(h.order, k)
	}
	h.values[k] = value
}

// Keep implements task.Gatherer.
func (h *held[K, T]) Keep() {
	clear(h.undo)
	h.undo = h.undo[:0]
}

// Rollback implements task.Gatherer.
func (h *held[K, T]) Rollback() {
	for _, u := range slices.Backward(h.undo) {
		if u.had {
			h.values[u.key] = u.old
			continue
		}
		delete(h.values, u.key)
		h.order = h.order[:len(h.order)-1]
	}
	h.Keep()
}

// empty gives the memory of a burst back.
func (h *held[K, T]) empty() {
	const burst = 1 << 14
	if len(h.order) > burst {
		*h = newHeld[K, T]()
		return
	}
	clear(h.values)
	clear(h.order)
	h.order = h.order[:0]
}
