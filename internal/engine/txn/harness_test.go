package txn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// One for the process, started by the first of sarama's metrics.
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const (
	group = "orders-by-buyer"
	id    = "orders-by-buyer-1"
)

var (
	table  = TopicPartition{"orders-by-buyer-table", 0}
	output = TopicPartition{"coupons", 1}
	input  = TopicPartition{"orders", 2}
)

// kafka is the brokers under test, seen through an independent client.
type kafka struct {
	*testing.T
	ctx     context.Context // of the whole test
	brokers []string
	client  *kgo.Client
}

func see(t *testing.T, brokers []string) *kafka {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &kafka{T: t, ctx: ctx, brokers: brokers, client: client}
}

// fake starts a cluster of three brokers in the process.
func fake(t *testing.T) (*kafka, *kfake.Cluster) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(3, table.Topic, output.Topic, input.Topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return see(t, c.ListenAddrs()), c
}

func (k *kafka) config() Config {
	return Config{
		Client: func() *sarama.Config {
			c := sarama.NewConfig()
			c.Version = sarama.V3_0_0_0
			c.ClientID = "txn-test"
			return c
		},
		Brokers:         k.brokers,
		TransactionalID: id,
		Group:           group,
		StepTimeout:     10 * time.Second,
	}
}

// writer starts one with the test's configuration, changed by change if any.
func (k *kafka) writer(change ...func(*Config)) *Writer {
	k.Helper()
	c := k.config()
	for _, f := range change {
		f(&c)
	}
	w, err := New(k.ctx, c)
	if err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { _ = w.Close() })
	return w
}

func (k *kafka) commit(w *Writer, t *Transaction) {
	k.Helper()
	if err := w.Commit(k.ctx, t); err != nil {
		k.Fatal(err)
	}
}

// record has value as its value and its key.
func record(value string) *sarama.Record {
	return &sarama.Record{Key: []byte(value), Value: []byte(value)}
}

func batch(at TopicPartition, values ...string) *Batch {
	b := &Batch{TopicPartition: at, FirstTimestamp: time.UnixMilli(1_700_000_000_000)}
	for _, v := range values {
		b.Records = append(b.Records, record(v))
	}
	return b
}

// anyone is a member without an identity, which a broker accepts for a group
// without members.
func anyone() *sarama.ConsumerGroupMetadata { return sarama.NewConsumerGroupMetadata(group) }

// sale is a transaction with a row, an output and an offset.
func sale(name string, next int64) *Transaction {
	return &Transaction{
		Batches: []*Batch{batch(table, name+" row"), batch(output, name+" coupon")},
		Offsets: map[TopicPartition]Offset{input: {Next: next, Metadata: "watermark of " + name}},
		Member:  anyone(),
	}
}

// expect fails unless exactly values are visible in the partition, in order.
func (k *kafka) expect(at TopicPartition, values ...string) []*kgo.Record {
	k.Helper()
	records := k.committed(at)
	var got []string
	for _, r := range records {
		got = append(got, string(r.Value))
	}
	if !slices.Equal(got, values) {
		k.Fatalf("%v shows %q, want %q", at, got, values)
	}
	return records
}

// committed reads the partition to its last stable offset. A record of the
// test's own, written behind it, says that the end was reached, whatever
// markers and aborted records lie before.
func (k *kafka) committed(at TopicPartition) []*kgo.Record {
	k.Helper()
	end := &kgo.Record{Topic: at.Topic, Partition: at.Partition, Value: []byte("end")}
	writer, err := kgo.NewClient(kgo.SeedBrokers(k.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		k.Fatal(err)
	}
	defer writer.Close()
	if err := writer.ProduceSync(k.ctx, end).FirstErr(); err != nil {
		k.Fatal(err)
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(k.brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{at.Topic: {at.Partition: kgo.NewOffset().AtStart()}}))
	if err != nil {
		k.Fatal(err)
	}
	defer reader.Close()
	var records []*kgo.Record
	for {
		fetches := reader.PollFetches(k.ctx)
		if err := fetches.Err0(); err != nil {
			k.Fatalf("read %v: %v; %d records so far", at, err, len(records))
		}
		for r := range fetches.RecordsAll() {
			if r.Offset == end.Offset {
				return records
			}
			if string(r.Value) != "end" {
				records = append(records, r)
			}
		}
	}
}

// expectOffset fails unless the group's committed position is next.
func (k *kafka) expectOffset(at TopicPartition, next int64, metadata string) {
	k.Helper()
	offsets, err := kadm.NewClient(k.client).FetchOffsets(k.ctx, group)
	if err != nil {
		k.Fatal(err)
	}
	got, found := offsets.Lookup(at.Topic, at.Partition)
	if !found || got.At != next || got.Metadata != metadata {
		k.Fatalf("group's offset of %v is %d with %q (found: %t), want %d with %q", at, got.At, got.Metadata, found, next, metadata)
	}
}

func (k *kafka) expectNoOffset() {
	k.Helper()
	offsets, err := kadm.NewClient(k.client).FetchOffsets(k.ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		k.Fatal(err)
	}
	if topics := slices.Collect(maps.Keys(offsets)); len(topics) > 0 {
		k.Fatalf("group has offsets of %q, want none", topics)
	}
}

// join makes the test the only member of the group.
func (k *kafka) join() *sarama.ConsumerGroupMetadata {
	k.Helper()
	request := kmsg.NewPtrJoinGroupRequest()
	request.Group, request.ProtocolType = group, "consumer"
	request.SessionTimeoutMillis, request.RebalanceTimeoutMillis = 30000, 30000
	request.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range"}}
	joined, err := request.RequestWith(k.ctx, k.client)
	if err == nil && joined.ErrorCode == kerr.MemberIDRequired.Code {
		request.MemberID = joined.MemberID
		joined, err = request.RequestWith(k.ctx, k.client)
	}
	if err == nil {
		err = kerr.ErrorForCode(joined.ErrorCode)
	}
	if err != nil {
		k.Fatal(fmt.Errorf("join: %w", err))
	}
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation = group, joined.MemberID, joined.Generation
	synced, err := sync.RequestWith(k.ctx, k.client)
	if err == nil {
		err = kerr.ErrorForCode(synced.ErrorCode)
	}
	if err != nil {
		k.Fatal(fmt.Errorf("sync: %w", err))
	}
	return &sarama.ConsumerGroupMetadata{GroupID: group, GenerationID: joined.Generation, MemberID: joined.MemberID}
}
