package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// drained is what it cost to work off a backlog.
type drained struct {
	wall   float64 // seconds from the first commit seen to the last record committed
	rate   float64 // records per second in that time
	start  float64 // seconds from the process's start to the first commit seen
	cpu    float64 // seconds of the process, from its start
	peak   int64   // bytes
	broker float64 // CPU seconds of the broker meanwhile
}

// contestant is a program that counts and sums.
type contestant struct {
	name  string
	peer  bool
	group func(run string) string
	start func(run, in, out, state string) (*process, error)
}

func (b *bench) contestants() []contestant {
	all := []contestant{{"Tributary", false, countsumGroup, func(run, in, out, state string) (*process, error) {
		p, err := b.countsum(run, in, out, state)
		if err != nil {
			return nil, err
		}
		return p.process, nil
	}}}
	itself := func(run string) string { return run }
	if b.peers {
		all = append(all, contestant{"Kafka Streams", true, itself, func(run, in, out, state string) (*process, error) {
			return b.streams(run, in, out, state)
		}})
	}
	if b.peers && b.streamsCache {
		all = append(all, contestant{"Kafka Streams, store cache on", true, itself, func(run, in, out, state string) (*process, error) {
			return b.streams(run, in, out, state, "cache=1")
		}})
	}
	return all
}

// measured are the runs of one contestant.
type measured struct{ small, large []drained }

// count works off backlogs of two sizes with each contestant in turn.
func (b *bench) count(ctx context.Context) (section, error) {
	inputs := map[int]string{b.small: "payments-small", b.large: "payments-large"}
	want := map[int]*totals{}
	for n, topic := range inputs {
		if err := errors.Join(b.topics.create(ctx, topic), b.producePayments(ctx, topic, newPayments(b.keys), n)); err != nil {
			return section{}, err
		}
		want[n] = recount(b.keys, n)
	}
	runs := map[string]*measured{}
	for round := range b.rounds {
		for _, n := range []int{b.small, b.large} {
			for i, c := range b.contestants() {
				d, err := b.drain(ctx, c, fmt.Sprintf("count-%d-%d-%d", i, n, round), inputs[n], want[n])
				if err != nil {
					return section{}, fmt.Errorf("%s, %d records: %w", c.name, n, err)
				}
				b.say("%s, %d records: %.1f CPU-s, %.0f records/s, %d MB, broker %.1f CPU-s; exact", c.name, n, d.cpu, d.rate, d.peak>>20, d.broker)
				if runs[c.name] == nil {
					runs[c.name] = &measured{}
				}
				if n == b.small {
					runs[c.name].small = append(runs[c.name].small, d)
				} else {
					runs[c.name].large = append(runs[c.name].large, d)
				}
			}
		}
	}
	return b.countSection(runs), b.topics.remove(ctx, "payments-")
}

// drain lets a contestant work off a topic, checks what it wrote, and removes all traces.
func (b *bench) drain(ctx context.Context, c contestant, run, in string, want *totals) (d drained, err error) {
	out, state := run+"-out", filepath.Join(b.work, run)
	if c.peer {
		if err := b.topics.create(ctx, out); err != nil { // ours creates its own
			return d, err
		}
	}
	if err := b.kafka.settle(ctx); err != nil {
		return d, err
	}
	before, err := b.kafka.usage()
	if err != nil {
		return d, err
	}
	p, err := c.start(run, in, out, state)
	if err != nil {
		return d, err
	}
	d, err = b.watch(ctx, p, c.group(run), in, int64(want.records))
	if err := errors.Join(err, p.stop()); err != nil {
		return d, err
	}
	d.broker -= before.cpu
	if err := b.topics.checkTotals(ctx, out, want); err != nil {
		return d, fmt.Errorf("wrong result: %w", err)
	}
	return d, errors.Join(b.topics.remove(ctx, run), os.RemoveAll(state))
}

// watch waits until a group has committed n records of a topic. broker is the broker's CPU time at the end.
func (b *bench) watch(ctx context.Context, p *process, group, topic string, n int64) (d drained, err error) {
	var begun, done int64 // records committed when first seen, and last
	var first time.Time
	err = p.poll(ctx, 20*time.Millisecond, func() (bool, error) {
		done, err = b.topics.committed(ctx, group, topic)
		if done > 0 && first.IsZero() {
			begun, first = done, time.Now()
		}
		return done >= n, err
	})
	if err != nil {
		return d, fmt.Errorf("%d of %d records done: %w", done, n, err)
	}
	end := time.Now()
	u, err := p.usage()
	if err != nil {
		return d, err
	}
	k, err := b.kafka.usage()
	d = drained{wall: end.Sub(first).Seconds(), start: first.Sub(p.started).Seconds(), cpu: u.cpu, peak: u.peak, broker: k.cpu}
	d.rate = float64(n-begun) / d.wall
	return d, err
}

func (b *bench) countSection(runs map[string]*measured) section {
	s := section{
		title: "Count and sum per key",
		text: fmt.Sprintf("JSON payments of about 200 bytes, %s users, %d partitions, exactly once; one output per input, state with a changelog. "+
			"All %s records lie in Kafka when the process starts. Kafka Streams: exactly_once_v2, 2 threads, commits every 100 ms. "+
			"CPU time is that of the whole process. *Warm* is what each million costs between %s and %s records, so that start-up and the "+
			"JVM's warming do not count; records per second count from the first commit. %s; every output of every run was checked against a recount.",
			count(b.keys), partitions, count(b.large), count(b.small), count(b.large), rounds(b.rounds)),
		table: [][]string{{"", "CPU-s per million, warm", "of the whole run", "records/s", "memory, most", "start to first commit", "broker, CPU-s per million"}},
	}
	million := float64(b.large) / 1e6
	warm, rate, memory := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for _, c := range b.contestants() {
		m := runs[c.name]
		of := func(f func(drained) float64) float64 { return median(m.large, f) }
		warm[c.name] = (of(drained.cpuSeconds) - median(m.small, drained.cpuSeconds)) / (float64(b.large-b.small) / 1e6)
		rate[c.name] = of(func(d drained) float64 { return d.rate })
		memory[c.name] = of(func(d drained) float64 { return float64(d.peak) })
		s.table = append(s.table, []string{c.name, figure(warm[c.name]), figure(of(drained.cpuSeconds) / million),
			count(int(rate[c.name])), megabytes(memory[c.name]),
			figure(of(func(d drained) float64 { return d.start })) + " s", figure(of(func(d drained) float64 { return d.broker }) / million)})
	}
	if peer := warm["Kafka Streams"]; peer > 0 {
		s.after = fmt.Sprintf("Warm, Tributary needs **%s** of Kafka Streams' CPU time per record, works off **%s** times as many records per second, "+
			"and takes **%s** of its memory. The bars are 0.25, 4 and 1.", figure(warm["Tributary"]/peer), figure(rate["Tributary"]/rate["Kafka Streams"]), figure(memory["Tributary"]/memory["Kafka Streams"]))
	}
	return s
}

func (d drained) cpuSeconds() float64 { return d.cpu }
