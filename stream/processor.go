package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/tables"
)

// Processor is a processor group: one table and any number of inputs. Latest, Fold and Aggregate are made
// of it, and whatever they don't cover can be written on it.
type Processor[K Key, A any] struct {
	t     *Topology
	table tables.Table[K, A]
	group *group
	same  func(a, b *A) bool
}

// NewProcessor makes the group of a table. There is one for each table of a topology.
func NewProcessor[K Key, A any](t *Topology, tbl tables.Table[K, A]) Processor[K, A] {
	g := t.group(tbl.Name)
	if g.Table != nil {
		t.mistake("table %s has two owners: a table belongs to one processor, fold or aggregate", tbl.Name)
	}
	g.Table = &task.Table{Name: tbl.Name, Retain: tbl.Retain, Rows: rowCodec[A]{tbl.Codec}}
	if v, ok := tbl.Codec.(codecs.Versioned); ok {
		g.Table.Version = v.Version()
	}
	if c, ok := tbl.Codec.(codecs.Checked); ok {
		if err := c.Check(); err != nil {
			t.mistake("table %s: %w", tbl.Name, err)
		}
	}
	return Processor[K, A]{t, tbl, g, equality(tbl.Codec)}
}

// rowCodec makes a table's codec work on rows of unknown type.
type rowCodec[A any] struct{ c codecs.Codec[A] }

func (r rowCodec[A]) Append(dst []byte, row any) ([]byte, error) { return r.c.Encode(dst, *row.(*A)) }
func (r rowCodec[A]) JSON(row any) ([]byte, error)               { return json.Marshal(row) }

func (r rowCodec[A]) Decode(b []byte) (any, error) {
	a, err := r.c.Decode(b)
	if err != nil {
		return nil, err
	}
	return &a, nil
}

func (r rowCodec[A]) Bound(row any) (int, bool) {
	b, ok := r.c.(codecs.Bounded[A])
	if !ok {
		return 0, false
	}
	return b.Bound(*row.(*A)), true
}

// equality compares rows: as their codec says (method Same), directly where == means equal content, else by
// their encodings.
func equality[A any](c codecs.Codec[A]) func(a, b *A) bool {
	if own, ok := c.(interface{ Same(a, b A) bool }); ok {
		return func(a, b *A) bool { return own.Same(*a, *b) }
	}
	if plain(reflect.TypeFor[A]()) {
		return func(a, b *A) bool { return any(*a) == any(*b) }
	}
	return func(a, b *A) bool {
		x, err := c.Encode(nil, *a)
		if err != nil {
			return false
		}
		y, err := c.Encode(nil, *b)
		return err == nil && bytes.Equal(x, y)
	}
}

// plain types hold nothing behind pointers, so that == compares their content.
func plain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return false
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
	}
	return true
}

// feed hangs s under n, in the group of p.
func feed[K Key, A, V any](p Processor[K, A], n *node[K, V], text string, s sink[K, V]) *step {
	if n.topic == nil || n.group != nil {
		p.t.mistake("table %s takes in what flows out of table %s without a topic between: put a KeyBy or GroupBy there", p.table.Name, n.group.Name)
		return &step{}
	}
	if !n.keyed {
		p.t.mistake("table %s reads topic %s, which other programs write: re-key it (KeyBy), or declare it Partitioned", p.table.Name, n.topic.Name)
	}
	return n.attach(p.group, text, s)
}

// out is a node that flows out of the processor.
func out[K Key, A, R any](p Processor[K, A], below func(push sink[K, R]) *step) *node[K, R] {
	return &node[K, R]{t: p.t, group: p.group, up: func(_ *group, push sink[K, R]) *step { return below(push) }}
}

// Context is what a processor's handler sees of one record or timer of one key.
type Context[K Key, A any] struct {
	Key K
	// Row is the row of the key; nil: there is none. Put another one in its place to change it, nil to
	// delete it. What Row points to is the handler's own copy; what that points to in turn is not.
	Row *A

	c *task.Context
}

// Record is where the record being handled comes from. In timers it is empty.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	EventTime time.Time
	Arrived   time.Time // ingest time: when the record arrived in Kafka from outside
}

