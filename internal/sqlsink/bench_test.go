package sqlsink

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/databases"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/tables"
)

// totals is the widest of our results: eight columns, two of them the key.
func totals() tables.Projection {
	return tables.Projection{
		Topic: "totals", Table: "totals", Key: []string{"begin_time", "channel_code"},
		Columns: []tables.Column{
			{Name: "begin_time", Type: tables.Varchar(32)}, {Name: "channel_code", Type: tables.Varchar(32)}, {Name: "channel_name", Type: tables.Varchar(32)},
			{Name: "cur_gmv", Type: tables.Double}, {Name: "cur_order_user_count", Type: tables.BigInt}, {Name: "cur_order_count", Type: tables.BigInt},
			{Name: "last_pay_time", Type: tables.Varchar(32)}, {Name: "flink_current_time", Field: "updated_at", Type: tables.Varchar(32)},
		},
	}
}

const (
	benchKeys  = 100_000
	benchBatch = 5_000
)

// BenchmarkUpserts writes batches of 5,000 records of 100,000 keys. "sink" decodes and moves positions; "limit" is the
// same statements with rows that are ready, which is what the server takes. Kafka has no part in either.
func BenchmarkUpserts(b *testing.B) {
	for _, on := range []struct {
		kind        string
		connections []int
	}{{"sqlite", []int{1}}, {"mysql", []int{1, 4}}, {"postgres", []int{1, 4}}} {
		for _, n := range on.connections {
			b.Run(fmt.Sprintf("%s/%d/sink", on.kind, n), func(b *testing.B) { benchSink(b, benchStore(b, on.kind), n) })
			b.Run(fmt.Sprintf("%s/%d/limit", on.kind, n), func(b *testing.B) { benchLimit(b, benchStore(b, on.kind), n) })
		}
	}
}

func benchStore(b *testing.B, kind string) store {
	b.Helper()
	switch kind {
	case "mysql":
		return serverStore(b, kind, databases.MySQL(b))
	case "postgres":
		return serverStore(b, kind, databases.PostgreSQL(b))
	}
	return store{settings: Database{Kind: "sqlite", Name: filepath.Join(b.TempDir(), "bench.db")}}
}

