package client_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

func record(value string) brokers.Record { return brokers.Record{Value: []byte(value)} }

func many(n int) []brokers.Record {
	records := make([]brokers.Record, n)
	for i := range records {
		records[i] = record(fmt.Sprint(i))
	}
	return records
}

// wantVisible compares with what an independent client reads, and with what the test expects.
func wantVisible(t *testing.T, c brokers.Cluster, topic string, want int64) {
	t.Helper()
	got, err := open(t, c).LastVisible(t.Context(), topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("the last visible record ends at %d, want %d", got, want)
	}
	read := c.ReadCommitted(t, topic)
	for _, r := range read {
		if r.Offset >= got {
			t.Errorf("a reader sees offset %d, LastVisible says %d", r.Offset, got)
		}
	}
	wantScanned(t, c, topic, read)
}

// wantScanned compares what Scan gives, from the start and from the middle on, with what was read.
func wantScanned(t *testing.T, c brokers.Cluster, topic string, read []brokers.Record) {
	t.Helper()
	for _, skip := range []int{0, len(read) / 2} {
		var from int64
		if skip > 0 {
			from = read[skip].Offset
		}
		rest := read[skip:]
		next, err := open(t, c).Scan(t.Context(), topic, 0, from, func(key, value []byte, offset int64) error {
			if len(rest) == 0 || rest[0].Offset != offset || string(rest[0].Key) != string(key) || string(rest[0].Value) != string(value) {
				return fmt.Errorf("offset %d, %q: %q is not what comes next", offset, key, value)
			}
			rest = rest[1:]
			return nil
		})
		if err != nil || len(rest) > 0 {
			t.Errorf("scanned from %d to %d: %d of %d records are missing (%v)", from, next, len(rest), len(read), err)
		}
	}
}

// wantEnd waits for the end: a broker answers a commit before it has written the markers.
func wantEnd(t *testing.T, c brokers.Cluster, topic string, want int64) {
	t.Helper()
	a := open(t, c)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ends, err := a.EndOffsets(t.Context(), []string{topic, topic})
		if err == nil && len(ends) == 1 && len(ends[topic]) == 1 && ends[topic][0] == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the ends are %v (%v), want [%d]", ends, err, want)
		}
	}
}

func TestTheLastVisibleRecordIsFoundBehindMarkersAndAbortedRecords(t *testing.T) {
	stories := []struct {
		name         string
		write        func(t *testing.T, c brokers.Cluster, topic string)
		visible, end int64
	}{
		{"a new partition", func(*testing.T, brokers.Cluster, string) {}, 0, 0},
		{"plain records", func(t *testing.T, c brokers.Cluster, topic string) {
			c.ProduceTo(t, topic, many(3)...)
		}, 3, 3},
		{"a commit marker at the end", func(t *testing.T, c brokers.Cluster, topic string) {
			x := c.Begin(t)
			x.Produce(t, topic, many(3)...)
			x.Commit(t)
		}, 3, 4},
		{"aborted records at the end", func(t *testing.T, c brokers.Cluster, topic string) {
			c.ProduceTo(t, topic, many(2)...)
			x := c.Begin(t)
			x.Produce(t, topic, many(5)...)
			x.Abort(t)
		}, 2, 8},
		{"nothing but aborted records", func(t *testing.T, c brokers.Cluster, topic string) {
			x := c.Begin(t)
			x.Produce(t, topic, many(5)...)
			x.Abort(t)
		}, 0, 6},
		{"a commit after an abort of the same producer", func(t *testing.T, c brokers.Cluster, topic string) {
			x := c.Begin(t)
			x.Produce(t, topic, many(2)...)
			x.Abort(t)
			x.Next(t)
			x.Produce(t, topic, many(2)...)
			x.Commit(t)
		}, 5, 6},
		{"an abort after a commit of the same producer", func(t *testing.T, c brokers.Cluster, topic string) {
			x := c.Begin(t)
			x.Produce(t, topic, many(2)...)
			x.Commit(t)
			x.Next(t)
			x.Produce(t, topic, many(2)...)
			x.Abort(t)
		}, 2, 6},
		{"interleaved producers, the later one aborts", func(t *testing.T, c brokers.Cluster, topic string) {
			x, y := c.Begin(t), c.Begin(t)
			y.Produce(t, topic, many(2)...)
			x.Produce(t, topic, many(1)...)
			y.Produce(t, topic, many(2)...)
			x.Commit(t)
			y.Abort(t)
		}, 3, 7},
		{"an open transaction at the end", func(t *testing.T, c brokers.Cluster, topic string) {
			c.ProduceTo(t, topic, many(2)...)
			x := c.Begin(t)
			x.Produce(t, topic, many(2)...)
			c.ProduceTo(t, topic, many(2)...) // hidden, though it is in no transaction
			t.Cleanup(func() { x.Abort(t) })
		}, 2, 2},
		{"an aborted tail longer than several windows, in many batches", func(t *testing.T, c brokers.Cluster, topic string) {
			c.ProduceTo(t, topic, many(100)...)
			x := c.Begin(t)
			for range 150 {
				x.Produce(t, topic, many(7)...)
			}
			x.Abort(t)
		}, 100, 1151},
		{"many markers without records between them", func(t *testing.T, c brokers.Cluster, topic string) {
			c.ProduceTo(t, topic, many(1)...)
			x := c.Begin(t)
			for range 80 {
				x.Produce(t, topic, many(1)...)
				x.Abort(t)
				x.Next(t)
			}
			x.Produce(t, topic, many(1)...)
			x.Abort(t)
		}, 1, 163},
	}
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		for _, s := range stories {
			t.Run(s.name, func(t *testing.T) {
				topic := brokers.Unique(t, "visible")
				c.CreateTopic(t, topic, 1, nil)
				s.write(t, c, topic)
				wantEnd(t, c, topic, s.end) // first: markers are written after the commit was answered
				wantVisible(t, c, topic, s.visible)
			})
		}
	})
}

func TestTheStartOfTheLogIsReturnedWhenAllRecordsAreGone(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		topic := brokers.Unique(t, "visible")
		c.CreateTopic(t, topic, 1, nil)
		x := c.Begin(t)
		x.Produce(t, topic, many(5)...)
		x.Commit(t)
		wantEnd(t, c, topic, 6)
		if err := open(t, c).DeleteRecordsBelow(t.Context(), topic, map[int32]int64{0: 5}); err != nil {
			t.Fatal(err)
		}
		wantVisible(t, c, topic, 5) // the marker at 5 is all that is left
		wantEnd(t, c, topic, 6)
	})
}

// A batch larger than a fetch asks for must not be taken for the end.
func TestALargeLastBatchIsFound(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		topic := brokers.Unique(t, "visible")
		c.CreateTopic(t, topic, 1, map[string]string{"max.message.bytes": "16777216"})
		c.ProduceTo(t, topic, many(2)...)
		c.ProduceTo(t, topic, brokers.Record{Value: make([]byte, 3<<20)})
		wantVisible(t, c, topic, 3)
	})
}
