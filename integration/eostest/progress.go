package eostest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

type place struct {
	topic     string
	partition int32
}

// progress counts the results as they become visible. The verdict does not rest on it.
type progress struct {
	t      testing.TB
	topics Topics
	admin  *kadm.Client

	mu   sync.Mutex
	told map[place]int64
}

func watch(t testing.TB, c brokers.Cluster, topics Topics) *progress {
	t.Helper()
	client, err := brokers.Client(c.Brokers(), kgo.ConsumeTopics(topics.Told()...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.MetadataMaxAge(time.Second), kgo.UnknownTopicRetries(-1))
	if err != nil {
		t.Fatal(err)
	}
	p := &progress{t: t, topics: topics, admin: kadm.NewClient(client), told: map[place]int64{}}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { p.count(ctx, client) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
		client.Close()
	})
	return p
}

func (p *progress) count(ctx context.Context, client *kgo.Client) {
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		p.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) { p.told[place{r.Topic, r.Partition}]++ })
		p.mu.Unlock()
	}
}

// await waits until all that is in the input now is told of in each topic of results.
func (p *progress) await(bound time.Duration) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	ends, err := p.admin.ListEndOffsets(ctx, p.topics.Data())
	for ; err != nil || ends.Error() != nil; ends, err = p.admin.ListEndOffsets(ctx, p.topics.Data()) {
		if !pause(ctx) {
			p.t.Fatalf("ask for the end of topic %s: %v %v", p.topics.Data(), err, ends.Error())
		}
	}
	for behind := p.behind(ends); behind != ""; behind = p.behind(ends) {
		if !pause(ctx) {
			p.t.Fatalf("work does not go on: after %s, %s", bound, behind)
		}
	}
}

// behind says which topic has not told of all records before ends; nothing else is in the input.
func (p *progress) behind(ends kadm.ListedOffsets) (text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ends.Each(func(end kadm.ListedOffset) {
		for _, topic := range p.topics.Told() {
			if n := p.told[place{topic, end.Partition}]; n < end.Offset {
				text = fmt.Sprintf("topic %s, partition %d tells of %d records of %d", topic, end.Partition, n, end.Offset)
			}
		}
	})
	return text
}

// pause reports whether ctx lasts.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(20 * time.Millisecond):
		return true
	}
}
