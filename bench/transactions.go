package main

import (
	"context"
	"errors"
	"fmt"
)

// transactionBar is how much more CPU time transactions may cost.
const transactionBar = 1.15

// writers are our engine with its transactions, and without them.
func (b *bench) writers() [2]contestant {
	with := func(flags ...string) func(run, in, out, state string) (*process, error) {
		return func(run, in, out, state string) (*process, error) {
			p, err := b.countsum(run, in, out, state, flags...)
			if err != nil {
				return nil, err
			}
			return p.process, nil
		}
	}
	return [2]contestant{
		{"with transactions", false, countsumGroup, with()},
		{"without", false, countsumGroup, with("--without-transactions")},
	}
}

// transactions measures what exactly-once costs: the same engine writes the same records and offsets without.
func (b *bench) transactions(ctx context.Context) (section, error) {
	const in = "transactions-payments"
	want := recount(b.keys, b.large)
	if err := errors.Join(b.topics.create(ctx, in), b.producePayments(ctx, in, newPayments(b.keys), b.large)); err != nil {
		return section{}, err
	}
	var runs [2][]drained
	for round := range b.rounds {
		for i, c := range b.writers() {
			d, err := b.drain(ctx, c, fmt.Sprintf("transactions-%d-%d", i, round), in, want)
			if err != nil {
				return section{}, fmt.Errorf("%s: %w", c.name, err)
			}
			b.say("%s, %d records: %.1f CPU-s, %.0f records/s, broker %.1f CPU-s; exact", c.name, b.large, d.cpu, d.rate, d.broker)
			runs[i] = append(runs[i], d)
		}
	}
	return b.transactionsSection(runs), b.topics.remove(ctx, in)
}

func (b *bench) transactionsSection(runs [2][]drained) section {
	s := section{
		title: "What transactions cost",
		text: fmt.Sprintf("Count and sum as above, %s records, by the same engine with one thing taken out: records and offsets are written with "+
			"plain requests, as a program does that processes at least once. No product offers that; every output was checked, since nothing failed. "+
			"CPU time of the whole process. %s.", count(b.large), rounds(b.rounds)),
		table: [][]string{{"", "CPU-s per million", "records/s", "start to first commit", "broker, CPU-s per million"}},
	}
	million := float64(b.large) / 1e6
	var cpu [2]float64
	for i, c := range b.writers() {
		of := func(f func(drained) float64) float64 { return median(runs[i], f) }
		cpu[i] = of(drained.cpuSeconds) / million
		s.table = append(s.table, []string{c.name, figure(cpu[i]), count(int(of(func(d drained) float64 { return d.rate }))),
			figure(of(func(d drained) float64 { return d.start })) + " s", figure(of(func(d drained) float64 { return d.broker }) / million)})
	}
	s.after = fmt.Sprintf("Transactions cost **%s** times the CPU time. The bar is %s.", figure(cpu[0]/cpu[1]), figure(transactionBar))
	return s
}
