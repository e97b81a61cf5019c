package txn

import (
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

const (
	// recordOverhead is what a record takes beyond its key, value and headers,
	// at most: lengths, deltas, attributes.
	recordOverhead = 36
	// headerOverhead is the same of a header: two lengths.
	headerOverhead = 10
	// maxRoundBytes bounds the requests that are in memory at a time, and so
	// each of them; brokers take 100 MiB at most (socket.request.max.bytes).
	maxRoundBytes = 32 << 20
)

// part is as much of a batch as goes into one request. It keeps its sequence
// number however often it is sent, so that the broker keeps it once.
type part struct {
	batch *Batch
	wire  *sarama.RecordBatch
	size  int
}

// cut takes the next part from the records that begin at from: at least one,
// and no more than fit into limit bytes before compression.
func cut(b *Batch, from, limit int) *part {
	size, newest := 0, time.Duration(0)
	to := from
	for ; to < len(b.Records); to++ {
		r := b.Records[to]
		n := sizeOf(r)
		if to > from && size+n > limit {
			break
		}
		size += n
		newest = max(newest, r.TimestampDelta)
		r.OffsetDelta = int64(to - from)
	}
	whole := from == 0 && to == len(b.Records)
	return &part{batch: b, size: size, wire: &sarama.RecordBatch{
		Version:          2,
		CompressionLevel: sarama.CompressionLevelDefault,
		FirstTimestamp:   b.FirstTimestamp,
		MaxTimestamp:     newestTimestamp(b, whole, newest),
		LastOffsetDelta:  int32(to - from - 1),
		Records:          b.Records[from:to],
		IsTransactional:  true,
	}}
}

func newestTimestamp(b *Batch, whole bool, newest time.Duration) time.Time {
	switch {
	case b.FirstTimestamp.IsZero():
		return time.Time{}
	case whole && !b.MaxTimestamp.IsZero():
		return b.MaxTimestamp
	}
	return b.FirstTimestamp.Add(newest)
}

func sizeOf(r *sarama.Record) int {
	n := recordOverhead + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += headerOverhead + len(h.Key) + len(h.Value)
	}
	return n
}

// settle takes the leader's answer; nil if the part is written.
func (p *part) settle(answer *sarama.ProduceResponseBlock) error {
	if answer == nil {
		return fmt.Errorf("%v: %w", p.batch.TopicPartition, sarama.ErrIncompleteResponse)
	}
	switch answer.Err {
	case sarama.ErrNoError:
		p.batch.Last = answer.Offset + int64(p.wire.LastOffsetDelta)
		return nil
	case sarama.ErrDuplicateSequenceNumber: // written by an earlier attempt
		p.batch.Last = -1
		return nil
	}
	err := fmt.Errorf("%v: %w", p.batch.TopicPartition, verdict(answer.Err))
	if answer.ErrorMessage != nil {
		err = fmt.Errorf("%w (%s)", err, *answer.ErrorMessage)
	}
	return err
}
