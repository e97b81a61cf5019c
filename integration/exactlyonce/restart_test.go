package exactlyonce_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/exactlyonce"
)

// How long nothing comes out when the only instance dies, or is restarted as planned, and starts again at once
// with its local store. It measures and does not judge.
func TestHowLongARestartTakes(t *testing.T) {
	if os.Getenv("TRIBUTARY_LONG") == "" {
		t.Skip("takes a minute: set TRIBUTARY_LONG=1")
	}
	onEachCluster(t, func(t *testing.T, c brokers.Cluster) {
		topics := newTopics(t, c, 12)
		a := exactlyonce.NewInstance(t, exactlyonce.Binary(t), c, topics, "a")
		a.Start()
		f := exactlyonce.Feed{Topic: topics.In, Records: 100_000_000, Users: 10_000, Rate: 2_000, Rand: rand.New(rand.NewPCG(1, 1))}
		exactlyonce.Background(t, func(ctx context.Context) error { return f.Run(ctx, c) })
		out := follow(t, c, topics.Out)
		out.first()
		for range 5 {
			time.Sleep(2 * time.Second) // something to recover
			a.Kill()
			out.drain()
			began := time.Now()
			a.Start()
			t.Logf("kill -9: start to first output %s", out.first().Sub(began).Round(time.Millisecond))
		}
		for range 5 {
			time.Sleep(2 * time.Second)
			began := time.Now()
			a.Terminate()
			ended := time.Now()
			out.drain()
			again := time.Now()
			a.Start()
			t.Logf("planned: SIGTERM to end %s, start to first output %s", ended.Sub(began).Round(time.Millisecond), out.first().Sub(again).Round(time.Millisecond))
		}
	})
}

// outputs are read as they become visible.
type outputs struct {
	t      *testing.T
	client *kgo.Client
}

func follow(t *testing.T, c brokers.Cluster, topic string) *outputs {
	t.Helper()
	client, err := brokers.Client(c.Brokers(), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()), kgo.FetchMaxWait(20*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.UnknownTopicRetries(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &outputs{t, client}
}

// drain drops what is there, until none has come for a while.
func (o *outputs) drain() {
	for o.poll(200*time.Millisecond) > 0 {
	}
}

// first waits for a record and returns when it came.
func (o *outputs) first() time.Time {
	o.t.Helper()
	if o.poll(time.Minute) == 0 {
		o.t.Fatal("no output comes")
	}
	return time.Now()
}

func (o *outputs) poll(bound time.Duration) int {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	for {
		if n := o.client.PollFetches(ctx).NumRecords(); n > 0 || ctx.Err() != nil {
			return n
		}
	}
}
