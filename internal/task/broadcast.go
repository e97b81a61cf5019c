package task

import (
	"bytes"
	"fmt"
	"strings"
	"unsafe"
)

// A broadcast is a record that goes to every partition of an internal topic, in the transaction of its cut. So
// each task downstream meets it at one place of its input, between the same two records however often they are
// read. What a task makes of broadcasts it keeps in values of its own: they belong to the partition and to no key.

// Broadcasts and the values that tasks keep have keys of their own, in topics and in stores.
const (
	broadcastKey = "\x00r"
	sharedKey    = "\x00s"
)

// IsBroadcast tells the keys of records that went to every partition of an internal topic.
func IsBroadcast(key string) bool { return strings.HasPrefix(key, broadcastKey) }

// Broadcast writes a record to every partition of one of the group's internal outputs. value is as Emit has it.
func (c *Context) Broadcast(topic *Topic, key string, value []byte) error {
	t := c.Task
	o := t.outputs[topic.Name]
	if o == nil || !topic.Kind.Internal() {
		return fmt.Errorf("topic %s is not an internal output of group %s", topic.Name, t.Group.Name)
	}
	if err := t.checkSize(topic.Name, len(broadcastKey)+len(key)+len(value)); err != nil {
		return err
	}
	f := t.fill
	out := Out{Time: kafkaTime(c.Event, t.env.Now())}
	if value != nil {
		out.Value = f.arena.keep(value)
	}
	out.Key = f.arena.copyString(broadcastKey + key)
	out.Headers = f.stamp(c)
	for p := range o.partitions {
		f.tell(o, p, t.saying(), out)
	}
	return nil
}

// broadcast hands a record that went to every partition to the input's handler, with its key as it was sent.
func (t *Task) broadcast(in *Input, r *Record, st *stamp) error {
	t.fill.Records++
	t.env.Counters.Records.Add(1)
	t.ctx = Context{Task: t, rec: r, input: in, Key: string(r.Key[len(broadcastKey):]), Event: st.event, Ingest: st.ingest}
	return t.guard(in.Broadcast)
}

// shared is a value of the task with what was made of it last.
type shared struct {
	stored []byte
	value  any
}

// Shared is the task's own value of a name, decoded; nil: there is none. It must not be changed in place. One that
// can't be decoded is damage of the store, not of the record.
func (c *Context) Shared(name string, decode func([]byte) (any, error)) (any, error) {
	t := c.Task
	e, err := t.store.record(sharedKey + name)
	if err != nil || e.val == nil {
		return nil, err
	}
	if held, ok := t.shared[name]; ok && sameBytes(held.stored, e.val) {
		return held.value, nil
	}
	v, err := decode(e.val)
	if err != nil {
		return nil, &storeError{fmt.Errorf("table %s, value %q of partition %d: %w", t.Group.Table.Name, name, t.Partition, err)}
	}
	t.shared[name] = shared{e.val, v}
	return v, nil
}

// sameBytes compares; most often the slices are one, since values of the store are replaced and never changed in
// place. An entry that was evicted comes back as another one.
func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && (unsafe.SliceData(a) == unsafe.SliceData(b) || bytes.Equal(a, b))
}

// SetShared replaces the task's own value of a name; nil deletes it. stored is the encoding of value, and kept.
func (c *Context) SetShared(name string, stored []byte, value any) error {
	t := c.Task
	if err := t.checkSize(t.Group.Table.Topic(), len(sharedKey)+len(name)+len(stored)); err != nil {
		return err
	}
	e, err := t.store.record(sharedKey + name)
	if err != nil {
		return err
	}
	t.store.setSub(e, stored)
	t.shared[name] = shared{stored, value}
	return nil
}

// SharedName is the name of a task's own value that lies under a key of its store or changelog.
func SharedName(key string) (string, bool) { return strings.CutPrefix(key, sharedKey) }
