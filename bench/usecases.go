package main

import (
	"context"
	"fmt"
)

// useCases are those that the part of this name measures, each with about n records. The channel GMV has a part of
// its own.
func useCases(n int) []useCase {
	return []useCase{
		couponCase(couponInput{records: n, buyers: n/20 + 1, days: 3, campaigns: true}),
		premiumCase(premiumInput{records: n, hours: 24, orders: true}),
		dropCase(n),
		pageCase(n),
		clickCase(n),
	}
}

// usecases measures each use case alone, from Kafka to Kafka.
func (b *bench) usecases(ctx context.Context) (section, error) {
	s := section{
		title: "The other use cases",
		text: fmt.Sprintf("Each topology in whole, with its defaults, from Kafka to Kafka, exactly once: about %s JSON records lie in Kafka "+
			"when the process starts, and it has done when all its results are those of a recount. %s; after each the result topics were "+
			"read again and compared. Figures count from the start of the process.", count(b.caseRecords), rounds(b.rounds)),
		table: [][]string{{"", "input", "records", "groups", "CPU-s per million", "records/s", "memory, most", "broker, CPU-s per million", "largest record of a changelog"}},
	}
	for _, c := range useCases(b.caseRecords) {
		row, err := b.usecase(ctx, c)
		if err != nil {
			return section{}, fmt.Errorf("%s: %w", c.name, err)
		}
		s.table = append(s.table, row)
	}
	return s, nil
}

// usecase is a line of the table.
func (b *bench) usecase(ctx context.Context, c useCase) ([]string, error) {
	want, records, err := b.produceCase(ctx, c)
	if err != nil {
		return nil, err
	}
	var groups []string
	var row largest
	look := func() (err error) {
		if groups, err = b.topics.groups(ctx, c.name+"-"); err != nil {
			return err
		}
		row, err = b.largestRow(ctx, c.name)
		return err
	}
	var runs []drained
	for round := range b.rounds {
		d, err := b.drainCase(ctx, c, fmt.Sprintf("%s-%d", c.name, round), want, records, look)
		if err != nil {
			return nil, err
		}
		b.say("%s, %d records: %.1f CPU-s, %.0f records/s, %d MB, broker %.1f CPU-s; exact", c.name, records, d.cpu, d.rate, d.peak>>20, d.broker)
		runs = append(runs, d)
	}
	of := func(f func(drained) float64) float64 { return median(runs, f) }
	million := float64(records) / 1e6
	return []string{c.name, c.about, count(records), count(len(groups)), figure(of(drained.cpuSeconds) / million), count(int(of(func(d drained) float64 { return d.rate }))),
		megabytes(of(func(d drained) float64 { return float64(d.peak) })), figure(of(func(d drained) float64 { return d.broker }) / million), count(row.bytes) + " B"}, b.topics.remove(ctx, c.inputs...)
}
