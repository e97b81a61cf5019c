package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// recovered is what it took to rebuild a store.
type recovered struct {
	ready   float64 // seconds from the process's start until it is ready
	seconds float64 // of that: the stores caught up, as the process itself measures it
	read    float64 // bytes of keys and values that it read
	bytes   float64 // of the changelog, as it lies on the broker's disk
	cpu     float64 // seconds of the process
	peak    float64 // bytes
}

// rate is in MB of changelog per second of recovery.
func (r recovered) rate() float64 { return r.bytes / 1e6 / r.seconds }

// recovery fills a changelog, then starts the process again and again with an empty state directory. After each time
// it works off some more records, and in the end all outputs must be exact: a row that was lost would show.
func (b *bench) recovery(ctx context.Context) (section, error) {
	const run, in, out = "recovery", "recovery-payments", "recovery-out"
	if err := b.topics.create(ctx, in); err != nil {
		return section{}, err
	}
	source := newPayments(b.recoverKeys)
	more := max(1, b.recoverRecords/20)
	total := b.recoverRecords - more*b.rounds
	if err := b.producePayments(ctx, in, source, total); err != nil {
		return section{}, err
	}
	if _, err := b.recoverOnce(ctx, run, "first", int64(total)); err != nil {
		return section{}, err
	}
	var runs []recovered
	for round := range b.rounds {
		total += more
		if err := b.producePayments(ctx, in, source, more); err != nil {
			return section{}, err
		}
		r, err := b.recoverOnce(ctx, run, fmt.Sprint(round), int64(total))
		if err != nil {
			return section{}, err
		}
		b.say("recovery of %.0f MB: ready after %.2f s, %.2f s of them recovery, %.0f MB/s, %.1f CPU-s, %.0f MB in memory", r.bytes/1e6, r.ready, r.seconds, r.rate(), r.cpu, r.peak/(1<<20))
		runs = append(runs, r)
	}
	if err := b.topics.checkTotals(ctx, out, recount(b.recoverKeys, total)); err != nil {
		return section{}, fmt.Errorf("wrong result: %w", err)
	}
	return b.recoverySection(runs), b.topics.remove(ctx, run)
}

// recoverOnce starts with an empty store and stops when n records are done.
func (b *bench) recoverOnce(ctx context.Context, run, round string, n int64) (r recovered, err error) {
	state := filepath.Join(b.work, run+"-"+round)
	if round != "first" { // then neither the group nor the changelog exists yet
		// A process that comes with an empty folder is nobody's successor: it waits for its name to become free.
		if err := b.topics.vacate(ctx, countsumGroup(run)); err != nil {
			return r, err
		}
		if r.bytes, err = b.topics.size(ctx, countsumTable(run)); err != nil {
			return r, err
		}
	}
	if err := b.kafka.settle(ctx); err != nil {
		return r, err
	}
	p, err := b.countsum(run, run+"-payments", run+"-out", state)
	if err != nil {
		return r, err
	}
	ready, err := p.ready(ctx)
	if err != nil {
		return r, errors.Join(err, p.stop())
	}
	u, err := p.usage()
	if err == nil && round != "first" {
		err = p.readRecovery(ctx, countsumGroup(run), &r)
	}
	if err == nil {
		_, err = b.watch(ctx, p.process, countsumGroup(run), run+"-payments", n)
	}
	r.ready, r.cpu, r.peak = ready.Seconds(), u.cpu, float64(u.peak)
	return r, errors.Join(err, p.stop(), os.RemoveAll(state))
}

// readRecovery asks the process what its recovery took.
func (p *processor) readRecovery(ctx context.Context, group string, r *recovered) (err error) {
	if r.seconds, err = p.gauge(ctx, "tributary_recovery_seconds", group); err != nil {
		return err
	}
	r.read, err = p.gauge(ctx, "tributary_recovery_bytes", group)
	if err == nil && r.read == 0 {
		err = fmt.Errorf("%s was ready without having read its changelog", p.name)
	}
	return err
}

func (b *bench) recoverySection(runs []recovered) section {
	of := func(f func(recovered) float64) float64 { return median(runs, f) }
	return section{
		title: "Recovery of an empty store",
		text: fmt.Sprintf("Count and sum with %s users, started with an empty state directory; its changelog is what %s records left behind. "+
			"Start to ready contains joining the group; the recovery in it is what the process itself measures "+
			"(tributary_recovery_seconds), from the first partition's begin to the last one's end, and MB/s are those of the changelog as it "+
			"lies on the broker's disk. %s; afterwards the process goes on, and all its outputs were checked.",
			count(b.recoverKeys), count(b.recoverRecords), rounds(b.rounds)),
		table: [][]string{{"changelog", "keys and values read", "start to ready", "recovery alone", "MB/s", "CPU-s until ready", "memory, most"}, {
			megabytes(of(func(r recovered) float64 { return r.bytes })), megabytes(of(func(r recovered) float64 { return r.read })),
			figure(of(func(r recovered) float64 { return r.ready })) + " s", figure(of(func(r recovered) float64 { return r.seconds })) + " s",
			figure(of(recovered.rate)), figure(of(func(r recovered) float64 { return r.cpu })), megabytes(of(func(r recovered) float64 { return r.peak }))}},
	}
}
