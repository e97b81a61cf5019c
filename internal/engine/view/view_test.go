package view_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
	"github.com/tributary-go/tributary/internal/task"
)

func follow(t *testing.T, c brokers.Cluster, topic string) *view.View {
	t.Helper()
	conn := client.Connection{Brokers: c.Brokers()}
	admin, err := client.Open(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	spec := view.Spec{Info: lookup.Info{Name: "rows", Topic: topic}, JSON: func(b []byte) (json.RawMessage, error) { return b, nil }}
	v, err := view.New(t.Context(), conn, admin, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = v.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; admin.Close() })
	for deadline := time.Now().Add(time.Minute); !v.Ready(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the view is not ready")
		}
	}
	return v
}

func TestAViewKeepsWhatTheLookUpReliesOn(t *testing.T) {
	const partitions = 3
	c := brokers.Embedded(t)
	topic := brokers.Unique(t, "rows")
	c.CreateTopic(t, topic, partitions, map[string]string{"cleanup.policy": "compact"})
	write := func(key string, value []byte) {
		c.ProduceTo(t, topic, brokers.Record{Partition: task.PartitionOf(key, partitions), Key: []byte(key), Value: value})
	}
	err := lookuptest.Check(lookuptest.Opened{
		Table: follow(t, c, topic), Put: func(k, v string) { write(k, []byte(v)) }, Delete: func(k string) { write(k, nil) },
	}, 30*time.Second)
	if err != nil {
		t.Error(err)
	}
}

func TestAViewShowsCommittedRowsOnlyAndHidesWhatIsNoRow(t *testing.T) {
	c := brokers.Embedded(t)
	topic := brokers.Unique(t, "rows")
	c.CreateTopic(t, topic, 1, map[string]string{"cleanup.policy": "compact"})
	put := func(x *brokers.Transaction, key string) {
		x.Produce(t, topic, brokers.Record{Key: []byte(key), Value: []byte("1")})
	}
	x := c.Begin(t)
	put(x, "committed")
	put(x, "committed\x00sub\x00row")
	x.Commit(t)
	x.Next(t)
	put(x, "aborted")
	x.Abort(t)
	v := follow(t, c, topic) // behind the last record lie an aborted one and markers: it must not wait for them
	rows, err := v.Scan("", "", 10)
	if err != nil || len(rows) != 1 || rows[0].Key != "committed" {
		t.Errorf("rows %v (%v), want only the committed one", rows, err)
	}
}
