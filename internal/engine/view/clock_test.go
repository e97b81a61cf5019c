package view_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
)

var _ lookup.Clocked = (*view.View)(nil)

func TestAViewTellsTheClockOfAPartition(t *testing.T) {
	c := brokers.Embedded(t)
	topic := brokers.Unique(t, "rows")
	c.CreateTopic(t, topic, 2, map[string]string{"cleanup.policy": "compact"})
	// Watermark 1000 ms; topic "in": senders 0, idle at 2000, and 1 at 1000. See the golden bytes of the clock.
	clock, err := hex.DecodeString("01d00f" + "02696e" + "f20c3f36" + "02" + "03a01f" + "01d00f")
	if err != nil {
		t.Fatal(err)
	}
	c.ProduceTo(t, topic, brokers.Record{Partition: 1, Key: []byte("\x00c"), Value: clock})
	v := follow(t, c, topic)
	if _, found, err := v.Clock(0); found || err != nil {
		t.Errorf("a clock where none was written, %v", err)
	}
	got, found, err := v.Clock(1)
	if err != nil || !found || *got.Watermark != 1000 || len(got.Senders) != 2 {
		t.Fatalf("%+v, %v, %v", got, found, err)
	}
	if s := got.Senders[0]; !s.Holds || s.Partition != 1 || s.Topic != "in" || *s.Watermark != 1000 || s.Idle {
		t.Errorf("the one that holds time back is %+v", s)
	}
	if s := got.Senders[1]; s.Holds || s.Partition != 0 || !s.Idle {
		t.Errorf("the other is %+v", s)
	}
	c.ProduceTo(t, topic, brokers.Record{Partition: 1, Key: []byte("\x00c"), Value: []byte("damaged")})
	for deadline := time.Now().Add(time.Minute); err == nil; _, _, err = v.Clock(1) {
		if time.Now().After(deadline) {
			t.Fatal("a damaged clock is not told")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

var _ lookup.Traced = (*view.View)(nil)

func TestAViewTellsWhatARowHasLeft(t *testing.T) {
	c := brokers.Embedded(t)
	topic := brokers.Unique(t, "rows")
	c.CreateTopic(t, topic, 2, map[string]string{"cleanup.policy": "compact"})
	place := func(key string) []byte { return []byte(task.TraceOf(key)) }
	c.ProduceTo(t, topic, brokers.Record{Partition: task.PartitionOf("ann", 2), Key: place("ann"), Value: []byte("\x01\x03ann" + `{"n":1}`)},
		brokers.Record{Partition: task.PartitionOf("bob", 2), Key: place("bob"), Value: []byte("\x01\x03eve" + `{"n":2}`)},
		brokers.Record{Partition: task.PartitionOf("dan", 2), Key: place("dan"), Value: []byte("damaged")})
	v := follow(t, c, topic)
	if row, found, err := v.Left("ann"); err != nil || !found || string(row.Value) != `{"n":1}` || row.Key != "ann" {
		t.Errorf("ann has left %+v, %v, %v", row, found, err)
	}
	for _, key := range []string{"bob", "nobody"} {
		if row, found, err := v.Left(key); err != nil || found {
			t.Errorf("%s has left %+v, %v", key, row, err)
		}
	}
	if _, _, err := v.Left("dan"); err == nil {
		t.Error("a damaged trace is not told")
	}
	if rows, err := v.Scan("", "", 10); err != nil || len(rows) > 0 {
		t.Errorf("traces are shown as rows: %v, %v", rows, err)
	}
}
