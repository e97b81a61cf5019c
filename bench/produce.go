package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// partitionOf is where goka's producers put a key.
func partitionOf(key []byte) int32 {
	h := fnv.New32a()
	h.Write(key)
	n := int32(h.Sum32())
	if n < 0 {
		n = -n
	}
	return max(0, n) % partitions // the smallest number has no opposite: its keys lie in partition 0
}

// producer writes records into the partitions that they name.
type producer struct {
	client *kgo.Client
	failed atomic.Pointer[error]
	slab   []kgo.Record // records to hand out, allocated many at a time
}

// newProducer makes one that collects records for linger before it sends them; 0 is right for latency.
func newProducer(address string, linger time.Duration) (*producer, error) {
	c, err := kgo.NewClient(
		kgo.SeedBrokers(address), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(linger),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(900_000), kgo.MaxBufferedRecords(200_000),
	)
	if err != nil {
		return nil, err
	}
	return &producer{client: c}, nil
}

// send takes over key and value.
func (p *producer) send(ctx context.Context, topic string, partition int32, key, value []byte) {
	if len(p.slab) == 0 {
		p.slab = make([]kgo.Record, 1024)
	}
	r := &p.slab[0]
	p.slab = p.slab[1:]
	r.Topic, r.Partition, r.Key, r.Value = topic, partition, key, value
	p.client.Produce(ctx, r, p.sent)
}

func (p *producer) sent(_ *kgo.Record, err error) {
	if err != nil {
		p.failed.CompareAndSwap(nil, &err)
	}
}

// close waits until all is stored, and reports whether it is.
func (p *producer) close(ctx context.Context) error {
	err := p.client.Flush(ctx)
	p.client.Close()
	if failed := p.failed.Load(); err == nil && failed != nil {
		err = *failed
	}
	if err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	return nil
}

// slab hands out pieces of large allocations.
type slab struct{ free []byte }

// room is empty space for at most n bytes; take keeps what was written there.
func (s *slab) room(n int) []byte {
	if cap(s.free) < n {
		s.free = make([]byte, 0, max(n, 1<<20))
	}
	return s.free[:0:n]
}

func (s *slab) take(b []byte) []byte {
	s.free = s.free[len(b):cap(s.free)]
	return b[:len(b):len(b)]
}