// benchLanes are lanes that have claimed the table, a partition each.
func benchLanes(b *testing.B, st store, n int) []*lane {
	b.Helper()
	d, err := st.settings.open(slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.close)
	f := &feed{target: newTarget(totals()), dialect: d, metrics: NewMetrics(), letters: &letters{sent: map[letterID]bool{}}, log: slog.New(slog.DiscardHandler), partitions: int32(n)}
	err = f.once(b.Context(), func(c conn) error {
		o := &opening{d: d, c: c, settings: st.settings, create: true, log: f.log}
		if _, err := o.table(b.Context(), positions()); err != nil {
			return err
		}
		if f.schema, err = o.table(b.Context(), totals()); err != nil {
			return err
		}
		got, err := claim{table: "totals", topic: "totals", partitions: int32(n), now: time.Now()}.take(b.Context(), d, c)
		f.epoch = got.epoch
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	f.committed = make([]atomic.Int64, n)
	lanes := make([]*lane, n)
	for i := range lanes {
		lanes[i] = &lane{feed: f, number: i, next: map[int32]int64{int32(i): 0}}
		b.Cleanup(lanes[i].disconnect)
	}
	return lanes
}

// records are of a lane's own keys.
func benchRecords(r *rand.Rand, lane, lanes int, offset int64) *batch {
	x := newBatch()
	for i := range int64(benchBatch) {
		k := r.IntN(benchKeys/lanes)*lanes + lane
		x.add(&sarama.ConsumerMessage{
			Topic: "totals", Partition: int32(lane), Offset: offset + i, Key: fmt.Appendf(nil, "2021-03-%02d 00:00:00|channel-%d", k%28+1, k),
			Value: fmt.Appendf(nil, `{"begin_time":"2021-03-25 00:00:00","channel_code":"c","channel_name":"Website","cur_gmv":%d.25,"cur_order_user_count":%d,"cur_order_count":%d,"last_pay_time":"2021-03-25 16:16:16","updated_at":"2021-03-25T16:16:16.123+08:00"}`, r.IntN(1e6), i, i),
		})
	}
	return x
}

// inLanes runs b.N rounds in each lane and reports the rows written per second. prepare is not measured.
func inLanes[T any](b *testing.B, lanes []*lane, prepare func(l *lane, x *batch) T, round func(l *lane, work T) error) {
	b.Helper()
	work := make([][]T, len(lanes))
	for i, l := range lanes {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		for n := range b.N {
			work[i] = append(work[i], prepare(l, benchRecords(r, i, len(lanes), int64(n*benchBatch))))
		}
	}
	b.ResetTimer()
	var all sync.WaitGroup
	for i, l := range lanes {
		all.Go(func() {
			for _, x := range work[i] {
				if err := round(l, x); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N*benchBatch*len(lanes))/b.Elapsed().Seconds(), "records/s")
}

func benchSink(b *testing.B, st store, n int) {
	inLanes(b, benchLanes(b, st, n), func(_ *lane, x *batch) *batch { return x },
		func(l *lane, x *batch) error { return l.write(b.Context(), x) })
}

func benchLimit(b *testing.B, st store, n int) {
	prepare := func(l *lane, x *batch) []*change {
		changes, _ := x.changes(l.feed.target)
		return changes
	}
	inLanes(b, benchLanes(b, st, n), prepare, func(l *lane, changes []*change) error { return limit(b.Context(), l, changes) })
}

func limit(ctx context.Context, l *lane, changes []*change) error {
	if err := l.connected(ctx); err != nil {
		return err
	}
	if err := l.conn.begin(ctx); err != nil {
		return err
	}
	if err := (&attempt{l: l}).put(ctx, changes); err != nil {
		return err
	}
	return l.conn.commit(ctx)
}

// BenchmarkFromKafka is the whole way: b.N times 5,000 records for each of four partitions, from a broker in this process
// into an empty table.
func BenchmarkFromKafka(b *testing.B) {
	for _, kind := range []string{"sqlite", "mysql", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			const partitions = 4
			st, c := benchStore(b, kind), brokers.Embedded(b)
			c.CreateTopic(b, "totals", partitions, map[string]string{"cleanup.policy": "compact"})
			for p := range partitions {
				r := rand.New(rand.NewPCG(1, uint64(p)))
				for range b.N {
					var records []brokers.Record
					for _, m := range benchRecords(r, p, partitions, 0).records {
						records = append(records, brokers.Record{Partition: int32(p), Key: m.Key, Value: m.Value})
					}
					for some := range slices.Chunk(records, benchBatch/5) { // below the largest message
						c.ProduceTo(b, "totals", some...)
					}
				}
			}
			sink, err := Open(b.Context(), Config{
				Connection: client.Connection{Brokers: c.Brokers()}, Database: st.settings, Tables: []tables.Projection{totals()}, CreateTables: true,
			})
			if err != nil {
				b.Fatal(err)
			}
			defer sink.Close()
			b.ResetTimer()
			runUntilRead(b, sink)
			b.StopTimer()
			b.ReportMetric(float64(b.N*benchBatch*partitions)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func runUntilRead(b *testing.B, sink *Sink) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	f := sink.feeds[0]
	ends, err := f.source.ends(ctx, f.partitions)
	if err != nil {
		b.Fatal(err)
	}
	got, err := f.claim(ctx)
	if err != nil {
		b.Fatal(err)
	}
	from, _, err := f.beginnings(ctx, got)
	if err == nil {
		err = f.fill(ctx, from, ends, nil)
	}
	if err != nil {
		b.Fatal(err)
	}
}
