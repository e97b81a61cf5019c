package txn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestACommitIsVisibleWithItsOffsets(t *testing.T) {
	k, _ := fake(t)
	w := k.writer()
	k.commit(w, sale("first", 17))
	k.commit(w, sale("second", 18))
	k.expect(table, "first row", "second row")
	k.expect(output, "first coupon", "second coupon")
	k.expectOffset(input, 18, "watermark of second")
}

func TestARecordArrivesAsItWasGiven(t *testing.T) {
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionSnappy, sarama.CompressionZSTD} {
		t.Run(codec.String(), func(t *testing.T) {
			k, _ := fake(t)
			w := k.writer(func(c *Config) { c.Compression = codec })
			b := batch(table, "one", "two")
			b.Records[0].Headers = []*sarama.RecordHeader{{Key: []byte("event-time"), Value: []byte("7")}}
			b.Records[1].Value = nil
			b.Records[1].TimestampDelta = 1500 * time.Millisecond
			b.MaxTimestamp = b.FirstTimestamp.Add(1500 * time.Millisecond)
			k.commit(w, &Transaction{Batches: []*Batch{b}})

			got := k.committed(table)
			if len(got) != 2 {
				t.Fatalf("%d records, want 2", len(got))
			}
			if h := got[0].Headers; len(h) != 1 || h[0].Key != "event-time" || string(h[0].Value) != "7" {
				t.Errorf("headers are %v", h)
			}
			if string(got[1].Key) != "two" || got[1].Value != nil {
				t.Errorf("tombstone is %q: %v", got[1].Key, got[1].Value)
			}
			if !got[0].Timestamp.Equal(b.FirstTimestamp) || !got[1].Timestamp.Equal(b.MaxTimestamp) {
				t.Errorf("timestamps are %v and %v", got[0].Timestamp, got[1].Timestamp)
			}
		})
	}
}

func TestAnEmptyTransactionAsksNobody(t *testing.T) {
	k, c := fake(t)
	w := k.writer()
	asked := c.Fault(kfake.Fault{Observe: true, Count: -1, TxnID: id})
	k.commit(w, &Transaction{})
	k.commit(w, &Transaction{Batches: []*Batch{batch(table)}, Member: anyone()})
	if n := asked.Hits(); n != 0 {
		t.Fatalf("%d requests", n)
	}
	k.commit(w, sale("later", 1))
	if asked.Hits() == 0 {
		t.Fatal("the observer sees no requests at all")
	}
}

func TestOffsetsAreCommittedWithoutRecords(t *testing.T) {
	k, _ := fake(t)
	k.commit(k.writer(), &Transaction{Offsets: map[TopicPartition]Offset{input: {Next: 5}}, Member: anyone()})
	k.expectOffset(input, 5, "")
}

func TestRecordsAreWrittenWithoutAGroup(t *testing.T) {
	k, _ := fake(t)
	w := k.writer(func(c *Config) { c.Group = "" })
	k.commit(w, &Transaction{Batches: []*Batch{batch(table, "a")}})
	k.expect(table, "a")
	k.expectNoOffset()
}

func TestABatchOverTheLimitIsSplitInOrder(t *testing.T) {
	k, c := fake(t)
	w := k.writer(func(c *Config) { c.MaxBatchBytes = 1000 })
	produced := c.Fault(kfake.Fault{Keys: produceKey, Observe: true, Count: -1, Topic: table.Topic})
	k.commit(w, &Transaction{Batches: []*Batch{batch(table, "before")}})

	var values []string
	for i := range 200 {
		values = append(values, fmt.Sprintf("%03d %s", i, strings.Repeat("x", i%50)))
	}
	values[100] = "100 " + strings.Repeat("larger than a batch", 100)
	long, short, again := batch(table, values...), batch(output, "short"), batch(table, "again")
	k.commit(w, &Transaction{Batches: []*Batch{long, short, again}})

	if n := produced.Hits(); n < 15 {
		t.Errorf("%d produce requests; the batch was not split", n)
	}
	got := k.expect(table, slices.Concat([]string{"before"}, values, []string{"again"})...)
	if last := got[200].Offset; long.Last != last {
		t.Errorf("last of the long batch is %d, want %d", long.Last, last)
	}
	if last := got[201].Offset; again.Last != last {
		t.Errorf("last of the second batch of the partition is %d, want %d", again.Last, last)
	}
	if last := k.expect(output, "short")[0].Offset; short.Last != last {
		t.Errorf("last of the short batch is %d, want %d", short.Last, last)
	}
}

func TestAMistakeInTheTransactionIsReturnedAndTheWriterLives(t *testing.T) {
	k, _ := fake(t)
	w := k.writer()
	noMember, otherGroup := sale("x", 1), sale("x", 1)
	noMember.Member = nil
	otherGroup.Member.GroupID = "other"
	for _, wrong := range []*Transaction{noMember, otherGroup} {
		if err := w.Commit(k.ctx, wrong); err == nil {
			t.Error("no error")
		}
	}
	k.commit(w, sale("right", 2))
	k.expect(table, "right row")
}

func TestAllMistakesInTheConfigurationAreReturnedAtOnce(t *testing.T) {
	_, err := New(t.Context(), Config{Client: func() *sarama.Config {
		c := sarama.NewConfig()
		c.Version = sarama.V2_0_0_0
		return c
	}})
	for _, want := range []string{"transactional id", "broker address", "2.8.0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
}

func TestAFatalErrorAbortsAndEndsTheWriter(t *testing.T) {
	k, c := fake(t)
	w := k.writer()
	ended := c.Fault(kfake.Fault{Keys: endKey, Observe: true, Count: -1})
	c.Fault(kfake.Fault{Keys: produceKey, Topic: output.Topic, Err: outOfOrder})

	err := w.Commit(k.ctx, sale("lost", 1))
	if !errors.Is(err, sarama.ErrOutOfOrderSequenceNumber) || errors.Is(err, ErrFenced) {
		t.Fatalf("error is %v", err)
	}
	if !strings.Contains(err.Error(), output.String()) {
		t.Errorf("error %v does not name %v", err, output)
	}
	if n := ended.Hits(); n != 1 {
		t.Errorf("%d requests to end the transaction, want one to abort it", n)
	}
	if again := w.Commit(k.ctx, sale("never", 2)); !errors.Is(again, sarama.ErrOutOfOrderSequenceNumber) {
		t.Errorf("a second commit returns %v", again)
	}
	k.expect(table)
	k.expectNoOffset()
	k.commit(k.writer(), sale("next life", 1))
	k.expect(table, "next life row")
}
