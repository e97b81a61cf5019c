package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Context is what a handler sees while it handles one record or timer of one key. It is only valid during
// the call.
type Context struct {
	Task  *Task
	Key   string // of the record; handlers that re-key don't change it
	Timer string // name of the timer that fires; "" for records

	// Event and Ingest are the times that travel with what is emitted, in ms. Ingest is NoTime in timers.
	Event, Ingest int64

	rec   *Record
	input *Input
	row   *entry // of Key, once it was looked up
	subs  bool   // sub-rows were changed
}

// entry is the row of the record's key, looked up once.
func (c *Context) entry() (*entry, error) {
	if c.row == nil {
		e, err := c.Task.store.row(c.Key)
		if err != nil {
			return nil, err
		}
		c.row = e
	}
	return c.row, nil
}

// subScratch is the key of a sub-row of the record's key, in a buffer: for look-ups only.
func (c *Context) subScratch(name, sub string) string {
	b := append(append(c.Task.scratch[:0], c.Key...), 0)
	b = append(append(append(b, name...), 0), sub...)
	c.Task.scratch = b
	return StringOf(b)
}

// Record is the record being handled; in a timer only its key means something.
func (c *Context) Record() *Record { return c.rec }

// Watermark is the task's, in ms.
func (c *Context) Watermark() int64 { return c.Task.clock.now }

// ErrSkip makes a handler's record count as skipped: no effect, no dead letter.
var ErrSkip = errors.New("skipped")

// ErrLate makes a record a dead letter and counts it as late.
var ErrLate = errors.New("too late")

// EventTime states the event time of a record of the outside world. One too far ahead of its ingest time
// is refused, so that one broken clock cannot move time for all.
func (c *Context) EventTime(at time.Time) error {
	event := ms(at)
	if event == NoTime {
		return nil
	}
	if ahead := c.Task.env.MaxAhead; ahead > 0 && event > c.Ingest+ahead.Milliseconds() {
		return fmt.Errorf("event time %s is more than %s ahead of the time of arrival %s (--max-ahead)",
			at.UTC().Format(time.RFC3339), ahead, TimeOf(c.Ingest).Format(time.RFC3339))
	}
	c.Event = event
	return nil
}

// ---- rows

// Row is the group's row of the record's key; nil: none. It must not be changed in place.
func (c *Context) Row() (any, error) {
	e, err := c.entry()
	if err != nil {
		return nil, err
	}
	return e.row, nil
}

// RowTimes are the business and ingest time of the row.
func (c *Context) RowTimes() (at, ingest int64, members int64, err error) {
	e, err := c.entry()
	if err != nil {
		return 0, 0, 0, err
	}
	if e.row == nil {
		return NoTime, NoTime, 0, nil
	}
	return e.meta.at, e.meta.ingest, e.meta.members, nil
}

// SetRow replaces the row of the record's key. Its times become the later of the old ones and the
// context's, or exactly the context's event time if reset is set (a row that is one version of a record,
// not a sum of many).
func (c *Context) SetRow(row any, members int64, reset bool) error {
	t := c.Task
	e, err := c.entry()
	if err != nil {
		return err
	}
	if err := t.checkRow(c.Key, row); err != nil {
		return err
	}
	m := rowMeta{at: c.Event, ingest: c.Ingest, members: members}
	if e.row != nil {
		m.ingest = max(m.ingest, e.meta.ingest)
		if !reset {
			m.at = max(m.at, e.meta.at)
		}
	}
	t.store.setRow(e, row, m)
	return nil
}

// Touch records that what the context handles is part of the row, though the row stays equal.
func (c *Context) Touch(members int64, reset bool) error {
	e, err := c.entry()
	if err != nil || e.row == nil {
		return err
	}
	at, ingest := c.Event, max(c.Ingest, e.meta.ingest)
	if !reset {
		at = max(at, e.meta.at)
	}
	if at == e.meta.at && ingest == e.meta.ingest && members == e.meta.members {
		return nil
	}
	m := e.meta
	m.at, m.ingest, m.members = at, ingest, members
	c.Task.store.setRow(e, e.row, m)
	return nil
}

// DeleteRow removes the row and its sub-rows.
func (c *Context) DeleteRow() error {
	t := c.Task
	e, err := c.entry()
	if err != nil {
		return err
	}
	if e.row != nil {
		t.store.setRow(e, nil, rowMeta{})
	}
	if len(t.Group.Table.Measure) == 0 || e.whole && e.subs.size() == 0 {
		return nil
	}
	var subs []string
	if err := t.store.scan(e, c.Key+"\x00", c.Key+"\x01", false, func(k string, _ []byte) bool {
		subs = append(subs, k)
		return true
	}); err != nil {
		return err
	}
	for _, k := range subs {
		sub, err := t.store.sub(e, k)
		if err != nil {
			return err
		}
		t.store.setSub(sub, nil)
	}
	e.whole = true // all that the local store has is in memory, deleted
	return nil
}

// TooLate tells whether the table has already forgotten rows of the record's event time.
func (c *Context) TooLate() bool {
	tab := c.Task.Group.Table
	now := c.Task.clock.now
	return tab != nil && tab.Retain > 0 && c.input != nil && c.input.Events && now != NoTime && c.Event != NoTime &&
		c.Event+tab.Retain.Milliseconds() <= now
}

