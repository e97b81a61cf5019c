package txn

import (
	"math"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"pgregory.net/rapid"
)

func TestPartsHoldAllRecordsInOrderWithinTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 500).Draw(t, "limit")
		b := &Batch{FirstTimestamp: time.UnixMilli(1000)}
		for _, size := range rapid.SliceOfN(rapid.IntRange(0, 300), 1, 50).Draw(t, "sizes") {
			b.Records = append(b.Records, &sarama.Record{Value: make([]byte, size), TimestampDelta: time.Duration(size) * time.Millisecond})
		}
		for next := 0; next < len(b.Records); {
			p := cut(b, next, limit)
			if len(p.wire.Records) == 0 || int(p.wire.LastOffsetDelta) != len(p.wire.Records)-1 {
				t.Fatalf("part at %d has %d records and last offset delta %d", next, len(p.wire.Records), p.wire.LastOffsetDelta)
			}
			if p.size > limit && len(p.wire.Records) > 1 {
				t.Fatalf("part at %d has %d bytes in %d records", next, p.size, len(p.wire.Records))
			}
			for i, r := range p.wire.Records {
				if r != b.Records[next+i] || r.OffsetDelta != int64(i) {
					t.Fatalf("record %d of the part at %d is another or has offset delta %d", i, next, r.OffsetDelta)
				}
				if b.FirstTimestamp.Add(r.TimestampDelta).After(p.wire.MaxTimestamp) {
					t.Fatalf("record %d of the part at %d is newer than the part", i, next)
				}
			}
			next += len(p.wire.Records)
		}
	})
}

func TestSequencesWrapAfterTheLargest(t *testing.T) {
	b := batch(table, "a", "b", "c")
	w := &Writer{sequences: map[TopicPartition]int32{table: math.MaxInt32 - 1}}
	p := cut(b, 0, 1000)
	w.number(p)
	if p.wire.FirstSequence != math.MaxInt32-1 || w.sequences[table] != 1 {
		t.Fatalf("three records from %d on are followed by %d, want 1", p.wire.FirstSequence, w.sequences[table])
	}
}

func TestARoundHasABoundedSize(t *testing.T) {
	w := &Writer{sequences: map[TopicPartition]int32{}, config: Config{MaxBatchBytes: 1 << 20}}
	var batches []*Batch
	for p := range int32(100) {
		value := make([]byte, 1<<20)
		batches = append(batches, &Batch{TopicPartition: TopicPartition{"t", p}, Records: []*sarama.Record{{Value: value}}})
	}
	done, rounds, written := make([]int, len(batches)), 0, 0
	for parts := w.round(batches, done); len(parts) > 0; parts = w.round(batches, done) {
		size := 0
		for _, p := range parts {
			size += p.size
		}
		if size > maxRoundBytes {
			t.Fatalf("round of %d bytes", size)
		}
		rounds++
		written += len(parts)
	}
	if written != 100 || rounds < 4 {
		t.Fatalf("%d parts in %d rounds", written, rounds)
	}
}
