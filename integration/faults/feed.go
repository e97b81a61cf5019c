package faults

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// feed writes the records of a source until it is stopped.
type feed struct {
	client *kgo.Client
	source Source
	rate   int // records per second
	failed atomic.Pointer[error]
	sent   int // records; valid after stop

	cancel context.CancelFunc
	done   chan struct{}
}

// startFeed begins to write. Records of a key have the order in which they were made.
func startFeed(ctx context.Context, addrs []string, c Case, source Source, rate int) (*feed, error) {
	client, err := brokers.Client(addrs, kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(c.Partition)), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return nil, err
	}
	f := &feed{client: client, source: source, rate: rate, done: make(chan struct{})}
	ctx, f.cancel = context.WithCancel(ctx)
	go f.run(ctx)
	return f, nil
}

// tick is how often records are made: at a low rate not every tick has one.
const tick = 10 * time.Millisecond

func (f *feed) run(ctx context.Context) {
	defer close(f.done)
	t := time.NewTicker(tick)
	defer t.Stop()
	for began := time.Now(); ; {
		for due := int(time.Since(began).Seconds() * float64(f.rate)); f.sent < due && ctx.Err() == nil; {
			f.send(f.source.Next())
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (f *feed) send(entries []Entry) {
	for _, e := range entries {
		r := &kgo.Record{Topic: e.Topic, Key: []byte(e.Key), Value: []byte(e.Value)}
		f.client.Produce(context.Background(), r, f.note)
		f.sent++
	}
}

func (f *feed) note(r *kgo.Record, err error) {
	if err != nil {
		err = fmt.Errorf("produce to topic %s: %w", r.Topic, err)
		f.failed.CompareAndSwap(nil, &err)
	}
}

// stop ends the input. It returns how many records were stored when all of them are.
func (f *feed) stop(ctx context.Context) (int, error) {
	f.cancel()
	<-f.done
	defer f.client.Close()
	f.send(f.source.Last())
	if err := f.client.Flush(ctx); err != nil {
		return f.sent, fmt.Errorf("store the end of the input: %w", err)
	}
	if err := f.failed.Load(); err != nil {
		return f.sent, *err
	}
	return f.sent, nil
}

// abandon is for cells that have failed.
func (f *feed) abandon() {
	f.cancel()
	<-f.done
	f.client.Close()
}
