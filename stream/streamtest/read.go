package streamtest

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// Rec is a record that the topology wrote.
type Rec[K stream.Key, V any] struct {
	Key       K
	Value     *V        // nil: tombstone
	EventTime time.Time // as its Kafka timestamp has it: never later than the wall clock
	Partition int32
	Offset    int64
	Headers   map[string]string // nil: none
}

// Read returns the records of a topic that were written since the last Read of it, in the order in which
// they were written, over all partitions.
func Read[K stream.Key, V any](d *Driver, topic stream.Topic[K, V]) []Rec[K, V] {
	d.tb.Helper()
	var rs []Rec[K, V]
	for _, r := range d.ReadRaw(topic.Name) {
		rec := Rec[K, V]{Key: K(r.Key), EventTime: r.Time, Partition: r.Partition, Offset: r.Offset, Headers: r.Headers}
		if r.Value != nil {
			v, err := topic.Codec.Decode(r.Value)
			if err != nil {
				d.tb.Fatalf("topic %s, partition %d, offset %d: %v", topic.Name, r.Partition, r.Offset, err)
				return nil
			}
			rec.Value = &v
		}
		rs = append(rs, rec)
	}
	return rs
}

// Raw is a record as its bytes.
type Raw struct {
	Topic      string
	Partition  int32
	Offset     int64
	Key, Value []byte // nil value: tombstone
	Time       time.Time
	Headers    map[string]string // nil: none
}

// ReadRaw returns the records of any topic, changelogs included, that were written since it or Read was
// last asked for the topic. Stand-alone watermarks are left out.
func (d *Driver) ReadRaw(topic string) []Raw {
	d.tb.Helper()
	l := d.topic(topic)
	if l == nil {
		return nil
	}
	rs := l.since(l.read)
	l.read = d.order
	return rs
}

// since returns the records after an order, without those that are the engine's own.
func (l *log) since(order int) []Raw {
	var rs []record
	for _, part := range l.parts {
		from, _ := slices.BinarySearchFunc(part, order+1, func(r record, at int) int { return cmp.Compare(r.order, at) })
		for _, r := range part[from:] {
			if string(r.Key) != task.WatermarkKey {
				rs = append(rs, r)
			}
		}
	}
	slices.SortFunc(rs, func(a, b record) int { return cmp.Compare(a.order, b.order) })
	raw := make([]Raw, len(rs))
	for i, r := range rs {
		raw[i] = Raw{r.Topic, r.Partition, r.Offset, r.Key, r.Value, task.TimeOf(r.Timestamp), headersOf(r.Headers)}
	}
	return raw
}

func headersOf(hs []task.Header) map[string]string {
	if len(hs) == 0 {
		return nil
	}
	m := make(map[string]string, len(hs))
	for _, h := range hs {
		m[string(h.Key)] = string(h.Value)
	}
	return m
}

// Table is a compacted topic as its readers see it: the last value of each key. It does not change what
// Read returns.
func Table[K stream.Key, V any](d *Driver, topic stream.Topic[K, V]) map[K]V {
	d.tb.Helper()
	m := map[K]V{}
	l := d.topic(topic.Name)
	if l == nil {
		return m
	}
	for _, r := range l.since(0) {
		if r.Value == nil {
			delete(m, K(r.Key))
			continue
		}
		v, err := topic.Codec.Decode(r.Value)
		if err != nil {
			d.tb.Fatalf("topic %s, partition %d, offset %d: %v", topic.Name, r.Partition, r.Offset, err)
			return nil
		}
		m[K(r.Key)] = v
	}
	return m
}

// DeadLetter is a record that could not be processed.
type DeadLetter struct {
	Topic      string // where it comes from, with partition and offset; a table's changelog for a timer
	Partition  int32
	Offset     int64 // -1: a timer
	Reason     string
	Group      string // that could not process it
	Key, Value []byte
	Truncated  int // size in bytes before it was cut; 0: it is whole
}

// DeadLetters returns all dead letters since New.
func (d *Driver) DeadLetters() []DeadLetter {
	var ls []DeadLetter
	for _, r := range d.topics[d.plan.Dead.Name].since(0) {
		h := r.Headers
		partition, _ := strconv.Atoi(h[task.HeaderPartition])
		offset, _ := strconv.ParseInt(h[task.HeaderOffset], 10, 64)
		truncated, _ := strconv.Atoi(h[task.HeaderTruncated])
		ls = append(ls, DeadLetter{
			Topic: h[task.HeaderTopic], Partition: int32(partition), Offset: offset, Reason: h[task.HeaderReason],
			Group: h[task.HeaderGroup], Key: r.Key, Value: r.Value, Truncated: truncated,
		})
	}
	return ls
}
