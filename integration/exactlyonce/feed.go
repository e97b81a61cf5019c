package exactlyonce

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Feed writes payments of random users.
type Feed struct {
	Topic   string
	Records int
	Users   int
	Rate    int // records per second; 0: as fast as they go
	Rand    *rand.Rand
}

// Run returns when all records are stored.
func (f Feed) Run(ctx context.Context, c brokers.Cluster) error {
	client, err := brokers.Client(c.Brokers(), kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return err
	}
	defer client.Close()
	failed := make(chan error, 1)
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	}
	began := time.Now()
	for i := range f.Records {
		if f.Rate > 0 && i%50 == 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(f.Rate))))
		}
		client.Produce(ctx, f.record(i), promise)
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return fmt.Errorf("produce to topic %s: %w", f.Topic, err)
	default:
		return nil
	}
}

func (f Feed) record(i int) *kgo.Record {
	user := fmt.Sprintf("u%06d", f.Rand.IntN(f.Users))
	return &kgo.Record{
		Topic: f.Topic, Key: []byte(user),
		Value: fmt.Appendf(nil, `{"user_id":%q,"order_id":"o%d","amount":%d}`, user, i, 1+f.Rand.IntN(1000)),
	}
}

// AwaitDone waits until the program's group has committed all of the input. What it has not taken in within
// the bound fails the test.
func AwaitDone(t testing.TB, c brokers.Cluster, topics Topics, bound time.Duration) {
	t.Helper()
	client, err := brokers.Client(c.Brokers())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	for {
		left, err := lag(ctx, kadm.NewClient(client), topics)
		if err == nil && left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the group %s has not committed all of topic %s within %s: %d records are left (%v)", topics.Group(), topics.In, bound, left, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func lag(ctx context.Context, admin *kadm.Client, topics Topics) (int64, error) {
	ends, err := admin.ListEndOffsets(ctx, topics.In)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return 0, err
	}
	committed, err := admin.FetchOffsets(ctx, topics.Group())
	if err != nil {
		return 0, err
	}
	var left int64
	ends.Each(func(end kadm.ListedOffset) {
		at := int64(0)
		if o, ok := committed.Lookup(end.Topic, end.Partition); ok && o.At > 0 {
			at = o.At
		}
		left += end.Offset - at
	})
	return left, nil
}
