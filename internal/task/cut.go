package task

import "slices"

// Cut is what one task contributes to one transaction: a consistent set of table changes, outputs and
// input positions. A task owns two: one is filled while the other is committed.
type Cut struct {
	Task    *Task
	Table   []Out            // for the changelog partition of the task
	Outputs []*Output        // with the records per partition
	Next    map[string]int64 // input topic: offset to go on from
	Meta    string           // offset metadata (stateless tasks keep their watermark there)
	Records int              // input records taken in

	arena   arena
	stamps  []Header // header slices live here
	entries []*entry
	touched []touch
	timers  int
	control int
	slots   map[string]*Output
}

// Output is one output topic of a task within one cut.
type Output struct {
	Topic *Topic
	Parts [][]Out // per partition

	link *link
}

// link is what a task knows of its connection with one output topic; it outlives cuts.
type link struct {
	topic      *Topic
	partitions int32
	said       []said // internal topics: what each partition was told last of our time
}

type said struct {
	watermark int64
	advance   int64
	idle      bool
	known     bool
	complete  bool
}

// touch is a record added since the last savepoint, and what its partition knew of our time before.
type touch struct {
	o      *Output
	p      int32
	before said
}

func newCut(t *Task) *Cut {
	c := &Cut{Task: t, Next: map[string]int64{}, slots: map[string]*Output{}}
	for _, topic := range slices.Concat(t.Group.Outputs, []*Topic{t.Group.Dead}) {
		l := t.outputs[topic.Name]
		o := &Output{Topic: topic, Parts: make([][]Out, l.partitions), link: l}
		c.slots[topic.Name] = o
		c.Outputs = append(c.Outputs, o)
	}
	return c
}

func (c *Cut) add(l *link, p int32, out Out) {
	o := c.slots[l.topic.Name]
	o.Parts[p] = append(o.Parts[p], out)
	c.touched = append(c.touched, touch{o: o, p: p})
}

// tell adds a record that says what our time is.
func (c *Cut) tell(l *link, p int32, say said, out Out) {
	c.add(l, p, out)
	c.touched[len(c.touched)-1].before = l.said[p]
	l.said[p] = say
}

func (c *Cut) keep() { c.touched = c.touched[:0] }

// rollback takes back what was added since the last keep.
func (c *Cut) rollback() {
	for _, t := range slices.Backward(c.touched) {
		t.o.Parts[t.p] = t.o.Parts[t.p][:len(t.o.Parts[t.p])-1]
		if t.o.Topic.Kind.Internal() {
			t.o.link.said[t.p] = t.before
		}
	}
	c.keep()
}

// stamp is the header of a record that the context emits.
func (c *Cut) stamp(x *Context) []Header {
	t := x.Task
	st := t.stamp(x.Event, x.Ingest)
	if len(c.stamps) == cap(c.stamps) {
		c.stamps = make([]Header, 0, 512)
	}
	n := len(c.stamps)
	c.stamps = append(c.stamps, Header{headerName, c.arena.keep(st.append(c.arena.tail()))})
	return c.stamps[n : n+1 : n+1]
}

// reset makes the cut ready to be filled again. Memory of a burst is given back.
func (c *Cut) reset() {
	c.Table = shrink(c.Table)
	for _, o := range c.Outputs {
		for p := range o.Parts {
			o.Parts[p] = shrink(o.Parts[p])
		}
	}
	c.entries, c.touched = shrink(c.entries), shrink(c.touched)
	c.stamps = nil
	c.arena.reset()
	clear(c.Next)
	c.Meta, c.Records, c.timers, c.control = "", 0, 0, 0
}

// shrink empties s and drops its memory when it is far larger than what it was used for.
func shrink[T any](s []T) []T {
	if cap(s) > 4096 && len(s) < cap(s)/8 {
		return nil
	}
	clear(s)
	return s[:0]
}

// arena holds the bytes of one cut in chunks that are used again.
type arena struct {
	chunks [][]byte
	at     int
}

const (
	chunkSize = 64 << 10
	chunkTail = 1 << 10 // room that tail offers at least
	maxChunks = 256     // kept between cuts
)

// tail is empty space to append to; keep takes what was appended.
func (a *arena) tail() []byte {
	for {
		if a.at == len(a.chunks) {
			a.chunks = append(a.chunks, make([]byte, 0, chunkSize))
		}
		c := a.chunks[a.at]
		if cap(c)-len(c) >= chunkTail {
			return c[len(c):len(c):cap(c)]
		}
		a.at++
	}
}

// keep makes b, which was appended to tail or stands elsewhere, stay until the cut is reset.
func (a *arena) keep(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	if a.at == len(a.chunks) {
		return b // no tail was asked for yet: it stands elsewhere
	}
	c := a.chunks[a.at]
	if n := len(c) + len(b); n <= cap(c) && &b[0] == &c[:n][len(c)] {
		a.chunks[a.at] = c[:n]
	}
	return b[:len(b):len(b)]
}

func (a *arena) copyString(s string) []byte { return a.keep(append(a.tail(), s...)) }
func (a *arena) copy(b []byte) []byte       { return a.keep(append(a.tail(), b...)) }

func (a *arena) reset() {
	if len(a.chunks) > maxChunks {
		clear(a.chunks[maxChunks:])
		a.chunks = a.chunks[:maxChunks]
	}
	for i := range a.chunks {
		a.chunks[i] = a.chunks[i][:0]
	}
	a.at = 0
}
