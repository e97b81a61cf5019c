package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// inserts knows when each row was committed, and when its record was seen. Times are since began.
type inserts struct {
	table     *clickTable
	first     int // id of the first row
	began     time.Time
	committed []atomic.Int64 // nanoseconds
	seen      []time.Duration
	met       int
}

func newInserts(t *clickTable, n int) *inserts {
	w := &inserts{table: t, first: t.rows + 1, began: time.Now(), committed: make([]atomic.Int64, n), seen: make([]time.Duration, n)}
	t.rows += n
	return w
}

// insertConnections is enough for the rate: each waits for the disk.
const insertConnections = 8

// send inserts each row at its time.
func (w *inserts) send(ctx context.Context) error {
	var next atomic.Int64
	errs := make(chan error, insertConnections)
	var all sync.WaitGroup
	for range insertConnections {
		all.Go(func() { errs <- w.sendSome(ctx, &next) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return fmt.Errorf("insert into table %s: %w", captureTable, err)
		}
	}
	return nil
}

func (w *inserts) sendSome(ctx context.Context, next *atomic.Int64) error {
	for {
		i := int(next.Add(1)) - 1
		if i >= len(w.committed) {
			return nil
		}
		due := w.began.Add(time.Duration(i) * time.Second / captureRate)
		if err := pause(ctx, time.Until(due)); err != nil {
			return err
		}
		if err := w.table.insert(ctx, w.table.tuple(w.first+i)); err != nil {
			return err
		}
		w.committed[i].Store(int64(time.Since(w.began)))
	}
}

// poll takes in what comes within pollFor, and reports whether all records were seen.
func (w *inserts) poll(ctx context.Context, consumer *kgo.Client) (bool, error) {
	short, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	fetches := consumer.PollFetches(short)
	now := time.Since(w.began)
	if err := fetches.Err0(); err != nil && short.Err() == nil {
		return false, fmt.Errorf("read topic %s: %w", captureTopic, err)
	}
	for it := fetches.RecordIter(); !it.Done(); {
		r := it.Next()
		id, err := clickID(r.Key)
		i := id - w.first
		if err != nil || i < 0 || i >= len(w.seen) || w.seen[i] != 0 {
			return false, fmt.Errorf("topic %s, partition %d, offset %d: key %q was not inserted now, or is there twice", r.Topic, r.Partition, r.Offset, r.Key)
		}
		w.seen[i] = now
		w.met++
	}
	if last := w.committed[len(w.committed)-1].Load(); last > 0 && now > time.Duration(last)+latencyHang {
		return false, fmt.Errorf("only %d of %d rows were seen, %s after the last", w.met, len(w.seen), latencyHang)
	}
	return w.met == len(w.seen), nil
}

// sorted are the delays after a warm-up. A record that is seen before MySQL's answer has come counts as 0.
func (w *inserts) sorted() (ds []time.Duration) {
	for i := len(w.seen) / 6; i < len(w.seen); i++ {
		ds = append(ds, max(0, w.seen[i]-time.Duration(w.committed[i].Load())))
	}
	slices.Sort(ds)
	return ds
}

// followFromEnd reads what is written to a topic from now on.
func (t *topics) followFromEnd(ctx context.Context, topic string) (*kgo.Client, error) {
	ends, err := t.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("find the end of topic %s: %w", topic, err)
	}
	from := map[int32]kgo.Offset{}
	ends.Each(func(o kadm.ListedOffset) { from[o.Partition] = kgo.NewOffset().At(o.Offset) })
	return kgo.NewClient(kgo.SeedBrokers(t.address), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(200*time.Millisecond))
}
