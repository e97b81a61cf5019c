package brokers

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Record is what a test writes and reads.
type Record struct {
	// Partition: see Produce and ProduceTo.
	Partition int32
	// Offset is the broker's; it is ignored when writing.
	Offset int64
	Key    []byte
	// Value is nil for a tombstone.
	Value []byte
	// Headers by name; of those with the same name the last. Nil if there are none.
	Headers map[string]string
	// Timestamp. Zero when writing: now.
	Timestamp time.Time
}

// writing leaves it to the topic's max.message.bytes what is too large, and does not compress, so that sizes mean what
// they say.
func (c Cluster) writing(t testing.TB, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	return c.client(t, append(options, kgo.ProducerBatchMaxBytes(64<<20), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
}

// Produce writes records and waits until they are stored. A record goes where Java's producer would put its key
// (murmur2). It returns the records with the partition and offset that they got.
func (c Cluster) Produce(t testing.TB, topic string, records ...Record) []Record {
	t.Helper()
	hash := kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil))
	return produce(t, c.writing(t, hash), topic, records)
}

// ProduceTo is Produce into each record's own Partition.
func (c Cluster) ProduceTo(t testing.TB, topic string, records ...Record) []Record {
	t.Helper()
	return produce(t, c.writing(t, kgo.RecordPartitioner(kgo.ManualPartitioner())), topic, records)
}

func produce(t testing.TB, client *kgo.Client, topic string, records []Record) []Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sent := make([]*kgo.Record, len(records))
	for i, r := range records {
		sent[i] = r.toKafka(topic)
	}
	if err := client.ProduceSync(ctx, sent...).FirstErr(); err != nil {
		t.Fatalf("produce to topic %s: %v", topic, err)
	}
	written := make([]Record, len(sent))
	for i, r := range sent { // the client fills in partition, offset and timestamp
		written[i] = fromKafka(r)
	}
	return written
}

func (r Record) toKafka(topic string) *kgo.Record {
	k := &kgo.Record{Topic: topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
	for name, value := range r.Headers {
		k.Headers = append(k.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return k
}

func fromKafka(k *kgo.Record) Record {
	r := Record{Partition: k.Partition, Offset: k.Offset, Key: k.Key, Value: k.Value, Timestamp: k.Timestamp}
	for _, h := range k.Headers {
		if r.Headers == nil {
			r.Headers = make(map[string]string, len(k.Headers))
		}
		r.Headers[h.Key] = string(h.Value)
	}
	return r
}

// ReadCommitted reads a topic from its start to the end that it has now, as a read-committed reader sees it. Records
// are in the order of offsets within each partition, and partitions follow each other.
func (c Cluster) ReadCommitted(t testing.TB, topic string) []Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	starts, ends := c.bounds(ctx, t, topic)
	from := make(map[int32]kgo.Offset)
	for p, end := range ends {
		if starts[p] < end {
			from[p] = kgo.NewOffset().At(starts[p])
		}
	}
	if len(from) == 0 {
		return nil
	}
	client := c.client(t,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Markers tell how far the reading is where no record is visible.
		kgo.KeepControlRecords(),
	)
	return collect(ctx, t, client, topic, from, ends)
}

// ReadDecided is ReadCommitted once no transaction is open in the topic: one that was committed a moment ago is open to
// readers until the broker has written its markers.
func (c Cluster) ReadDecided(t testing.TB, topic string) []Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin := kadm.NewClient(c.client(t))
	for !maps.Equal(listed(ctx, t, topic, "end", admin.ListCommittedOffsets), listed(ctx, t, topic, "end", admin.ListEndOffsets)) {
		if ctx.Err() != nil {
			t.Fatalf("read topic %s: a transaction was open in it for %s", topic, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return c.ReadCommitted(t, topic)
}

// bounds are the first offset and the last stable one of each partition.
func (c Cluster) bounds(ctx context.Context, t testing.TB, topic string) (starts, ends map[int32]int64) {
	t.Helper()
	admin := kadm.NewClient(c.client(t))
	return listed(ctx, t, topic, "start", admin.ListStartOffsets), listed(ctx, t, topic, "end", admin.ListCommittedOffsets)
}

// listed asks until the brokers know: a partition that has just got another leader does not, for a moment.
func listed(ctx context.Context, t testing.TB, topic, what string, list func(context.Context, ...string) (kadm.ListedOffsets, error)) map[int32]int64 {
	t.Helper()
	for ; ; time.Sleep(50 * time.Millisecond) {
		found, err := list(ctx, topic)
		if err == nil {
			err = found.Error()
		}
		if err == nil {
			return offsets(found)
		}
		if ctx.Err() != nil || !kerr.IsRetriable(err) {
			t.Fatalf("ask for the %s of topic %s: %v", what, topic, err)
		}
	}
}

func offsets(listed kadm.ListedOffsets) map[int32]int64 {
	found := make(map[int32]int64)
	listed.Each(func(o kadm.ListedOffset) { found[o.Partition] = o.Offset })
	return found
}

func collect(ctx context.Context, t testing.TB, client *kgo.Client, topic string, from map[int32]kgo.Offset, ends map[int32]int64) []Record {
	t.Helper()
	read := make(map[int32][]Record)
	for len(from) > 0 {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("read topic %s: the ends %v were not reached within %s in %d partitions", topic, ends, patience, len(from))
		}
		if err := fetches.Err(); err != nil {
			t.Fatalf("read topic %s: %v", topic, err)
		}
		fetches.EachRecord(func(k *kgo.Record) {
			end := ends[k.Partition]
			if k.Offset >= end-1 {
				delete(from, k.Partition)
			}
			if k.Offset < end && !k.Attrs.IsControl() {
				read[k.Partition] = append(read[k.Partition], fromKafka(k))
			}
		})
	}
	var all []Record
	for p := range int32(len(ends)) {
		all = append(all, read[p]...)
	}
	return all
}
