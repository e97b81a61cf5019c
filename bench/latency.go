package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// latency sends records at an even pace and watches when what they cause can be read.
func (b *bench) latency(ctx context.Context) (section, error) {
	s := section{
		title: "Latency",
		text: fmt.Sprintf("%s records per second for %s, after a warm-up: from the moment at which a record is handed to the producer until a "+
			"read-committed consumer has what it caused. Channel GMV has four groups in a row, each with transactions of its own; there every "+
			"tenth record is watched, an order that is alone on its day and channel, while the others share four rows.", count(b.rate), b.window),
		table: [][]string{{"", "p50", "p90", "p99", "most", "watched", "cores used"}},
	}
	for _, p := range []probe{b.countProbe(), b.orderProbe()} {
		d, err := b.latencyOf(ctx, p)
		if err != nil {
			return section{}, fmt.Errorf("%s: %w", p.name, err)
		}
		b.say("%s: p50 %v, p99 %v", p.name, d.at(50), d.at(99))
		s.table = append(s.table, []string{p.name, ms(d.at(50)), ms(d.at(90)), ms(d.at(99)), ms(d.at(100)), count(len(d.sorted)), figure(d.cores)})
	}
	return s, nil
}

// probe is a program with an input whose effects can be told apart.
type probe struct {
	name    string
	in, out string
	start   func(state string) (*processor, error)
	// record is the i-th to be sent.
	record func(i int) (key, value []byte)
	// every k-th record has an effect of its own, the first one included.
	every int
	// cause finds the watched record that an output is the effect of.
	cause func(r *kgo.Record) (i int, ok bool, err error)
	clean func(ctx context.Context) error
}

// countProbe: the k-th output of a user is the effect of the user's k-th payment.
func (b *bench) countProbe() probe {
	const run = "latency"
	const users = 10_000
	return probe{
		name: "one stage: count and sum", in: run + "-payments", out: run + "-out",
		start: func(state string) (*processor, error) { return b.countsum(run, run+"-payments", run+"-out", state) },
		record: func(i int) (key, value []byte) {
			p := payment{user: i % users, amount: 1, number: i}
			key = userKey(p.user)
			return key, p.append(nil, key)
		},
		every: 1,
		cause: func(r *kgo.Record) (int, bool, error) {
			n, _, ok := parseTotal(r.Value)
			var user int
			if _, err := fmt.Sscanf(string(r.Key), "u%d", &user); err != nil || !ok {
				return 0, false, fmt.Errorf("unexpected output %q: %q", r.Key, r.Value)
			}
			return int(n-1)*users + user, true, nil
		},
		clean: func(ctx context.Context) error {
			return errors.Join(b.topics.remove(ctx, run), b.topics.forget(ctx, countsumGroup(run)))
		},
	}
}

const probeEvery = 10

// orderProbe: every tenth order is alone on its day and channel, so the row of these is its effect.
func (b *bench) orderProbe() probe {
	last, _ := time.Parse(time.DateOnly, dayBefore)
	place := func(i int) (day, channel string) {
		n := i / probeEvery
		return last.AddDate(0, 0, -n/len(channels)).Format(time.DateOnly), channels[n%len(channels)]
	}
	causes := map[string]int{} // begin_time and channel of watched records
	for i := 0; i < b.latencyRecords(); i += probeEvery {
		day, channel := place(i)
		code, _ := channelNames(channel)
		causes[day+" 00:00:00"+code] = i
	}
	source := newOrders()
	return probe{
		name: "channel GMV: four stages", in: ordersTopic, out: collectTopic,
		start: func(state string) (*processor, error) {
			return b.channelgmv("latency-gmv", state, "--retain=0", "--partitions=12")
		},
		record: func(i int) (key, value []byte) {
			o := source.take()
			if o.day = reportDay; i%probeEvery == 0 {
				o.day, o.channel = place(i)
				o.number = i + 1_000_000_000 // an order of its own
			}
			return o.id(), o.append(nil)
		},
		every: probeEvery,
		cause: func(r *kgo.Record) (int, bool, error) {
			row, err := collectRow(r.Value)
			i, ok := causes[row.Begin+row.Code]
			return i, ok, err
		},
		clean: func(ctx context.Context) error {
			return errors.Join(b.topics.remove(ctx, append(channelgmvTopics, ordersTopic)...), b.topics.forget(ctx, channelgmvGroups...))
		},
	}
}

// latencyRecords is how many are sent: a fifth more than are measured.
func (b *bench) latencyRecords() int { return int(b.window.Seconds()*float64(b.rate)) * 6 / 5 }

