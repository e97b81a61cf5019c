package streamtest

import (
	"time"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// SendOption changes where or when a record arrives.
type SendOption func(*delivery)

type delivery struct {
	partition int32
	arrived   time.Time
	headers   []task.Header
}

// ToPartition appends the record to this partition. Default: the one that the hash of the key names, or for
// records without a key the partitions in turn.
func ToPartition(p int) SendOption { return func(d *delivery) { d.partition = int32(p) } }

// Arrived is the record's Kafka timestamp. Default: the wall clock.
func Arrived(at time.Time) SendOption { return func(d *delivery) { d.arrived = at } }

// Header adds a header to the record.
func Header(key, value string) SendOption {
	return func(d *delivery) { d.headers = append(d.headers, task.Header{Key: []byte(key), Value: []byte(value)}) }
}

// Send appends a record to an external topic. It runs nothing.
func Send[K stream.Key, V any](d *Driver, topic stream.Topic[K, V], key K, v V, opts ...SendOption) {
	d.tb.Helper()
	b, err := topic.Codec.Encode([]byte{}, v)
	if err != nil {
		d.tb.Fatalf("send to topic %s: %v", topic.Name, err)
		return
	}
	var k []byte
	if key != "" {
		k = []byte(key)
	}
	d.send(topic.Name, k, b, -1, opts)
}

// SendRaw appends a record to a topic as it is: bytes that are no record of its type, tombstones (nil
// value), records without a key (nil key). Partition -1 is the default of [ToPartition].
func (d *Driver) SendRaw(topic string, partition int32, key, value []byte, opts ...SendOption) {
	d.tb.Helper()
	d.send(topic, key, value, partition, opts)
}

func (d *Driver) send(topic string, key, value []byte, partition int32, opts []SendOption) {
	d.tb.Helper()
	l := d.topic(topic)
	if l == nil {
		return
	}
	to := delivery{partition: partition, arrived: d.Now()}
	for _, f := range opts {
		f(&to)
	}
	n, p := int32(len(l.parts)), to.partition
	switch {
	case p >= n || p < -1:
		d.tb.Fatalf("topic %s has no partition %d, it has %d (option InputPartitions)", topic, p, n)
		return
	case p == -1 && key == nil:
		p = int32(l.turn) % n
		l.turn++
	case p == -1:
		p = task.PartitionOf(string(key), n)
	}
	d.append(topic, p, task.Out{Key: key, Value: value, Time: to.arrived.UnixMilli(), Headers: to.headers})
}
