package nfa

import (
	"cmp"
	"slices"
)

// edge is the first event of the last of n runs to be dropped.
func (r Runs[E]) edge(n int, d Drop) uint64 {
	var starts []uint64
	for _, x := range r.open {
		if !x.begins() {
			starts = append(starts, x.start)
		}
	}
	slices.Sort(starts)
	if d == DropNewest {
		return starts[len(starts)-n]
	}
	return starts[n-1]
}

// tidy leaves dead nodes behind once there may be more of them than living ones. Nodes point backwards, and a
// run does not look behind its first event: what lies there would be kept for ever otherwise.
func (r Runs[E]) tidy() Runs[E] {
	const few = 64
	switch {
	case r.Empty():
		return Runs[E]{}
	case r.made <= r.live+few:
		return r
	}
	copies := r.copies()
	r.open, r.held = copies.of(r.open), copies.of(r.held)
	r.made, r.live = 0, len(copies)
	return r
}

// copies maps living nodes to copies that lead to no dead ones.
type copies[E any] map[*Node[E]]*Node[E]

// copies goes through the runs by their first events: the chain of a run that began earlier contains what a
// later run sees of a node that both hold.
func (r Runs[E]) copies() copies[E] {
	c := copies[E]{}
	for _, x := range r.byStart() {
		var after *Node[E]
		for n := x.last; n != nil; n = (Match[E]{start: x.start}).before(n) {
			known, ok := c[n]
			if !ok {
				known = &Node[E]{Event: n.Event, Index: n.Index, step: n.step}
				c[n] = known
			}
			if after != nil {
				after.prev = known
			}
			if ok {
				break
			}
			after = known
		}
	}
	return c
}

func (r Runs[E]) byStart() []run[E] {
	all := append(slices.Clone(r.open), r.held...)
	all = slices.DeleteFunc(all, run[E].begins)
	slices.SortFunc(all, func(a, b run[E]) int { return cmp.Compare(a.start, b.start) })
	return all
}

func (c copies[E]) of(h heap[E]) heap[E] {
	h = slices.Clone(h)
	for i := range h {
		h[i].last = c[h[i].last]
	}
	return h
}

// Living calls f for every event that a run holds, each once.
func (r Runs[E]) Living(f func(*Event[E])) {
	seen := map[uint64]bool{}
	for n := range r.copies() {
		if seq := n.Event.Seq; !seen[seq] {
			seen[seq] = true
			f(n.Event)
		}
	}
}
