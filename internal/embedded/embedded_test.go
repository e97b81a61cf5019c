package embedded

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
)

func start(t *testing.T, o Options) *Broker {
	t.Helper()
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func config() *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V3_0_0_0
	c.Consumer.IsolationLevel = sarama.ReadCommitted
	c.Consumer.MaxWaitTime = 100 * time.Millisecond
	c.Producer.Idempotent = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Net.MaxOpenRequests = 1
	c.Producer.Return.Successes = true
	c.Producer.Partitioner = sarama.NewManualPartitioner
	return c
}

func producer(t *testing.T, b *Broker, transactional string) sarama.SyncProducer {
	t.Helper()
	c := config()
	c.Producer.Transaction.ID = transactional
	p, err := sarama.NewSyncProducer(b.Addrs(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func send(t *testing.T, p sarama.SyncProducer, topic string, values ...[]byte) {
	t.Helper()
	for _, v := range values {
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.ByteEncoder(v)}); err != nil {
			t.Fatal(err)
		}
	}
}

func create(t *testing.T, b *Broker, topic string, settings map[string]string) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(b.Addrs(), config())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	entries := make(map[string]*string)
	for k, v := range settings {
		entries[k] = &v
	}
	if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: -1, ConfigEntries: entries}, false); err != nil {
		t.Fatal(err)
	}
}

func TestClosingABrokerLeavesNothingRunning(t *testing.T) {
	// sarama's metrics have one goroutine for the whole process, which never ends.
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
	for range 3 {
		b, err := Start(Options{Topics: map[string]int32{"orders": 2}})
		if err != nil {
			t.Fatal(err)
		}
		client, err := sarama.NewClient(b.Addrs(), config()) // a connection is open when the broker ends
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
		b.Close()
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTopicsGetThePartitionsThatTheOptionsSay(t *testing.T) {
	b := start(t, Options{Partitions: 3, Topics: map[string]int32{"orders": 12, "refunds": 0}})
	client, err := sarama.NewClient(b.Addrs(), config())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for topic, want := range map[string]int{"orders": 12, "refunds": 3} {
		if got, err := client.Partitions(topic); err != nil || len(got) != want {
			t.Errorf("topic %s has partitions %v (%v), want %d", topic, got, err, want)
		}
	}
}

func TestAPortInUseIsAnErrorThatNamesIt(t *testing.T) {
	var port int
	first := start(t, Options{})
	if _, err := fmt.Sscanf(first.Addrs()[0], "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	second, err := Start(Options{Port: port})
	if err == nil {
		second.Close()
		t.Fatal("two brokers run on one port")
	}
}

func TestASaramaConsumerSeesCommittedTransactionsOnly(t *testing.T) {
	b := start(t, Options{Topics: map[string]int32{"orders": 1}})
	p := producer(t, b, "writer")
	in := func(end func() error, values ...string) {
		t.Helper()
		if err := p.BeginTxn(); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			send(t, p, "orders", []byte(v))
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	in(p.CommitTxn, "a", "b")
	in(p.AbortTxn, "x", "y")
	in(p.CommitTxn, "c")
	in(func() error { send(t, p, "orders", []byte("open")); return nil })
	send(t, producer(t, b, ""), "orders", []byte("behind the open one"))

	consumer, err := sarama.NewConsumer(b.Addrs(), config())
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	orders, err := consumer.ConsumePartition("orders", 0, sarama.OffsetOldest)
	if err != nil {
		t.Fatal(err)
	}
	defer orders.Close()
	expect := func(want string) {
		t.Helper()
		select {
		case m := <-orders.Messages():
			if string(m.Value) != want {
				t.Fatalf("the consumer got %q at offset %d, want %q", m.Value, m.Offset, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the consumer did not get %q", want)
		}
	}
	expect("a")
	expect("b")
	expect("c") // and then nothing: what comes next is what is expected after the commit
	if err := p.CommitTxn(); err != nil {
		t.Fatal(err)
	}
	expect("open")
	expect("behind the open one")
}

// eventually waits for what happens on the retention's own timer.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("did not happen: " + what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func bytesIn(t *testing.T, b *Broker, topic string) *kfake.PartitionInfo {
	t.Helper()
	info := b.cluster.PartitionInfo(topic, 0)
	if info == nil {
		t.Fatalf("no topic %s", topic)
	}
	return info
}

func fill(t *testing.T, b *Broker, topic string, mebibytes int) {
	t.Helper()
	p := producer(t, b, "")
	value := make([]byte, 256<<10)
	for range mebibytes * 4 {
		rand.Read(value) // so that nothing compresses or shares it
		send(t, p, topic, value)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestOldRecordsGoAndTheirMemoryIsFreed(t *testing.T) {
	b := start(t, Options{MaxBytesPerPartition: 2 << 20, Topics: map[string]int32{"seeded": 1}})
	create(t, b, "created", map[string]string{"cleanup.policy": "delete"})
	before := heap()
	for _, topic := range []string{"seeded", "created"} {
		fill(t, b, topic, 32)
		eventually(t, "at most 2 MiB stay in "+topic, func() bool { return bytesIn(t, b, topic).NumBytes <= 2<<20 })
		if info := bytesIn(t, b, topic); info.LogStartOffset == 0 || info.HighWatermark != 128 {
			t.Errorf("%s starts at %d and ends at %d, want a later start and the end at 128", topic, info.LogStartOffset, info.HighWatermark)
		}
	}
	// 64 MiB were written. 4 may stay, and segments and connections need some.
	if grown := heap() - before; grown > 24<<20 {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
}

func TestRecordsThatAreStateOrOwnedByAReaderStay(t *testing.T) {
	b := start(t, Options{MaxBytesPerPartition: 1 << 20})
	old := []string{"changelog", "repartition", "own-bound"}
	create(t, b, "changelog", map[string]string{"cleanup.policy": "compact"})
	create(t, b, "repartition", map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"})
	create(t, b, "own-bound", map[string]string{"retention.bytes": "8388608"})
	create(t, b, "bounded", nil)
	for _, topic := range append(old, "bounded") {
		fill(t, b, topic, 4)
	}
	eventually(t, "retention ran", func() bool { return bytesIn(t, b, "bounded").NumBytes <= 1<<20 })
	for _, topic := range old {
		if info := bytesIn(t, b, topic); info.LogStartOffset != 0 {
			t.Errorf("topic %s lost the records below %d", topic, info.LogStartOffset)
		}
	}
}

// An old timestamp is normal when history is replayed. Kafka keeps rows of compacted topics all the same.
func TestOldRowsOfACompactedTopicStay(t *testing.T) {
	b := start(t, Options{})
	create(t, b, "changelog", map[string]string{"cleanup.policy": "compact"})
	create(t, b, "events", nil)
	p := producer(t, b, "")
	long := time.Now().Add(-365 * 24 * time.Hour)
	for _, topic := range []string{"changelog", "events"} {
		m := &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder("k"), Value: sarama.StringEncoder("v"), Timestamp: long}
		if _, _, err := p.SendMessage(m); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "retention by time", func() bool { return bytesIn(t, b, "events").LogStartOffset == 1 })
	if info := bytesIn(t, b, "changelog"); info.LogStartOffset != 0 {
		t.Error("the compacted topic lost its row")
	}
}

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	for _, o := range []Options{{Port: -1}, {Port: 70000}, {Partitions: -1}, {MaxBytesPerPartition: -1}} {
		if b, err := Start(o); err == nil {
			b.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
}
