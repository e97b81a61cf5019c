package exactlyonce_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/exactlyonce"
	"github.com/tributary-go/tributary/integration/kills"
)

func newTopics(t *testing.T, c brokers.Cluster, partitions int32) exactlyonce.Topics {
	t.Helper()
	topics := exactlyonce.Topics{Name: brokers.Unique(t, "cs"), In: brokers.Unique(t, "in"), Out: brokers.Unique(t, "out")}
	c.CreateTopic(t, topics.In, partitions, nil)
	return topics
}

// run is a whole proof: input while chaos happens, then the end of the input, then the verdict.
func run(t *testing.T, c brokers.Cluster, partitions int32, feed exactlyonce.Feed, chaos exactlyonce.Chaos, args ...string) {
	t.Helper()
	r := kills.Seed(t)
	topics := newTopics(t, c, partitions)
	feed.Topic, feed.Rand = topics.In, rand.New(rand.NewPCG(r.Uint64(), 1))
	binary := exactlyonce.Binary(t)
	args = append(args, "--session", chaos.Session.String())
	instances := []*exactlyonce.Instance{
		exactlyonce.NewInstance(t, binary, c, topics, "a", args...),
		exactlyonce.NewInstance(t, binary, c, topics, "b", args...),
	}
	began := time.Now()
	fed := exactlyonce.Background(t, func(ctx context.Context) error { return feed.Run(ctx, c) })
	chaos.Run(t, c, instances, r)
	fed()
	exactlyonce.AwaitDone(t, c, topics, 2*time.Minute)
	took := time.Since(began)
	for _, i := range instances {
		i.Terminate()
	}
	report := exactlyonce.Verify(t, c, topics)
	t.Logf("%d kills, %d zombies, %d planned restarts, %d broker kills, %d broker restarts in %s: %v",
		chaos.Kills, chaos.Stops, chaos.Terms, chaos.BrokerKills, chaos.BrokerRestarts, took.Round(time.Millisecond), report)
	if !report.Exact() || report.Records != feed.Records {
		t.Errorf("not exactly once: %d records were fed", feed.Records)
	}
}

func TestNothingIsLostOrCountedTwiceWhenInstancesDie(t *testing.T) {
	run(t, brokers.Embedded(t), 4,
		exactlyonce.Feed{Records: 60_000, Users: 5_000, Rate: 3_500},
		exactlyonce.Chaos{Kills: 6, Stops: 1, Terms: 1, Session: 2 * time.Second, Pause: 1500 * time.Millisecond},
		"--flush", "500ms")
}

// A broker is killed twice if there is one, each once if there are several. A lone one has lost committed offsets
// that way (Kafka 4.3 and 4.4, KAFKA-20734); the table's own positions make up for it.
func TestAMillionRecordsOnKafka(t *testing.T) {
	if os.Getenv("TRIBUTARY_LONG") == "" {
		t.Skip("takes minutes: set TRIBUTARY_LONG=1")
	}
	c := brokers.Real(t)
	chaos := exactlyonce.Chaos{Kills: 20, Stops: 2, Terms: 3, Session: 6 * time.Second, Pause: 4 * time.Second}
	switch n := len(c.IDs()); {
	case n == 1:
		chaos.BrokerKills = 2
	case n > 1:
		chaos.BrokerKills = n
	}
	run(t, c, 12, exactlyonce.Feed{Records: 1_000_000, Users: 100_000, Rate: 8_000}, chaos)
}
