package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	hotBar = 2        // hot may cost so many times as much as uniform
	rowBar = 64 << 10 // bytes of the largest record of a changelog
)

// manyHours lie within what hourlypremium remembers.
const manyHours = 144

// hotCases are pairs: one key that everything belongs to, and the same records over many keys.
func hotCases(orders, holders int) []useCase {
	named := func(c useCase, about string) useCase { c.about = about; return c }
	return []useCase{
		named(couponCase(couponInput{orders: orders, buyers: 1, days: 1}), "one buyer on one day"),
		named(couponCase(couponInput{orders: orders, buyers: orders/10 + 1, days: 1}), fmt.Sprintf("%s buyers on one day", count(orders/10+1))),
		named(premiumCase(premiumInput{records: holders, hours: 1}), "all in one hour"),
		named(premiumCase(premiumInput{records: holders, hours: manyHours}), fmt.Sprintf("over %d hours", manyHours)),
	}
}

// largest is the largest record of some changelogs.
type largest struct {
	bytes int // key and value
	topic string
	key   string
}

func (l *largest) take(r *kgo.Record) error {
	if n := len(r.Key) + len(r.Value); n > l.bytes {
		*l = largest{n, r.Topic, fmt.Sprintf("%.60q", r.Key)}
	}
	return nil
}

// largestRow reads the changelogs of a topology.
func (b *bench) largestRow(ctx context.Context, topology string) (l largest, err error) {
	all, err := b.topics.admin.ListTopics(ctx)
	if err != nil {
		return l, fmt.Errorf("list topics: %w", err)
	}
	for _, name := range all.Names() {
		if strings.HasPrefix(name, topology+"-") && strings.HasSuffix(name, "-table") {
			if err := b.topics.readCommitted(ctx, name, l.take); err != nil {
				return l, err
			}
		}
	}
	if l.bytes == 0 {
		return l, fmt.Errorf("topology %s has left no record in a changelog", topology)
	}
	return l, nil
}

// hot compares what a record costs where all belong to one key with what it costs where they don't.
func (b *bench) hot(ctx context.Context) (section, error) {
	s := section{
		title: "Hot keys",
		text: fmt.Sprintf("Coupons: %s orders with their later versions and refunds, without campaigns. Hourly premiums: %s orders, each a policy "+
			"and a holder of its own. One run each; results as in the other use cases. The largest record is that of all changelogs of the topology, "+
			"key and value, read after the run.", count(b.hotOrders), count(b.hotHolders)),
		table: [][]string{{"", "input", "records", "CPU-s per million", "of uniform", "records/s", "memory, most", "largest record"}},
	}
	cases := hotCases(b.hotOrders, b.hotHolders)
	var verdicts []string
	for i := 0; i < len(cases); i += 2 {
		hot, err := b.hotRun(ctx, cases[i])
		if err != nil {
			return section{}, fmt.Errorf("%s, %s: %w", cases[i].name, cases[i].about, err)
		}
		uniform, err := b.hotRun(ctx, cases[i+1])
		if err != nil {
			return section{}, fmt.Errorf("%s, %s: %w", cases[i+1].name, cases[i+1].about, err)
		}
		row := hot.largest
		if uniform.bytes > row.bytes {
			row = uniform.largest
		}
		ratio := hot.perMillion() / uniform.perMillion()
		s.table = append(s.table, hot.row(figure(ratio)), uniform.row(""))
		verdicts = append(verdicts, fmt.Sprintf("%s: **%s** times the cost, largest record %s bytes (%s, key %s).",
			cases[i].name, figure(ratio), count(row.bytes), row.topic, row.key))
	}
	s.after = strings.Join(verdicts, " ") + fmt.Sprintf(" The bars are %d times and %s bytes.", hotBar, count(rowBar))
	return s, nil
}

// hotRun is a run of a use case.
type hotRun struct {
	useCase
	records int
	drained
	largest
}

func (r hotRun) perMillion() float64 { return r.cpu / (float64(r.records) / 1e6) }

func (r hotRun) row(ratio string) []string {
	return []string{r.name, r.about, count(r.records), figure(r.perMillion()), ratio, count(int(r.rate)), megabytes(float64(r.peak)), count(r.bytes) + " B"}
}

func (b *bench) hotRun(ctx context.Context, c useCase) (r hotRun, err error) {
	r.useCase = c
	want, records, err := b.produceCase(ctx, c)
	if err != nil {
		return r, err
	}
	r.records = records
	r.drained, err = b.drainCase(ctx, c, "hot-"+c.name, want, records, func() (err error) {
		r.largest, err = b.largestRow(ctx, c.name)
		return err
	})
	if err != nil {
		return r, err
	}
	b.say("%s, %s, %d records: %.1f CPU-s, %.0f records/s, %d MB, largest record %d bytes; exact", c.name, c.about, records, r.cpu, r.rate, r.peak>>20, r.bytes)
	return r, b.topics.remove(ctx, c.inputs...)
}
