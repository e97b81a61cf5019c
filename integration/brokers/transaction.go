package brokers

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Transaction is open until Commit or Abort. One that gets neither is aborted by the broker after a minute.
type Transaction struct {
	id     string
	client *kgo.Client
}

// Begin opens a transaction with an id of its own.
func (c Cluster) Begin(t testing.TB) *Transaction {
	t.Helper()
	id := Unique(t, "test")
	client := c.writing(t,
		kgo.TransactionalID(id),
		kgo.TransactionTimeout(patience),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)
	x := &Transaction{id: id, client: client}
	x.Next(t)
	return x
}

// Next opens another transaction of the same producer, after Commit or Abort.
func (x *Transaction) Next(t testing.TB) {
	t.Helper()
	if err := x.client.BeginTransaction(); err != nil {
		t.Fatalf("begin a transaction: %v", err)
	}
}

// Produce writes records into their Partition and waits until they are stored, undecided.
func (x *Transaction) Produce(t testing.TB, topic string, records ...Record) []Record {
	t.Helper()
	return produce(t, x.client, topic, records)
}

// CommitOffset adds a group's offset, undecided as the records are. A record must have been produced in this
// transaction: the client would not end an empty one.
func (x *Transaction) CommitOffset(t testing.TB, group, topic string, partition int32, offset int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	id, epoch, err := x.client.ProducerID(ctx)
	if err != nil {
		t.Fatalf("find the transaction's producer id: %v", err)
	}
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = x.id, id, epoch, group
	added, err := add.RequestWith(ctx, x.client)
	if err == nil {
		err = kerr.ErrorForCode(added.ErrorCode)
	}
	if err != nil {
		t.Fatalf("add group %s to the transaction: %v", group, err)
	}
	topics, err := kadm.NewClient(x.client).ListTopics(ctx, topic)
	if err != nil {
		t.Fatalf("find the id of topic %s: %v", topic, err)
	}
	commit := kmsg.NewPtrTxnOffsetCommitRequest()
	commit.TransactionalID, commit.ProducerID, commit.ProducerEpoch, commit.Group = x.id, id, epoch, group
	commit.Generation = -1
	commit.Topics = []kmsg.TxnOffsetCommitRequestTopic{{
		Topic: topic, TopicID: topics[topic].ID, // newer brokers go by the id
		Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{Partition: partition, Offset: offset, LeaderEpoch: -1}},
	}}
	committed, err := commit.RequestWith(ctx, x.client)
	if err == nil {
		err = kerr.ErrorForCode(committed.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatalf("commit offset %d of topic %s partition %d in the transaction: %v", offset, topic, partition, err)
	}
}

// Commit makes the records visible.
func (x *Transaction) Commit(t testing.TB) { t.Helper(); x.end(t, kgo.TryCommit) }

// Abort hides the records for ever.
func (x *Transaction) Abort(t testing.TB) { t.Helper(); x.end(t, kgo.TryAbort) }

func (x *Transaction) end(t testing.TB, how kgo.TransactionEndTry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := x.client.EndTransaction(ctx, how); err != nil {
		t.Fatalf("end the transaction: %v", err)
	}
}
