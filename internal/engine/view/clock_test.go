package view_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
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