// delays are measured latencies.
type delays struct {
	sorted []time.Duration
	cores  float64 // CPU time of the process per time
}

func (d delays) at(p float64) time.Duration { return percentile(d.sorted, p) }

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond)) }

func (b *bench) latencyOf(ctx context.Context, x probe) (d delays, err error) {
	if err := errors.Join(b.topics.create(ctx, x.in), b.kafka.settle(ctx)); err != nil {
		return d, err
	}
	state := filepath.Join(b.work, "latency-state")
	p, err := x.start(state)
	if err != nil {
		return d, err
	}
	if _, err = p.ready(ctx); err == nil {
		d, err = b.pace(ctx, p.process, x)
	}
	if err := errors.Join(err, p.stop()); err != nil {
		return d, err
	}
	return d, errors.Join(x.clean(ctx), os.RemoveAll(state))
}

// pace sends and watches at the same time.
func (b *bench) pace(ctx context.Context, p *process, x probe) (d delays, err error) {
	w := &watch{probe: x, sent: make([]atomic.Int64, b.latencyRecords()), seen: make([]time.Duration, b.latencyRecords()), began: time.Now()}
	consumer, err := b.topics.follow(x.out)
	if err != nil {
		return d, err
	}
	defer consumer.Close()
	before, err := p.usage()
	if err != nil {
		return d, err
	}
	sent := make(chan error, 1)
	go func() { sent <- w.send(ctx, b.kafka.address, b.rate) }()
	watchErr := p.poll(ctx, time.Millisecond, func() (bool, error) { return w.poll(ctx, consumer) })
	took := time.Since(w.began)
	if err := errors.Join(<-sent, watchErr); err != nil {
		return d, err
	}
	after, err := p.usage()
	return delays{w.sorted(len(w.sent) / 6), (after.cpu - before.cpu) / took.Seconds()}, err
}

// watch knows when each record was sent, and when its effect was seen. Times are since began.
type watch struct {
	probe
	began time.Time
	sent  []atomic.Int64  // nanoseconds
	seen  []time.Duration // 0: not yet; only poll uses it
	met   int             // effects seen
	quiet time.Time       // when the last one was seen
}

// send sends each record at its time.
func (w *watch) send(ctx context.Context, address string, rate int) error {
	out, err := newProducer(address, 0)
	if err != nil {
		return err
	}
	for i := range w.sent {
		key, value := w.record(i)
		due := w.began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := pause(ctx, time.Until(due)); err != nil {
			break // close reports it
		}
		w.sent[i].Store(int64(time.Since(w.began)))
		out.send(ctx, w.in, partitionOf(key), key, value)
	}
	return errors.Join(ctx.Err(), out.close(ctx))
}

const (
	pollFor     = 200 * time.Millisecond
	latencyHang = 30 * time.Second
)

// poll takes in what comes within pollFor, and reports whether all effects were seen.
func (w *watch) poll(ctx context.Context, consumer *kgo.Client) (bool, error) {
	short, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	fetches := consumer.PollFetches(short)
	now := time.Since(w.began)
	if err := fetches.Err0(); err != nil && short.Err() == nil {
		return false, fmt.Errorf("read topic %s: %w", w.out, err)
	}
	for it := fetches.RecordIter(); !it.Done(); {
		if err := w.meet(it.Next(), now); err != nil {
			return false, err
		}
	}
	all := (len(w.sent)-1)/w.every + 1
	if w.met < all && !w.quiet.IsZero() && time.Since(w.quiet) > latencyHang {
		return false, fmt.Errorf("only %d of %d effects were seen, and none for %s", w.met, all, latencyHang)
	}
	return w.met == all, nil
}

// meet notes an effect. A second one of the same record is an error: it was counted twice.
func (w *watch) meet(r *kgo.Record, now time.Duration) error {
	i, ok, err := w.cause(r)
	if err != nil || !ok {
		return err
	}
	if i >= len(w.seen) || w.seen[i] != 0 {
		return fmt.Errorf("topic %s, partition %d, offset %d: %q stands for a record that was not sent or seen twice", w.out, r.Partition, r.Offset, r.Value)
	}
	w.seen[i] = now
	w.met++
	w.quiet = time.Now()
	return nil
}

// sorted are the delays of the watched records from the first-th on.
func (w *watch) sorted(first int) []time.Duration {
	var ds []time.Duration
	for i := first; i < len(w.seen); i++ {
		if i%w.every == 0 {
			ds = append(ds, w.seen[i]-time.Duration(w.sent[i].Load()))
		}
	}
	slices.Sort(ds)
	return ds
}
