package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
)

// admin is a client that shares no code with the engine's.
func admin(t *testing.T, c brokers.Cluster) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// shares is how many partitions of a topic each member of a group has.
func shares(t *testing.T, a *kadm.Client, group, topic string) map[string]int {
	t.Helper()
	found, err := a.DescribeGroups(context.Background(), group)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, m := range found[group].Members {
		if x, ok := m.Assigned.AsConsumer(); ok && m.InstanceID != nil {
			for _, tp := range x.Topics {
				if tp.Topic == topic {
					got[*m.InstanceID] += len(tp.Partitions)
				}
			}
		}
	}
	return got
}

func TestPartitionsMoveWhenInstancesComeAndGo(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	adm := admin(t, c)
	group, a, b := s.group, s.group+"-a", s.group+"-b"
	await := func(what string, want map[string]int) {
		t.Helper()
		waitFor(t, what, func() bool { return fmt.Sprint(shares(t, adm, group, s.in)) == fmt.Sprint(want) })
	}
	first := s.run(config(t, c))
	await("the first instance with all partitions", map[string]int{a: 4})
	s.produce(1000)
	for range 2 {
		second := s.run(config(t, c, func(cfg *engine.Config) { cfg.Instance = "b" }))
		s.produce(1000)
		await("an even share", map[string]int{a: 2, b: 2})
		s.produce(1000)
		second.stop()
		s.produce(1000)
		await("the first instance alone again", map[string]int{a: 4})
	}
	first.drain()
	s.check()
}

func TestAnInputMayGrow(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 4)
	cfg := config(t, c)
	r := start(t, v.plan, cfg)
	visit := func(partitions int32) {
		v.visitEach(2*partitions, partitions)
		r.drain()
	}
	visit(4)
	if _, err := admin(t, c).CreatePartitions(context.Background(), 4, v.in); err != nil {
		t.Fatal(err)
	}
	// The second instance's coming makes the leader look at the topic anew, so that a running life has to grow.
	second := start(t, v.plan, config(t, c, func(cfg *engine.Config) { cfg.Instance = "b" }))
	waitFor(t, "an even share of eight partitions", func() bool {
		return fmt.Sprint(shares(t, admin(t, c), v.readers, v.in)) == fmt.Sprint(map[string]int{v.readers + "-a": 4, v.readers + "-b": 4})
	})
	visit(8)
	second.stop()
	r.stop()
	cfg.Metrics = engine.NewMetrics()
	r = start(t, v.plan, cfg)
	visit(8)
	if visits, _ := v.counts(); sum(visits) != 8+16+16 {
		t.Errorf("%d visits of 40 are told", sum(visits))
	}
	if letters := c.ReadCommitted(t, v.failed); len(letters) > 0 {
		t.Errorf("%d dead letters, the first: %v", len(letters), letters[0].Headers)
	}
}

// The watermark of a group without a table lies in the metadata of its offsets.
func TestTheWatermarkOfAStatelessGroupSurvivesARestart(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 2)
	cfg := config(t, c)
	r := start(t, v.plan, cfg)
	v.visit(0, "u", 60)
	v.visit(1, "w", 70)
	r.drain()
	r.stop()
	committed, err := admin(t, c).FetchOffsets(context.Background(), v.readers)
	if err != nil {
		t.Fatal(err)
	}
	for p, at := range []time.Time{minute(60), minute(70)} {
		if o, _ := committed.Lookup(v.in, int32(p)); o.Metadata != fmt.Sprintf("wm=%d", at.UnixMilli()) || o.At != 1 {
			t.Errorf("partition %d: offset %d, metadata %q", p, o.At, o.Metadata)
		}
	}
	cfg.Metrics = engine.NewMetrics()
	start(t, v.plan, cfg)
	waitFor(t, "the watermarks of before", func() bool {
		return metric(t, cfg.Metrics, "tributary_watermark_seconds", v.readers) == float64(minute(60).Unix()+minute(70).Unix())
	})
}

