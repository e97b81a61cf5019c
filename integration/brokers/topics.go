package brokers

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// CreateTopic creates a topic with the broker's default replication, and waits until the brokers know it: the one that
// creates it answers before the others, and its own metadata, do. cfg may be nil.
func (c Cluster) CreateTopic(t testing.TB, name string, partitions int32, cfg map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	settings := make(map[string]*string, len(cfg))
	for k, v := range cfg {
		settings[k] = &v
	}
	admin := kadm.NewClient(c.client(t))
	if _, err := admin.CreateTopic(ctx, partitions, -1, settings, name); err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
	for known := false; !known; time.Sleep(10 * time.Millisecond) {
		topics, err := admin.ListTopics(ctx, name)
		if ctx.Err() != nil {
			t.Fatalf("topic %s was created and did not appear: %v", name, err)
		}
		known = err == nil && topics[name].Err == nil && len(topics[name].Partitions.Numbers()) == int(partitions)
	}
}

// DeleteTopic deletes a topic. The broker may take a moment to forget it everywhere.
func (c Cluster) DeleteTopic(t testing.TB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := kadm.NewClient(c.client(t)).DeleteTopic(ctx, name); err != nil {
		t.Fatalf("delete topic %s: %v", name, err)
	}
}

// Commit sets the offset, with its metadata, that a group without members continues from.
func (c Cluster) Commit(t testing.TB, group, topic string, partition int32, offset int64, metadata string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	offsets := make(kadm.Offsets)
	offsets.Add(kadm.Offset{Topic: topic, Partition: partition, At: offset, LeaderEpoch: -1, Metadata: metadata})
	if err := kadm.NewClient(c.client(t)).CommitAllOffsets(ctx, group, offsets); err != nil {
		t.Fatalf("commit offset %d of topic %s partition %d for group %s: %v", offset, topic, partition, group, err)
	}
}
