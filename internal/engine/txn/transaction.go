// Package txn writes whole Kafka transactions: records, consumer offsets and the decision, as one.
//
// It speaks to the brokers with sarama's exported request types instead of its
// asynchronous producer: the records of a transaction are known when it is
// written, so one batch per partition and one request per broker carry what
// would otherwise pass, record by record, through half a dozen goroutines. The
// writer also has a watchdog on every step, which the producer lacks.
//
// A transaction is five kinds of requests, in this order:
//
//	AddPartitionsToTxn  to the transaction's coordinator
//	AddOffsetsToTxn     to the transaction's coordinator
//	Produce             to the leaders, in rounds, one request per broker
//	TxnOffsetCommit     to the group's coordinator, with the member's identity (KIP-447)
//	EndTxn              to the transaction's coordinator
//
// and InitProducerID before the first. Nothing overlaps but the produce
// requests of one round: brokers verify with the coordinator that a partition
// is part of the transaction, and answer NOT_ENOUGH_REPLICAS when they meet it
// writing.
//
// An error is the end of a Writer. What it means for the data is decided by
// the next one: New aborts what is open, and the caller recovers from what is
// committed.
package txn

import (
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

func (p TopicPartition) String() string {
	return fmt.Sprintf("topic %s partition %d", p.Topic, p.Partition)
}

// Batch is the records of one partition, in order. It belongs to the Writer
// until Commit returns. Several batches of one partition are written in the
// order in which the transaction lists them.
type Batch struct {
	TopicPartition

	// Records have Key, Value, Headers and TimestampDelta (relative to
	// FirstTimestamp, in whole milliseconds) from the caller; a nil Value is a
	// tombstone. The Writer sets OffsetDelta. Without records the batch is
	// skipped.
	Records []*sarama.Record

	// FirstTimestamp is what the TimestampDelta of each record is added to;
	// not before 1970. Zero means that no record has a timestamp.
	FirstTimestamp time.Time

	// MaxTimestamp is the newest timestamp in the batch. Zero, or when the
	// batch has to be split, it is taken from the records.
	MaxTimestamp time.Time

	// Last is the offset of the last record, set by Commit and valid only
	// after it returned nil. It is -1 if the broker reported the record as
	// written before without saying where, which it does only for a
	// duplicate older than the partition's five latest batches.
	Last int64
}

// Offset is a position of the consumer group in one partition.
type Offset struct {
	Next     int64  // offset of the first record not yet consumed
	Metadata string // any text of the caller's, returned with the committed offset
}

// Transaction is what becomes visible together or not at all.
type Transaction struct {
	Batches []*Batch

	// Offsets are the consumer group's new positions. None: no offsets are
	// committed, and the group is not asked.
	Offsets map[TopicPartition]Offset

	// Member is who commits the offsets (KIP-447): the broker refuses a
	// generation, member or instance that is not current. May be nil only
	// without Offsets.
	Member *sarama.ConsumerGroupMetadata
}

// empty reports whether there is nothing to commit.
func (t *Transaction) empty() bool {
	hasRecords := func(b *Batch) bool { return len(b.Records) > 0 }
	return len(t.Offsets) == 0 && !slices.ContainsFunc(t.Batches, hasRecords)
}

// check finds the mistakes of a caller before anything is sent.
func (t *Transaction) check(group string) error {
	if len(t.Offsets) == 0 {
		return nil
	}
	switch {
	case group == "":
		return fmt.Errorf("transaction has offsets of %d partitions, but its writer was configured without a group", len(t.Offsets))
	case t.Member == nil:
		return fmt.Errorf("transaction has offsets of group %s, but no member; without it an instance that lost its partitions could commit", group)
	case t.Member.GroupID != group:
		return fmt.Errorf("transaction has offsets of group %s, but its writer was configured with group %s", t.Member.GroupID, group)
	}
	return nil
}

// partitions lists by topic where the transaction has records.
func (t *Transaction) partitions() map[string][]int32 {
	byTopic := map[string][]int32{}
	for _, b := range t.Batches {
		if len(b.Records) > 0 && !slices.Contains(byTopic[b.Topic], b.Partition) {
			byTopic[b.Topic] = append(byTopic[b.Topic], b.Partition)
		}
	}
	return byTopic
}

// positions lists by topic the offsets to commit.
func (t *Transaction) positions() map[string][]*sarama.PartitionOffsetMetadata {
	byTopic := map[string][]*sarama.PartitionOffsetMetadata{}
	for at, offset := range t.Offsets {
		byTopic[at.Topic] = append(byTopic[at.Topic], &sarama.PartitionOffsetMetadata{
			Partition:   at.Partition,
			Offset:      offset.Next,
			LeaderEpoch: -1, // unknown
			Metadata:    &offset.Metadata,
		})
	}
	return byTopic
}
