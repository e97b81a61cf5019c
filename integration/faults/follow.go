package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// follower watches outputs as they become visible, read committed.
type follower struct {
	client *kgo.Client
	topics []string
	cancel context.CancelFunc
	done   chan struct{}

	mu   sync.Mutex
	last map[place]time.Time // the newest record's arrival
	gap  map[place]time.Duration
	mark *mark // nil: nothing is waited for
	all  int
	some chan struct{} // tells that something came
}

// mark is the moment from which outputs count: those from the offsets on were committed after it.
type mark struct {
	at    time.Time
	ends  map[place]int64
	await map[place]bool // partitions that were active and have not gone on
	any   bool           // no partition was active: the first output of any counts
	first time.Duration  // until the first output of those; 0: none yet
	took  time.Duration  // until the last of await went on
}

func follow(ctx context.Context, addrs, topics []string) (*follower, error) {
	client, err := brokers.Client(addrs, kgo.ConsumeTopics(topics...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(20*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.UnknownTopicRetries(-1))
	if err != nil {
		return nil, err
	}
	f := &follower{
		client: client, topics: topics, done: make(chan struct{}), last: map[place]time.Time{}, gap: map[place]time.Duration{},
		some: make(chan struct{}, 1),
	}
	ctx, f.cancel = context.WithCancel(ctx)
	go f.run(ctx)
	return f, nil
}

func (f *follower) close() {
	f.cancel()
	<-f.done
	f.client.Close()
}

func (f *follower) run(ctx context.Context) {
	defer close(f.done)
	for ctx.Err() == nil {
		fetches := f.client.PollFetches(ctx)
		if fetches.NumRecords() == 0 {
			continue
		}
		f.take(fetches, time.Now())
		select {
		case f.some <- struct{}{}:
		default:
		}
	}
}

func (f *follower) take(fetches kgo.Fetches, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fetches.EachRecord(func(r *kgo.Record) {
		f.all++
		at := place{r.Topic, r.Partition}
		if before, ok := f.last[at]; ok {
			f.gap[at] = max(f.gap[at], now.Sub(before))
		}
		f.last[at] = now
		if m := f.mark; m != nil && r.Offset >= m.ends[at] {
			m.meet(at, now)
		}
	})
}

func (m *mark) meet(at place, now time.Time) {
	if m.first == 0 && (m.any || m.await[at]) {
		m.first = max(now.Sub(m.at), 1)
	}
	if m.await[at] {
		delete(m.await, at)
		m.took = now.Sub(m.at)
	}
}

// active are the partitions that had an output not longer ago than within.
func (f *follower) active(within time.Duration) map[place]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := map[place]bool{}
	for at, last := range f.last {
		if time.Since(last) < within {
			m[at] = true
		}
	}
	return m
}

// set makes this the moment from which outputs count.
func (f *follower) set(ctx context.Context, addrs []string, active map[place]bool) error {
	m := &mark{at: time.Now(), ends: map[place]int64{}, await: maps.Clone(active), any: len(active) == 0}
	client, err := brokers.Client(addrs)
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for _, topic := range f.topics {
		_, ends, err := bounds(ctx, admin, topic)
		if err != nil {
			return err
		}
		for p, end := range ends {
			m.ends[place{topic, p}] = end
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mark = m
	return nil
}

var errSilent = errors.New("no output came")

// recovered waits until each partition that was active has gone on, and returns how long that took from the mark.
// first: until any of them did.
func (f *follower) recovered(ctx context.Context, bound time.Duration) (all, first time.Duration, err error) {
	err = f.await(ctx, bound, func() bool { return f.mark.first > 0 && len(f.mark.await) == 0 })
	f.mu.Lock()
	defer f.mu.Unlock()
	if errors.Is(err, errSilent) && f.mark.first > 0 {
		err = fmt.Errorf("%w from %v", errSilent, f.mark.await)
	}
	return f.mark.took, f.mark.first, err
}

// await waits until is, which is called under the lock after each arrival, is true.
func (f *follower) await(ctx context.Context, bound time.Duration, is func() bool) error {
	late := time.After(bound)
	for {
		f.mu.Lock()
		ok := is()
		f.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-f.some:
		case <-late:
			return fmt.Errorf("%w within %s", errSilent, bound)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// quiet waits until nothing has come for so long.
func (f *follower) quiet(ctx context.Context, long time.Duration) error {
	for {
		select {
		case <-f.some:
		case <-time.After(long):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gaps are the longest silences of partitions since the last call.
func (f *follower) gaps() map[place]time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.gap
	f.gap = map[place]time.Duration{}
	return g
}
