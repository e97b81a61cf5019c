package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
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
	consumer, err := b.topics.follow([]string{x.out})
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
