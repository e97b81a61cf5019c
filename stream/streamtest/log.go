package streamtest

import (
	"bytes"

	"github.com/tributary-go/tributary/internal/task"
)

// log is a topic: what was committed to it, per partition.
type log struct {
	parts [][]record
	read  int // records up to this order were returned by Read
	turn  int // of partitions, for records without a key
}

// record is a record of a topic with its place among all records of the driver.
type record struct {
	task.Record
	order int
}

// append writes a copy of a record to the end of a partition.
func (d *Driver) append(topic string, p int32, out task.Out) {
	l := d.topics[topic]
	d.order++
	r := record{order: d.order, Record: task.Record{
		Topic: topic, Partition: p, Offset: int64(len(l.parts[p])), Timestamp: out.Time,
		Key: bytes.Clone(out.Key), Value: bytes.Clone(out.Value),
	}}
	for _, h := range out.Headers {
		r.Headers = append(r.Headers, task.Header{Key: bytes.Clone(h.Key), Value: bytes.Clone(h.Value)})
	}
	l.parts[p] = append(l.parts[p], r)
}

// global is the value of a key in a global table now: every instance has read all of it.
func (d *Driver) global(topic, key string) []byte {
	var last record
	for _, part := range d.topics[topic].parts {
		for _, r := range part {
			if r.order > last.order && string(r.Key) == key {
				last = r
			}
		}
	}
	if len(last.Value) == 0 {
		return nil
	}
	return last.Value
}
