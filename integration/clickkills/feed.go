// Package clickkills proves that alerts of clicks come exactly once when instances are killed: with partial matches and
// timers open, and with what a recomputation of the clicks makes of each session and user.
package clickkills

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Clicks is the topic that is written here.
const Clicks = "clickstream"

// Record is a click as a capture writes it.
type Record struct{ Key, Value string }

// Feed makes clicks of random users, many sessions beside each other.
type Feed struct {
	Clicks int
	Rate   int // records per second; 0: as fast as they go
	Rand   *rand.Rand

	at       int64 // ms
	id       int
	sessions []visit
}

// visit is a session that goes on.
type visit struct{ session, user, left int }

// written is a click, and where it comes in the order in which clicks are written.
type written struct {
	Record
	turn int64 // ms
}

const (
	beside  = 100  // sessions
	perUser = 20   // clicks, about
	jitter  = 1900 // ms by which a click may come late; the topology allows for 2 s
	closing = 120  // clicks at the end, so that each partition has some
)

// began is the time of the first click; the last one lies in the past too.
var began = time.Date(2021, 3, 25, 0, 0, 0, 0, time.UTC).UnixMilli()

// Records are all of them in the order in which they are written: times go back by less than what is allowed, some
// are written again later, and the last ones close every window.
func (f *Feed) Records() []Record {
	f.at = began
	var all []written
	for range f.Clicks {
		w := f.click()
		all = append(all, w)
		if f.Rand.IntN(30) == 0 {
			all = append(all, written{w.Record, w.turn + int64(f.Rand.IntN(60_000))})
		}
	}
	slices.SortStableFunc(all, func(a, b written) int { return cmp.Compare(a.turn, b.turn) })
	f.at += time.Hour.Milliseconds()
	for range closing {
		f.id++
		all = append(all, written{Record: f.record("none", "clock", "clock", "0", `"none"`, "0")})
	}
	records := make([]Record, len(all))
	for i, w := range all {
		records[i] = w.Record
	}
	return records
}

// click is the next one, a second after the one before it or at the same time.
func (f *Feed) click() written {
	if f.Rand.IntN(20) > 0 {
		f.at += int64(f.Rand.IntN(2000))
	}
	for len(f.sessions) < beside {
		f.id++ // sessions have numbers of the same row: none is used twice
		f.sessions = append(f.sessions, visit{session: f.id, user: f.Rand.IntN(1 + f.Clicks/perUser), left: 2 + f.Rand.IntN(9)})
	}
	i := f.Rand.IntN(len(f.sessions))
	v := &f.sessions[i]
	v.left--
	f.id++
	kinds := []string{"view", "view", "view", "view", "view", "view", "view", "cart", "cart", "purchase", "remove"}
	category := fmt.Sprintf(`"c%d"`, f.Rand.IntN(3))
	if f.Rand.IntN(10) == 0 {
		category = "null"
	}
	price := fmt.Sprint(190 + f.Rand.IntN(20))
	if f.Rand.IntN(2) == 0 {
		price += ".5"
	}
	r := f.record(kinds[f.Rand.IntN(len(kinds))], fmt.Sprint("u", v.user), fmt.Sprint("s", v.session), fmt.Sprint(f.Rand.IntN(2)), category, price)
	if v.left == 0 {
		f.sessions = slices.Delete(f.sessions, i, i+1)
	}
	return written{r, f.at + int64(f.Rand.IntN(jitter))}
}

func (f *Feed) record(kind, user, session, product, category, price string) Record {
	return Record{fmt.Sprintf(`{"key_id":%d}`, f.id), fmt.Sprintf(`{"value_eventTime":%d,"value_eventType":%q,"value_productId":"p%s","value_categoryCode":%s,`+
		`"value_brand":"b","value_price":%s,"value_userId":%q,"value_userSession":%q}`, f.at, kind, product, category, price, user, session)}
}

// Write writes records and returns when they are stored.
func Write(ctx context.Context, c brokers.Cluster, records []Record, rate int) error {
	client, err := brokers.Client(c.Brokers(), kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return err
	}
	defer client.Close()
	rs := make([]*kgo.Record, len(records))
	for i, r := range records {
		rs[i] = &kgo.Record{Topic: Clicks, Key: []byte(r.Key), Value: []byte(r.Value)}
	}
	const portion = 50
	begin := time.Now()
	for i := 0; i < len(rs); i += portion {
		if rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		if err := client.ProduceSync(ctx, rs[i:min(i+portion, len(rs))]...).FirstErr(); err != nil {
			return fmt.Errorf("produce clicks: %w", err)
		}
	}
	return nil
}
