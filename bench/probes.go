package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

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
