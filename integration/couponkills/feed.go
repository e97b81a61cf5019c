package couponkills

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// The topics that are written here.
const (
	Payments = "dwd_tb_trd_pay_ri"
	Refunds  = "dwd_tb_trd_rfd_ri"
)

// Entry is a payment or refund: a record of a topic.
type Entry struct{ Topic, Key, Value string }

// Feed makes entries of random buyers on five days.
type Feed struct {
	Records int
	Buyers  int
	Rate    int // records per second; 0: as fast as they go
	Rand    *rand.Rand
	order   int
	later   []Entry
}

// Entries makes them all: orders, half of them refunded later in part or in full, some written twice, some
// moved to an earlier day or made cheaper by another version.
func (f *Feed) Entries() []Entry {
	all := make([]Entry, 0, f.Records)
	for len(all) < f.Records {
		if n := len(f.later); n > 0 && f.Rand.IntN(3) > 0 {
			i := f.Rand.IntN(n)
			all = append(all, f.later[i])
			f.later[i] = f.later[n-1]
			f.later = f.later[:n-1]
			continue
		}
		all = append(all, f.pay())
	}
	return all
}

// pay makes an order, and what will be heard of it later.
func (f *Feed) pay() Entry {
	f.order++
	buyer, day, fee := f.Rand.IntN(f.Buyers), 21+f.Rand.IntN(5), 100+f.Rand.IntN(20_000)
	order := f.entry(Payments, buyer, day, 2, fee)
	if f.Rand.IntN(2) == 0 {
		back := fee
		if f.Rand.IntN(2) == 0 {
			back = 1 + f.Rand.IntN(fee)
		}
		f.later = append(f.later, f.entry(Refunds, buyer, day, 6, -back))
	}
	switch f.Rand.IntN(10) {
	case 0:
		f.later = append(f.later, order)
	case 1:
		f.later = append(f.later, f.entry(Payments, buyer, 21+f.Rand.IntN(5), 2, fee))
	case 2:
		f.later = append(f.later, f.entry(Payments, buyer, day, 2, f.Rand.IntN(20_000)))
	}
	return order
}

var feeOf = map[string]string{Payments: "div_idx_actual_total_fee", Refunds: "refund_fee"}

func (f *Feed) entry(topic string, buyer, day, status, fee int) Entry {
	return Entry{topic, fmt.Sprint(f.order), fmt.Sprintf(`{"biz_order_id":"%d","pay_status":"%d","buyer_id":"%d","pay_time":"2021-03-%02d 10:00:00",`+
		`"gmt_create":"2021-03-%02d 10:00:00","gmt_modified":"2021-03-26 %02d:00:00","auction_title":"title %d",%q:%d}`,
		f.order, status, buyer, day, day, f.Rand.IntN(24), f.Rand.IntN(1000), feeOf[topic], fee)}
}

// Run writes all entries and returns when they are stored.
func (f *Feed) Run(ctx context.Context, c brokers.Cluster) error {
	client, err := brokers.Client(c.Brokers(), kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return err
	}
	defer client.Close()
	began := time.Now()
	entries := f.Entries()
	rs := make([]*kgo.Record, len(entries))
	for i, e := range entries {
		rs[i] = &kgo.Record{Topic: e.Topic, Key: []byte(e.Key), Value: []byte(e.Value)}
	}
	const portion = 50
	for i := 0; i < len(rs); i += portion {
		if f.Rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(f.Rate))))
		}
		if err := client.ProduceSync(ctx, rs[i:min(i+portion, len(rs))]...).FirstErr(); err != nil {
			return fmt.Errorf("produce orders: %w", err)
		}
	}
	return nil
}
