package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// sample is the memory of a process at some point of its work.
type sample struct {
	done int64 // records committed
	rss  int64 // bytes
}

// memory works off many more keys than the cache holds, and watches the memory of the process.
func (b *bench) memory(ctx context.Context) (section, error) {
	const run, in, out = "memory", "memory-payments", "memory-out"
	if err := b.topics.create(ctx, in); err != nil {
		return section{}, err
	}
	if err := b.producePayments(ctx, in, newPayments(b.memoryKeys), b.memoryRecords); err != nil {
		return section{}, err
	}
	state := filepath.Join(b.work, run)
	if err := b.kafka.settle(ctx); err != nil {
		return section{}, err
	}
	p, err := b.countsum(run, in, out, state, "--cache-rows="+strconv.Itoa(b.cacheRows))
	if err != nil {
		return section{}, err
	}
	samples, d, err := b.sampleMemory(ctx, p.process, countsumGroup(run), in)
	if err := errors.Join(err, p.stop()); err != nil {
		return section{}, err
	}
	if err := b.topics.checkTotals(ctx, out, recount(b.memoryKeys, b.memoryRecords)); err != nil {
		return section{}, fmt.Errorf("wrong result: %w", err)
	}
	return b.memorySection(samples, d), errors.Join(b.topics.remove(ctx, run), os.RemoveAll(state))
}

// sampleMemory looks ten times a second.
func (b *bench) sampleMemory(ctx context.Context, p *process, group, topic string) (samples []sample, d drained, err error) {
	var done int64
	err = p.poll(ctx, 100*time.Millisecond, func() (bool, error) {
		u, err := p.usage()
		if err != nil {
			return false, err
		}
		if done, err = b.topics.committed(ctx, group, topic); err != nil {
			return false, err
		}
		samples = append(samples, sample{done, u.rss})
		d = drained{wall: time.Since(p.started).Seconds(), cpu: u.cpu, peak: u.peak}
		return done >= int64(b.memoryRecords), nil
	})
	return samples, d, err
}

// most is the most memory between two points of the work, as parts of n records.
func most(samples []sample, n int, from, to float64) (rss int64) {
	for _, s := range samples {
		if at := float64(s.done) / float64(n); at >= from && at <= to {
			rss = max(rss, s.rss)
		}
	}
	return rss
}

func (b *bench) memorySection(samples []sample, d drained) section {
	s := section{
		title: "Memory",
		text: fmt.Sprintf("Count and sum over %s records with %s users and --cache-rows=%d: most rows are on the disk only. "+
			"Most memory seen while each tenth of the records was worked off; every output was checked.", count(b.memoryRecords), count(b.memoryKeys), b.cacheRows),
		table: [][]string{{"records"}, {"memory"}},
	}
	for tenth := range 10 {
		s.table[0] = append(s.table[0], fmt.Sprintf("%d %%", 10*(tenth+1)))
		cell := "" // too quick to be seen
		if rss := most(samples, b.memoryRecords, float64(tenth)/10, float64(tenth+1)/10); rss > 0 {
			cell = megabytes(float64(rss))
		}
		s.table[1] = append(s.table[1], cell)
	}
	million := float64(b.memoryRecords) / 1e6
	s.after = fmt.Sprintf("Most at any time: %s. %s CPU-s per million, %s records/s from the start of the process.",
		megabytes(float64(d.peak)), figure(d.cpu/million), count(int(float64(b.memoryRecords)/d.wall)))
	return s
}
