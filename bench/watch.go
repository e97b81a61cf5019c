package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// watch knows when each record was sent, and when its effect was seen. Times are since began.
type watch struct {
	probe
	began time.Time
	sent  []atomic.Int64  // nanoseconds
	seen  []time.Duration // 0: not yet; only poll uses it
	met   int             // effects seen
	quiet time.Time       // when the last one was seen
}

// send sends each record at its time.
func (w *watch) send(ctx context.Context, address string, rate int) error {
	out, err := newProducer(address, 0)
	if err != nil {
		return err
	}
	for i := range w.sent {
		key, value := w.record(i)
		due := w.began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := pause(ctx, time.Until(due)); err != nil {
			break // close reports it
		}
		w.sent[i].Store(int64(time.Since(w.began)))
		out.send(ctx, w.in, partitionOf(key), key, value)
	}
	return errors.Join(ctx.Err(), out.close(ctx))
}

const (
	pollFor     = 200 * time.Millisecond
	latencyHang = 30 * time.Second
)

// poll takes in what comes within pollFor, and reports whether all effects were seen.
func (w *watch) poll(ctx context.Context, consumer *kgo.Client) (bool, error) {
	short, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	fetches := consumer.PollFetches(short)
	now := time.Since(w.began)
	if err := fetches.Err0(); err != nil && short.Err() == nil {
		return false, fmt.Errorf("read topic %s: %w", w.out, err)
	}
	for it := fetches.RecordIter(); !it.Done(); {
		if err := w.meet(it.Next(), now); err != nil {
			return false, err
		}
	}
	all := (len(w.sent)-1)/w.every + 1
	if w.met < all && !w.quiet.IsZero() && time.Since(w.quiet) > latencyHang {
		return false, fmt.Errorf("only %d of %d effects were seen, and none for %s", w.met, all, latencyHang)
	}
	return w.met == all, nil
}

// meet notes an effect. A second one of the same record is an error: it was counted twice.
func (w *watch) meet(r *kgo.Record, now time.Duration) error {
	i, ok, err := w.cause(r)
	if err != nil || !ok {
		return err
	}
	if i >= len(w.seen) || w.seen[i] != 0 {
		return fmt.Errorf("topic %s, partition %d, offset %d: %q stands for a record that was not sent or seen twice", w.out, r.Partition, r.Offset, r.Value)
	}
	w.seen[i] = now
	w.met++
	w.quiet = time.Now()
	return nil
}

// sorted are the delays of the watched records from the first-th on.
func (w *watch) sorted(first int) []time.Duration {
	var ds []time.Duration
	for i := first; i < len(w.seen); i++ {
		if i%w.every == 0 {
			ds = append(ds, w.seen[i]-time.Duration(w.sent[i].Load()))
		}
	}
	slices.Sort(ds)
	return ds
}
