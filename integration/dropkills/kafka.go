package dropkills

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// The topics that are written here, and the one that the owner reads.
const (
	RawInfo = "raw_info"
	Events  = "dh_prd_dm_account_wechat_trace"
	Updates = "raw_info_updates"
)

func connect(c brokers.Cluster, options ...kgo.Opt) (*kgo.Client, error) {
	return brokers.Client(c.Brokers(), append(options, kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.MaxBufferedRecords(50_000))...)
}

// Write writes events, so many per second (0: as fast as they go), and returns when they are stored.
func Write(ctx context.Context, c brokers.Cluster, events []Event, rate int) error {
	client, err := connect(c)
	if err != nil {
		return err
	}
	defer client.Close()
	rs := make([]*kgo.Record, len(events))
	for i, e := range events {
		rs[i] = &kgo.Record{Topic: Events, Key: []byte(e.Key), Value: []byte(e.Value)}
	}
	const portion = 50
	began := time.Now()
	for i := 0; i < len(rs); i += portion {
		if rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		if err := client.ProduceSync(ctx, rs[i:min(i+portion, len(rs))]...).FirstErr(); err != nil {
			return fmt.Errorf("produce events: %w", err)
		}
	}
	return nil
}

// Office runs an owner: it writes the dimension and its changes, and passes on what the topology tells.
type Office struct {
	Owner   *Owner
	Changes int // after the start
	Rate    int // of them per second
	heard   atomic.Int64
	changed atomic.Int64
}

// Open writes the dimension as it is at the start.
func (o *Office) Open(ctx context.Context, c brokers.Cluster) error {
	client, err := connect(c)
	if err != nil {
		return err
	}
	defer client.Close()
	return o.write(ctx, client, o.Owner.Fill())
}

func (o *Office) write(ctx context.Context, client *kgo.Client, rows []Row) error {
	rs := make([]*kgo.Record, len(rows))
	for i, row := range rows {
		rs[i] = &kgo.Record{Topic: RawInfo, Key: []byte(row.Key)}
		if row.Value != "" {
			rs[i].Value = []byte(row.Value)
		}
	}
	if err := client.ProduceSync(ctx, rs...).FirstErr(); err != nil {
		return fmt.Errorf("produce rows of the dimension: %w", err)
	}
	return nil
}

// Run changes rows and passes on updates until ctx ends. It is one goroutine, so what is written has the order in
// which the owner decided.
func (o *Office) Run(ctx context.Context, c brokers.Cluster) error {
	client, err := connect(c, kgo.ConsumeTopics(Updates), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer client.Close()
	for began := time.Now(); ctx.Err() == nil; {
		rows, heard := o.hear(ctx, client)
		due := min(int64(o.Changes), int64(time.Since(began).Seconds()*float64(o.Rate)))
		for n := o.changed.Load(); n < due; n++ {
			rows = append(rows, o.Owner.Change())
		}
		if err := o.write(context.WithoutCancel(ctx), client, rows); err != nil {
			return err
		}
		o.heard.Add(heard)
		o.changed.Store(max(due, o.changed.Load()))
	}
	return nil
}

// hear waits a moment for updates, and returns what the owner makes of them.
func (o *Office) hear(ctx context.Context, client *kgo.Client) (rows []Row, heard int64) {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { // an error passes, or the updates are missed
		heard++
		if row, ok := o.Owner.Echo(string(r.Key), string(r.Value)); ok {
			rows = append(rows, row)
		}
	})
	return rows, heard
}

// Heard is how many updates were dealt with.
func (o *Office) Heard() int { return int(o.heard.Load()) }

// Done reports whether all changes were made.
func (o *Office) Done() bool { return int(o.changed.Load()) == o.Changes }