// Every transaction says where its partitions stand, also those that brought nothing: else it would not be
// checked for its generation.
func TestAPartitionThatIsEmptiedIsIdleAndFencedAllTheSame(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 2)
	for i := range int64(5) {
		v.visit(0, "gone", i)
	}
	adm := admin(t, c)
	if _, err := adm.DeleteRecords(context.Background(), kadm.Offsets{v.in: {0: kadm.Offset{Topic: v.in, Partition: 0, At: 5, LeaderEpoch: -1}}}); err != nil {
		t.Fatal(err)
	}
	v.visit(1, "u", 1)
	v.visit(1, "w", 30) // a user's ten minutes are over, as soon as partition 0 no longer holds time back
	start(t, v.plan, config(t, c, func(cfg *engine.Config) { cfg.IdleAfter = 300 * time.Millisecond }))
	waitFor(t, "the quiet user", func() bool { _, quiet := v.counts(); return quiet["u"] == 1 })
	visits, quiet := v.counts()
	if visits["gone"] != 0 || visits["u"] != 1 || visits["w"] != 1 || quiet["w"] != 0 {
		t.Errorf("visits %v, quiet %v", visits, quiet)
	}
	waitFor(t, "an offset of each partition", func() bool {
		committed, err := adm.FetchOffsets(context.Background(), v.readers)
		if err != nil {
			t.Fatal(err)
		}
		zero, _ := committed.Lookup(v.in, 0)
		one, _ := committed.Lookup(v.in, 1)
		return zero.At == 5 && one.At == 2
	})
}

func TestRepartitionTopicsArePurgedBehindTheirReaders(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 2)
	purging := func(cfg *engine.Config) { cfg.PurgeEvery = 50 * time.Millisecond }
	r := start(t, v.plan, config(t, c, purging))
	adm := admin(t, c)
	left := func() (n int64) {
		starts, err := adm.ListStartOffsets(context.Background(), v.via)
		if err != nil {
			t.Fatal(err)
		}
		ends, err := adm.ListEndOffsets(context.Background(), v.via)
		if err != nil {
			t.Fatal(err)
		}
		ends.Each(func(o kadm.ListedOffset) {
			if s, ok := starts.Lookup(o.Topic, o.Partition); ok {
				n += o.Offset - s.Offset
			}
		})
		return n
	}
	visit := func() {
		v.visitEach(100, 2)
		r.drain()
	}
	visit()
	waitFor(t, "an empty repartition topic", func() bool { return left() <= 8 }) // markers and watermarks follow
	visit()
	r.stop()
	r = start(t, v.plan, config(t, c, purging)) // with empty local stores
	visit()
	if visits, _ := v.counts(); sum(visits) != 300 {
		t.Errorf("%d visits of 300 are told", sum(visits))
	}
}

func TestAStartListsAllMistakesAtOnce(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 4)
	c.DeleteTopic(t, v.in)
	c.CreateTopic(t, v.via, 3, map[string]string{"cleanup.policy": "delete"})
	c.CreateTopic(t, v.group+"-table", 2, map[string]string{"cleanup.policy": "delete"})
	cfg := config(t, c, func(cfg *engine.Config) { cfg.Partitions = 4 })
	other := newSums(t, c)
	other.plan.Name = v.plan.Name // so that both want the same directory
	other.run(cfg)
	_, err := engine.Open(context.Background(), v.plan, cfg)
	if err == nil {
		t.Fatal("it started")
	}
	for _, want := range []string{
		"is in use by another process",
		"topic " + v.in + ": topic does not exist",
		"topic " + v.via + " has 3 partitions, wanted are 4",
		"topic " + v.group + "-table has 2 partitions, wanted are 4",
		"topic " + v.group + "-table has cleanup.policy=delete, wanted is compact",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestAWrongAddressIsAnErrorThatNamesIt(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	cfg := config(t, c)
	cfg.Connection.Brokers = []string{"127.0.0.1:1"}
	if _, err := engine.Open(context.Background(), s.plan, cfg); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}

func TestASecondProcessOfTheSameNameIsRefused(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	r := s.run(config(t, c))
	s.produce(100)
	r.drain()
	_, err := engine.Open(context.Background(), s.plan, config(t, c)) // another directory, as on another machine
	if err == nil || !strings.Contains(err.Error(), `"a" is a living member`) || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("got %v", err)
	}
	s.produce(100)
	r.drain() // the first one has not noticed
	s.check()
}

// A process that lost its directory may go on under its name once its predecessor's session is over.
func TestAPredecessorThatIsGoneIsWaitedFor(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	for range 2 {
		s.produce(100)
		r := s.run(config(t, c))
		r.drain()
		r.stop()
	}
	s.check()
}

func TestValuesOfAnUnusualFormAreCounted(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	s.produce(10)
	c.Produce(t, s.in, brokers.Record{Key: []byte("u1"), Value: []byte(`{"user_id":"u\u0031","order_id":"x","amount":0}`)})
	cfg := config(t, c)
	s.run(cfg).drain()
	if n := metric(t, cfg.Metrics, "tributary_decode_fallbacks_total", s.group); n < 1 {
		t.Errorf("%v values took the long way", n)
	}
}
