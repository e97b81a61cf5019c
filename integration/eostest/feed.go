package eostest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Feed writes random numbers under random keys until it is told to stop.
type Feed struct {
	Topic      string
	Partitions int32
	Keys       int // different ones
	Rate       int // records per second
	Rand       *rand.Rand
}

// Run returns when ctx has ended and all that was written is stored.
//
// A record goes to the partition that the topology's own topics have for its key, so that a partition of each result
// tells of one partition of the input, in its order.
func (f Feed) Run(ctx context.Context, c brokers.Cluster) error {
	client, err := brokers.Client(c.Brokers(), kgo.ProducerLinger(5*time.Millisecond), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	failed := make(chan error, 1)
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	}
	const portion = 20
	tick := time.NewTicker(time.Second * portion / time.Duration(f.Rate))
	defer tick.Stop()
	for ctx.Err() == nil {
		for range portion {
			client.Produce(context.WithoutCancel(ctx), f.record(), promise)
		}
		select {
		case err := <-failed:
			return fmt.Errorf("produce to topic %s: %w", f.Topic, err)
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return client.Flush(context.WithoutCancel(ctx))
}

func (f Feed) record() *kgo.Record {
	k := fmt.Sprintf("k%d", f.Rand.IntN(f.Keys))
	return &kgo.Record{
		Topic: f.Topic, Partition: partitionOf(k, f.Partitions), Key: []byte(k),
		Value: fmt.Appendf(nil, `{"k":%q,"n":%d}`, k, f.Rand.IntN(20_001)-10_000),
	}
}

// partitionOf is goka's hash.
func partitionOf(key string, n int32) int32 {
	h := fnv.New32a()
	h.Write([]byte(key))
	p := int32(h.Sum32())
	return max(p, -p) % n
}