func recordOf(c *task.Context) Record {
	if c.Timer != "" {
		return Record{}
	}
	r := c.Record()
	return Record{r.Topic, r.Partition, r.Offset, task.TimeOf(c.Event), task.TimeOf(c.Ingest)}
}

// Record tells where the record comes from, and its times.
func (c *Context[K, A]) Record() Record { return recordOf(c.c) }

// EventTime is the event time of the record, or the time of the timer.
func (c *Context[K, A]) EventTime() time.Time { return task.TimeOf(c.c.Event) }

// Watermark: events up to here are late. Zero until all inputs were heard of.
func (c *Context[K, A]) Watermark() time.Time { return task.TimeOf(c.c.Watermark()) }

// SetTimer has OnTimer's handler of this name called for the key once the watermark has reached at.
func (c *Context[K, A]) SetTimer(name string, at time.Time) error { return c.c.SetTimer(name, at) }

// DeleteTimer takes back a timer set for this time.
func (c *Context[K, A]) DeleteTimer(name string, at time.Time) error {
	return c.c.DeleteTimer(name, at)
}

// handle runs f between reading the row and writing it back.
func handle[K Key, A, R any](p Processor[K, A], c *task.Context, k K, push sink[K, R], f func(*Context[K, A]) ([]R, error)) error {
	if c.TooLate() {
		return tooLate(c)
	}
	held, err := c.Row()
	if err != nil {
		return err
	}
	x := Context[K, A]{Key: k, c: c}
	old, _ := held.(*A)
	if old != nil {
		row := *old
		x.Row = &row
	}
	rs, err := f(&x)
	if err != nil {
		return err
	}
	if err := p.write(c, old, x.Row, 1, false); err != nil {
		return err
	}
	for _, r := range rs {
		if err := push(c, k, r); err != nil {
			return err
		}
	}
	return nil
}

// write stores what a handler made of the row.
func (p Processor[K, A]) write(c *task.Context, old, row *A, members int64, version bool) error {
	switch {
	case row == nil && old == nil:
		return c.NoRow()
	case row == nil:
		return c.DeleteRow()
	case old != nil && p.same(old, row):
		return c.Touch(members, version)
	}
	return c.SetRow(row, members, version)
}

func tooLate(c *task.Context) error {
	return fmt.Errorf("%w: event time %s, the watermark is %s and the table retains rows for %s", task.ErrLate,
		task.TimeOf(c.Event).Format(time.RFC3339), task.TimeOf(c.Watermark()).Format(time.RFC3339), span(c.Task.Group.Table.Retain))
}

// On handles the records of one input. What f returns flows on under the same key.
func On[K Key, A, V, R any](p Processor[K, A], in Stream[K, V], f func(c *Context[K, A], v V) ([]R, error)) Stream[K, R] {
	return Stream[K, R]{[]*node[K, R]{merged(p, in.nodes, "process, table "+p.table.Name, func(push sink[K, R]) sink[K, V] {
		return func(c *task.Context, k K, v V) error {
			return handle(p, c, k, push, func(x *Context[K, A]) ([]R, error) { return f(x, v) })
		}
	})}}
}

// OnChange handles the changes of a table that GroupBy sent here.
func OnChange[K Key, A, V, R any](p Processor[K, A], in Grouped[K, V], f func(c *Context[K, A], ch Change[V]) ([]R, error)) Stream[K, R] {
	nodes := []*node[K, Change[V]]{in.node}
	return Stream[K, R]{[]*node[K, R]{merged(p, nodes, "process, table "+p.table.Name, func(push sink[K, R]) sink[K, Change[V]] {
		return func(c *task.Context, k K, ch Change[V]) error {
			return handle(p, c, k, push, func(x *Context[K, A]) ([]R, error) { return f(x, ch) })
		}
	})}}
}

// OnTimer handles the timers of a name.
func OnTimer[K Key, A, R any](p Processor[K, A], name string, f func(c *Context[K, A], at time.Time) ([]R, error)) Stream[K, R] {
	fan := &fan[K, R]{}
	if _, twice := p.group.Timers[name]; twice || !validName(name) {
		p.t.mistake("table %s: timer %q needs a name of its own, of letters, digits, '.', '_' and '-'", p.table.Name, name)
	}
	p.group.Timers[name] = func(c *task.Context) error {
		k := K(c.Key)
		return handle(p, c, k, fan.push, func(x *Context[K, A]) ([]R, error) { return f(x, task.TimeOf(c.Event)) })
	}
	st := p.group.step("timer " + name)
	return Stream[K, R]{[]*node[K, R]{out(p, func(push sink[K, R]) *step {
		fan.sinks = append(fan.sinks, push)
		return st
	})}}
}

