package nfa

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrDamaged is returned (wrapped) for stored runs that can't be read.
var ErrDamaged = errors.New("damaged runs")

// encoding is the version of what AppendRuns and AppendNodes write. It goes up with the form, and when the
// compiler numbers the states of a pattern otherwise than before.
const encoding = 1

// AppendRuns appends the stored form of runs: byte encoding; uvarint open runs; then each; uvarint held ones;
// then each. A run is: uvarint state; uvarint Seq of its first event, 0 for the start run, which ends there;
// uvarint Seq of its last event - first; uvarint Index of its last node; varint time of the first event; uvarint
// last - first. Events and nodes are stored apart: see AppendNodes.
func AppendRuns[E any](b []byte, r Runs[E]) []byte {
	b = append(b, encoding)
	for _, h := range []heap[E]{r.open, r.held} {
		b = binary.AppendUvarint(b, uint64(len(h)))
		for _, x := range h {
			b = x.append(b)
		}
	}
	return b
}

func (r run[E]) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(r.state))
	if r.begins() {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, r.start)
	b = binary.AppendUvarint(b, r.last.Event.Seq-r.start)
	b = binary.AppendUvarint(b, uint64(r.last.Index))
	b = binary.AppendVarint(b, r.began)
	return binary.AppendVarint(b, r.latest-r.began)
}

// AppendNodes appends the stored form of the nodes of one event, in the order of their Index: uvarint how many;
// each: uvarint number of the step; uvarint Seq of the event of the node before it, 0: none; then its Index.
func AppendNodes[E any](b []byte, nodes []*Node[E]) []byte {
	b = binary.AppendUvarint(b, uint64(len(nodes)))
	for _, n := range nodes {
		b = binary.AppendUvarint(b, uint64(n.step))
		if n.prev == nil {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, n.prev.Event.Seq)
		b = binary.AppendUvarint(b, uint64(n.prev.Index))
	}
	return b
}

// Reader puts stored runs together again. Nodes are read in the order of their events.
type Reader[E any] struct {
	a     *Automaton[E]
	nodes map[nodeID]*Node[E]
}

// nodeID is how stored runs and nodes name a node.
type nodeID struct {
	seq   uint64
	index int
}

// NewReader makes a reader for the runs of one key.
func NewReader[E any](a *Automaton[E]) *Reader[E] {
	return &Reader[E]{a, map[nodeID]*Node[E]{}}
}

// Nodes takes in the nodes of an event, and returns what follows them. A node before them that is no longer
// stored belongs to no run.
func (r *Reader[E]) Nodes(e *Event[E], b []byte) ([]byte, error) {
	in := numbers{b: b}
	n := in.uvarint()
	for i := 0; uint64(i) < n && !in.bad; i++ {
		node := &Node[E]{Event: e, Index: i, step: int(in.uvarint())}
		if seq := in.uvarint(); seq != 0 {
			node.prev = r.nodes[nodeID{seq, int(in.uvarint())}]
		}
		if node.step >= len(r.a.names) || node.prev != nil && node.prev.Event.Seq >= e.Seq {
			in.bad = true
		}
		r.nodes[nodeID{e.Seq, i}] = node
	}
	if in.bad {
		return nil, fmt.Errorf("%w: event %d", ErrDamaged, e.Seq)
	}
	return in.b, nil
}

// Runs reads runs whose nodes were taken in.
func (r *Reader[E]) Runs(b []byte) (Runs[E], error) {
	if len(b) == 0 || b[0] != encoding {
		return Runs[E]{}, fmt.Errorf("%w: they are not of version %d", ErrDamaged, encoding)
	}
	in := numbers{b: b[1:]}
	runs := Runs[E]{made: len(r.nodes)}
	for _, h := range []*heap[E]{&runs.open, &runs.held} {
		n := in.uvarint()
		for i := uint64(0); i < n && !in.bad; i++ {
			*h = append(*h, r.run(&in))
		}
	}
	begins := func(r run[E]) bool { return r.begins() } // what is held back is a match, and so has begun
	if in.bad || len(in.b) > 0 || slices.ContainsFunc(runs.held, begins) {
		return Runs[E]{}, ErrDamaged
	}
	return runs, nil
}

func (r *Reader[E]) run(in *numbers) run[E] {
	x := run[E]{state: int(in.uvarint()), start: in.uvarint()}
	if x.state >= len(r.a.states) {
		in.bad = true
	}
	if x.start == 0 {
		x.start = noStart
		in.bad = in.bad || x.state != r.a.start
		return x
	}
	x.last = r.nodes[nodeID{x.start + in.uvarint(), int(in.uvarint())}]
	x.began = in.varint()
	x.latest = x.began + in.varint()
	in.bad = in.bad || x.last == nil
	return x
}

// numbers takes varints off bytes, and remembers whether they ran out.
type numbers struct {
	b   []byte
	bad bool
}

func (n *numbers) uvarint() uint64 {
	v, size := binary.Uvarint(n.b)
	n.skip(size)
	if v > math.MaxInt64 {
		n.bad = true
		return 0
	}
	return v
}

func (n *numbers) varint() int64 {
	v, size := binary.Varint(n.b)
	n.skip(size)
	return v
}

func (n *numbers) skip(size int) {
	if size <= 0 {
		n.bad, n.b = true, nil
		return
	}
	n.b = n.b[size:]
}