func (t *Task) checkRow(key string, row any) error {
	n, known := t.Group.Table.Rows.Bound(row)
	if !known || len(key)+n+rowOverhead > t.env.MaxRecord { // or it can't be encoded at all: then why is to be told
		b, err := t.Group.Table.Rows.Append(t.scratch[:0], row)
		if err != nil {
			return fmt.Errorf("encode the row of key %q for table %s: %w", key, t.Group.Table.Name, err)
		}
		t.scratch, n = b[:0], len(b)
	}
	return t.checkSize(t.Group.Table.Topic(), len(key)+n+rowOverhead)
}

// rowOverhead is what is stored of a row beside its value, at most, in bytes.
const rowOverhead = 32

func (t *Task) checkSize(topic string, n int) error {
	if limit := t.env.MaxRecord; n > limit {
		return fmt.Errorf("the record for topic %s would have %d bytes, the limit is %d", topic, n, limit)
	}
	return nil
}

// ---- sub-rows

func subKey(key, name string) string { return key + "\x00" + name + "\x00" }

// Sub is a sub-row of the record's key; nil: none. It must not be changed.
func (c *Context) Sub(name, sub string) ([]byte, error) {
	row, err := c.entry()
	if err != nil {
		return nil, err
	}
	k := c.subScratch(name, sub)
	if row.whole && row.subs.find(k) == nil {
		return nil, nil
	}
	e, err := c.Task.store.sub(row, k)
	if err != nil {
		return nil, err
	}
	return e.val, nil
}

// SetSub changes a sub-row; nil deletes it. val is kept: the caller must not change it any more.
func (c *Context) SetSub(name, sub string, val []byte) error {
	if !slices.Contains(c.Task.Group.Table.Measure, name) {
		return fmt.Errorf("table %s: sub-rows %q are not declared", c.Task.Group.Table.Name, name)
	}
	if err := c.Task.checkSize(c.Task.Group.Table.Topic(), len(c.Key)+len(name)+len(sub)+2+len(val)); err != nil {
		return err
	}
	row, err := c.entry()
	if err != nil {
		return err
	}
	e, err := c.Task.store.sub(row, c.subScratch(name, sub))
	if err == nil {
		c.subs = true
		c.Task.store.setSub(e, val)
	}
	return err
}

// NoRow is what a handler ends with that leaves its key without a row: sub-rows don't outlive their row, nor
// live before it.
func (c *Context) NoRow() error {
	if !c.subs {
		return nil
	}
	return c.DeleteRow()
}

// ScanSubs calls f for the sub-rows of name in order of their keys, or from the last one on if reverse.
func (c *Context) ScanSubs(name string, reverse bool, f func(sub string, val []byte) bool) error {
	lo := subKey(c.Key, name)
	hi := lo[:len(lo)-1] + "\x01"
	e, err := c.entry()
	if err != nil {
		return err
	}
	return c.Task.store.scan(e, lo, hi, reverse, func(k string, v []byte) bool { return f(k[len(lo):], v) })
}

// SetTimer has the handler of name called for the record's key once the watermark has reached at.
func (c *Context) SetTimer(name string, at time.Time) error {
	if _, ok := c.Task.Group.Timers[name]; !ok {
		return fmt.Errorf("timer %q is not declared", name)
	}
	return c.Task.setTimer(ms(at), name, c.Key)
}

// DeleteTimer takes back a timer set for exactly this time; none is fine.
func (c *Context) DeleteTimer(name string, at time.Time) error {
	return c.Task.deleteTimer(ms(at), name, c.Key)
}

// ---- output

// Buffer is scratch space for encoding what is passed to Emit.
func (c *Context) Buffer() []byte { return c.Task.fill.arena.tail() }

// Emit writes a record to one of the group's outputs. value was appended to Buffer, or belongs to the task
// from now on. A nil value is a tombstone.
func (c *Context) Emit(topic *Topic, key string, value []byte) error {
	t := c.Task
	o := t.outputs[topic.Name]
	if o == nil {
		return fmt.Errorf("topic %s is not an output of group %s", topic.Name, t.Group.Name)
	}
	if err := t.checkSize(topic.Name, len(key)+len(value)); err != nil {
		return err
	}
	f := t.fill
	out := Out{Time: kafkaTime(c.Event, t.env.Now())}
	if value != nil {
		out.Value = f.arena.keep(value) // before the key takes the place it was appended to
	}
	out.Key = f.arena.copyString(key)
	p := int32(0)
	if o.partitions > 1 {
		p = PartitionOf(key, o.partitions)
	}
	if topic.Kind.Internal() {
		out.Headers = f.stamp(c)
		f.tell(o, p, t.saying(), out)
	} else {
		f.add(o, p, out)
	}
	return nil
}

// PartitionOf is goka's partitioner (FNV-1a), which the topics we write share with goka's views.
func PartitionOf(key string, n int32) int32 {
	h := uint32(2166136261)
	for i := 0; i < len(key); i++ {
		h = (h ^ uint32(key[i])) * 16777619
	}
	p := int32(h)
	if p < 0 {
		p = -p
	}
	if p < 0 { // goka negates the smallest number to itself and fails; no key gets there
		return 0
	}
	return p % n
}

// CheckKey refuses keys that the store or goka give another meaning.
func CheckKey(k string) error {
	switch {
	case k == "":
		return errors.New("the key is empty")
	case k == "__offset":
		return errors.New("the key \"__offset\" is reserved")
	case strings.IndexByte(k, 0) >= 0:
		return fmt.Errorf("the key %.64q contains a zero byte", k)
	}
	return nil
}

// Skip counts a record that has no effect, and leaves what else is done with it.
func (t *Task) Skip() { t.env.Counters.Skipped.Add(1) }

// Orphan counts a retraction of something that the table no longer holds.
func (t *Task) Orphan() { t.env.Counters.Orphans.Add(1) }
