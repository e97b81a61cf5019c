package client_test

import (
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Compaction leaves gaps, and batches that are empty. Kafka's cleaner looks every 15 s, so this test takes a while.
func TestTheLastVisibleRecordIsFoundBehindWhatCompactionLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for Kafka's log cleaner")
	}
	c := brokers.Real(t)
	topic := brokers.Unique(t, "compacted")
	c.CreateTopic(t, topic, 1, map[string]string{
		"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.001", "delete.retention.ms": "0", "segment.ms": "100",
	})
	row := func(key, value string) brokers.Record { return brokers.Record{Key: []byte(key), Value: []byte(value)} }
	c.ProduceTo(t, topic, row("stays", "1"))
	x := c.Begin(t)
	for range 300 {
		x.Produce(t, topic, row("goes", "2"))
	}
	x.Produce(t, topic, brokers.Record{Key: []byte("goes")}) // a tombstone
	x.Commit(t)
	wantEnd(t, c, topic, 303) // otherwise nothing of it can be seen yet, and all would look compacted

	deadline := time.Now().Add(2 * time.Minute)
	for len(c.ReadCommitted(t, topic)) > 1 {
		if time.Now().After(deadline) {
			t.Fatal("the cleaner did not remove the deleted row")
		}
		// What is written now closes the segment before it, which is then the cleaner's. It is hidden itself.
		x.Next(t)
		x.Produce(t, topic, row("goes", "aborted"))
		x.Abort(t)
		<-time.After(time.Second) // the age of a segment is its owner's only signal
	}
	wantVisible(t, c, topic, 1)
}
