package eostest

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Collect reads what a run has left behind, after its instances have ended. A transaction that stays open fails the
// test: what lies behind it would not be seen.
func Collect(t testing.TB, c brokers.Cluster, topics Topics, partitions int32) Left {
	t.Helper()
	client, err := brokers.Client(c.Brokers())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	admin := kadm.NewClient(client)
	l := Left{Topics: topics, Partitions: partitions, Records: map[string][]brokers.Record{}, Committed: map[string]map[string]map[int32]int64{}}
	for _, topic := range append(topics.Told(), topics.Data(), topics.Repartition(), topics.Letters()) {
		awaitDecided(ctx, t, admin, topic)
		l.Records[topic] = c.ReadCommitted(t, topic)
	}
	for _, y := range results(topics) {
		l.Committed[y.group] = committed(ctx, t, admin, y.group)
	}
	return l
}

// awaitDecided waits until no transaction is open in a topic.
func awaitDecided(ctx context.Context, t testing.TB, admin *kadm.Client, topic string) {
	t.Helper()
	for {
		stable, err := admin.ListCommittedOffsets(ctx, topic)
		ends, err2 := admin.ListEndOffsets(ctx, topic)
		if err == nil && err2 == nil && stable.Error() == nil && ends.Error() == nil && sameOffsets(stable, ends) {
			return
		}
		if !pause(ctx) {
			t.Fatalf("topic %s: a transaction stays open: it ends at %v, and can be read up to %v (%v, %v)", topic, ends, stable, err2, err)
		}
	}
}

func sameOffsets(a, b kadm.ListedOffsets) bool {
	same := true
	a.Each(func(x kadm.ListedOffset) {
		y, ok := b.Lookup(x.Topic, x.Partition)
		same = same && ok && x.Offset == y.Offset
	})
	return same
}

func committed(ctx context.Context, t testing.TB, admin *kadm.Client, group string) map[string]map[int32]int64 {
	t.Helper()
	offsets, err := admin.FetchOffsets(ctx, group)
	for ; err != nil || offsets.Error() != nil; offsets, err = admin.FetchOffsets(ctx, group) {
		if !pause(ctx) {
			t.Fatalf("ask for the offsets of group %s: %v %v", group, err, offsets.Error())
		}
	}
	m := map[string]map[int32]int64{}
	offsets.Each(func(o kadm.OffsetResponse) {
		if m[o.Topic] == nil {
			m[o.Topic] = map[int32]int64{}
		}
		m[o.Topic][o.Partition] = o.At
	})
	return m
}
