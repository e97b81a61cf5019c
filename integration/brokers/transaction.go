package brokers

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Transaction is open until Commit or Abort. One that gets neither is aborted by the broker after a minute.
type Transaction struct {
	client *kgo.Client
}

// Begin opens a transaction with an id of its own.
func (c Cluster) Begin(t testing.TB) *Transaction {
	t.Helper()
	client := c.writing(t,
		kgo.TransactionalID(Unique(t, "test")),
		kgo.TransactionTimeout(patience),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)
	x := &Transaction{client: client}
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
