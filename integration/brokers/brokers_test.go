package brokers_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

func everywhere(t *testing.T, test func(t *testing.T, c brokers.Cluster)) {
	t.Run("embedded", func(t *testing.T) { test(t, brokers.Embedded(t)) })
	t.Run("kafka", func(t *testing.T) { test(t, brokers.Real(t)) })
}

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		topic := brokers.Unique(t, "orders")
		c.CreateTopic(t, topic, 3, nil)
		at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		wrote := brokers.Record{
			Partition: 2, Key: []byte("k"), Value: []byte("v"), Headers: map[string]string{"a": "1", "b": ""}, Timestamp: at,
		}
		tombstone := brokers.Record{Partition: 2, Key: []byte("k")}
		if sent := c.ProduceTo(t, topic, wrote, tombstone); sent[0].Offset != 0 || sent[1].Offset != 1 {
			t.Errorf("the offsets are %d and %d", sent[0].Offset, sent[1].Offset)
		}
		read := c.ReadCommitted(t, topic)
		if len(read) != 2 {
			t.Fatalf("read are %v", read)
		}
		got := read[0]
		if got.Partition != 2 || got.Offset != 0 || string(got.Key) != "k" || string(got.Value) != "v" || !got.Timestamp.Equal(at) {
			t.Errorf("read is %+v", got)
		}
		if len(got.Headers) != 2 || got.Headers["a"] != "1" {
			t.Errorf("the headers are %v", got.Headers)
		}
		if read[1].Value != nil || read[1].Headers != nil || time.Since(read[1].Timestamp) > time.Minute {
			t.Errorf("the tombstone is %+v", read[1])
		}
	})
}

// Kafka's own clients put "21" into partition 3 of 10 (murmur2 of its bytes is -973932308).
func TestAKeyGoesWhereJavasProducerPutsIt(t *testing.T) {
	c := brokers.Embedded(t)
	topic := brokers.Unique(t, "orders")
	c.CreateTopic(t, topic, 10, nil)
	const hash = -973932308 & 0x7fffffff
	if sent := c.Produce(t, topic, brokers.Record{Key: []byte("21")}); sent[0].Partition != hash%10 {
		t.Errorf("key 21 went to partition %d, want %d", sent[0].Partition, hash%10)
	}
}

func TestOnlyCommittedRecordsAreReadInTheOrderOfPartitionsAndOffsets(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		topic := brokers.Unique(t, "orders")
		c.CreateTopic(t, topic, 2, nil)
		if read := c.ReadCommitted(t, topic); read != nil {
			t.Fatalf("a new topic holds %v", read)
		}
		x := c.Begin(t)
		write := func(values string) {
			for _, v := range values {
				x.Produce(t, topic, brokers.Record{Partition: int32(v) % 2, Value: []byte(string(v))})
			}
		}
		write("abcd")
		x.Commit(t)
		x.Next(t)
		write("efgh")
		x.Abort(t)
		x.Next(t)
		write("ij")
		defer x.Abort(t)
		var values []byte
		for _, r := range c.ReadCommitted(t, topic) {
			values = append(values, r.Value...)
		}
		if !bytes.Equal(values, []byte("bdac")) { // b and d are even
			t.Errorf("read are %q", values)
		}
	})
}

func TestNamesAreUnique(t *testing.T) {
	if a, b := brokers.Unique(t, "orders"), brokers.Unique(t, "orders"); a == b {
		t.Errorf("twice %s", a)
	}
}

func TestAKilledBrokerComesBackWithItsRecords(t *testing.T) {
	c := brokers.Real(t)
	topic := brokers.Unique(t, "orders")
	c.CreateTopic(t, topic, 3, nil)
	sent := c.Produce(t, topic, brokers.Record{Key: []byte("a")}, brokers.Record{Key: []byte("b")})
	if len(c.IDs()) == 0 {
		t.Skip("the cluster is somebody else's")
	}
	for _, id := range c.IDs() {
		c.Kill(t, id)
		c.Restart(t, id)
	}
	if read := c.ReadCommitted(t, topic); len(read) != len(sent) {
		t.Errorf("read are %v, sent were %v", read, sent)
	}
}
