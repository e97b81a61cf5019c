package brokers

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
)

// CreateTopic creates a topic with the broker's default replication. cfg may be nil.
func (c Cluster) CreateTopic(t testing.TB, name string, partitions int32, cfg map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	settings := make(map[string]*string, len(cfg))
	for k, v := range cfg {
		settings[k] = &v
	}
	if _, err := kadm.NewClient(c.client(t)).CreateTopic(ctx, partitions, -1, settings, name); err != nil {
		t.Fatalf("create topic %s: %v", name, err)
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
