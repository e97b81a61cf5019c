package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// watchCollect follows the result until it is what it must be.
func (b *bench) watchCollect(ctx context.Context, p *processor, want map[string]channelRow) (d drained, err error) {
	if _, err := p.ready(ctx); err != nil { // its topics exist then
		return d, err
	}
	c, err := b.topics.follow([]string{collectTopic})
	if err != nil {
		return d, err
	}
	defer c.Close()
	rows := map[string]channelRow{}
	var first time.Time
	err = p.poll(ctx, time.Millisecond, func() (bool, error) {
		err := pollRows(ctx, c, rows)
		if len(rows) > 0 && first.IsZero() {
			first = time.Now()
		}
		return compareRows(rows, want) == nil, err
	})
	if err != nil {
		return d, fmt.Errorf("%w; the result so far: %w", err, compareRows(rows, want))
	}
	end := time.Now()
	u, err := p.usage()
	if err != nil {
		return d, err
	}
	k, err := b.kafka.usage()
	d = drained{wall: end.Sub(p.started).Seconds(), start: first.Sub(p.started).Seconds(), cpu: u.cpu, peak: u.peak, broker: k.cpu}
	d.rate = float64(b.orders) / d.wall
	return d, err
}

// pollRows takes in what comes within 200 ms.
func pollRows(ctx context.Context, c *kgo.Client, rows map[string]channelRow) error {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	fetches := c.PollFetches(ctx)
	if err := fetches.Err0(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read topic %s: %w", collectTopic, err)
	}
	for it := fetches.RecordIter(); !it.Done(); {
		if err := keepRow(rows, it.Next()); err != nil {
			return err
		}
	}
	return nil
}

// keepRow applies a record of trade_channel_collect to a table by channel.
func keepRow(rows map[string]channelRow, r *kgo.Record) error {
	row, err := collectRow(r.Value)
	if err != nil {
		return fmt.Errorf("topic %s, partition %d, offset %d: %q: %w", collectTopic, r.Partition, r.Offset, r.Value, err)
	}
	rows[row.Code] = row
	return nil
}

func compareRows(got, want map[string]channelRow) error {
	if len(got) != len(want) {
		return fmt.Errorf("wrong result: %d rows, the recount has %d", len(got), len(want))
	}
	for code, w := range want {
		if got[code] != w {
			return fmt.Errorf("wrong result: channel %s is %+v, the recount says %+v", code, got[code], w)
		}
	}
	return nil
}
