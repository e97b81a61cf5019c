package nfa

import "slices"

// heap is a binary heap of runs by their first event. Runs with the same first event come in an order that
// depends on how it was built, and skip strategies can see that order; so it is built exactly as java.util's
// PriorityQueue, and gone through as its array, because Flink does.
type heap[E any] []run[E]

// add puts a run at its place. It may write to the array of h.
func (h heap[E]) add(r run[E]) heap[E] {
	h = append(h, r)
	at := len(h) - 1
	for at > 0 {
		parent := (at - 1) / 2
		if r.start >= h[parent].start {
			break
		}
		h[at] = h[parent]
		at = parent
	}
	h[at] = r
	return h
}

// poll removes the first run.
func (h heap[E]) poll() heap[E] {
	n := len(h) - 1
	last := h[n]
	h = h[:n]
	if n > 0 {
		h.sink(0, last)
	}
	return h
}

// sink puts r at a place, or below those of its children that come before it.
func (h heap[E]) sink(at int, r run[E]) {
	for at < len(h)/2 {
		child := 2*at + 1
		if right := child + 1; right < len(h) && h[child].start > h[right].start {
			child = right
		}
		if r.start <= h[child].start {
			break
		}
		h[at] = h[child]
		at = child
	}
	h[at] = r
}

// without removes the runs for which gone is true, and makes a heap of the others.
func (h heap[E]) without(gone func(run[E]) bool) heap[E] {
	before := len(h)
	h = slices.DeleteFunc(h, gone)
	if len(h) == before {
		return h // as it was built
	}
	for at := len(h)/2 - 1; at >= 0; at-- {
		h.sink(at, h[at])
	}
	return h
}