// merged feeds all nodes of an input to a processor; what comes out is one node. The inputs are attached at
// once, since the table is kept whether or not somebody looks at what comes out.
func merged[K Key, A, V, R any](p Processor[K, A], in []*node[K, V], text string, f func(push sink[K, R]) sink[K, V]) *node[K, R] {
	fan := &fan[K, R]{}
	h := f(fan.push)
	var st *step
	if len(in) == 0 {
		st = p.group.step("nothing")
		p.t.mistake("table %s takes in a stream that is empty", p.table.Name)
	}
	for _, n := range in {
		s := feed(p, n, text, h)
		if st == nil {
			st = s
		} else {
			s.text += " (as above)"
		}
	}
	return out(p, func(push sink[K, R]) *step {
		fan.sinks = append(fan.sinks, push)
		return st
	})
}

// Output is a topic that handlers of a processor may write to, besides what they return.
type Output[K Key, V any] struct {
	x *task.Topic
	c codecs.Codec[V]
}

// OutputOf declares dst as an output of p.
func OutputOf[K, K2 Key, A, V any](p Processor[K, A], dst Topic[K2, V]) Output[K2, V] {
	x := p.t.topic(dst.plan(task.Result))
	p.group.writes(x)
	p.group.step("output " + x.Name)
	return Output[K2, V]{x, dst.Codec}
}

// Emitter is what Output needs of a handler's context.
type Emitter interface{ context() *task.Context }

func (c *Context[K, A]) context() *task.Context { return c.c }

// Send writes a record.
func (o Output[K, V]) Send(c Emitter, k K, v V) error { return emit(c.context(), o.x, k, o.c, v) }

// Delete writes a tombstone.
func (o Output[K, V]) Delete(c Emitter, k K) error { return c.context().Emit(o.x, string(k), nil) }

// SubRows is an ordered map that belongs to the row of a handler's key.
type SubRows[S any] struct {
	c   *task.Context
	sub tables.Sub[S]
}

// SubsOf gives a handler the sub-rows of its key. They live as long as the row does: deleting it deletes
// them, and what a handler puts there while it leaves the key without a row is gone.
func SubsOf[K Key, A, S any](c *Context[K, A], sub tables.Sub[S]) SubRows[S] {
	return SubRows[S]{c.c, sub}
}

// Get finds the entry of a subkey.
func (s SubRows[S]) Get(key string) (v S, ok bool, err error) {
	b, err := s.c.Sub(s.sub.Name, key)
	if err != nil || b == nil {
		return v, false, err
	}
	v, err = s.sub.Codec.Decode(b)
	return v, err == nil, err
}

// Set puts an entry.
func (s SubRows[S]) Set(key string, v S) error {
	b, err := s.sub.Codec.Encode([]byte{}, v)
	if err != nil {
		return err
	}
	return s.c.SetSub(s.sub.Name, key, b)
}

// Delete removes an entry; none is fine.
func (s SubRows[S]) Delete(key string) error { return s.c.SetSub(s.sub.Name, key, nil) }

// Each calls f for the entries in the order of their subkeys until it returns false.
func (s SubRows[S]) Each(f func(key string, v S) bool) (err error) {
	serr := s.c.ScanSubs(s.sub.Name, false, func(key string, b []byte) bool {
		var v S
		if v, err = s.sub.Codec.Decode(b); err != nil {
			return false
		}
		return f(key, v)
	})
	if serr != nil {
		return serr
	}
	return err
}

// WithSubs declares the sub-rows that handlers of p use.
func WithSubs[K Key, A any](p Processor[K, A], names ...string) {
	for _, name := range names {
		if !validName(name) || slices.Contains(p.group.Table.Measure, name) {
			p.t.mistake("table %s: sub-rows %q need a name of their own, of letters, digits, '.', '_' and '-'", p.table.Name, name)
		}
		p.group.Table.Measure = append(p.group.Table.Measure, name)
	}
}
