package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// useCase is a topology with an input of its own.
type useCase struct {
	name    string // of the topology, and of bench/processor's command
	about   string // one line for the report
	inputs  []string
	outputs []string // prefixes of the topics that it writes
	// generate makes the input, the same each time, and recounts it.
	generate func(emit emit) outcome
	// flags of the command; folder is one for its files.
	flags func(folder string) ([]string, error)
}

// emit writes a record into the partition of its key. It takes over both.
type emit func(topic string, key, value []byte)

// outcome compares results with a recount.
type outcome interface {
	topics() []string
	// take is given the records of topics, those of a partition in order.
	take(r *kgo.Record) error
	// compare is nil when everything is as the recount says.
	compare() error
	// again is the same before anything was taken.
	again() outcome
}

// produceCase writes the input of a use case. It returns what must come out, and how many records there are.
func (b *bench) produceCase(ctx context.Context, c useCase) (want outcome, records int, err error) {
	for _, topic := range c.inputs {
		if err := b.topics.create(ctx, topic); err != nil {
			return nil, 0, err
		}
	}
	out, err := newProducer(b.kafka.address, 5*time.Millisecond)
	if err != nil {
		return nil, 0, err
	}
	want = c.generate(func(topic string, key, value []byte) {
		out.send(ctx, topic, partitionOf(key), key, value)
		records++
	})
	return want, records, out.close(ctx)
}

// drainCase lets a use case work off its input. It is done when all results are those of the recount; after the
// process has stopped, they are read again in whole, and must still be. look may look at the topics before they
// are removed; nil: nobody does.
func (b *bench) drainCase(ctx context.Context, c useCase, run string, want outcome, records int, look func() error) (d drained, err error) {
	state := filepath.Join(b.work, run)
	if err := errors.Join(os.MkdirAll(state, 0o755), b.kafka.settle(ctx)); err != nil {
		return d, err
	}
	before, err := b.kafka.usage()
	if err != nil {
		return d, err
	}
	p, err := b.startCase(c, run, state)
	if err != nil {
		return d, err
	}
	d, err = b.watchCase(ctx, p, want.again(), records)
	if err := errors.Join(err, p.stop()); err != nil {
		return d, err
	}
	d.broker -= before.cpu
	if err := b.topics.check(ctx, want.again()); err != nil {
		return d, err
	}
	if look != nil {
		err = look()
	}
	return d, errors.Join(err, b.clearCase(ctx, c), os.RemoveAll(state))
}

func (b *bench) startCase(c useCase, run, state string) (*processor, error) {
	flags := []string{c.name, "--state-dir=" + filepath.Join(state, "store"), "--zone=UTC", "--partitions=12"}
	if c.flags != nil {
		more, err := c.flags(state)
		if err != nil {
			return nil, err
		}
		flags = append(flags, more...)
	}
	return b.processor(run, "processor", flags...)
}

// watchCase follows the results until they are what they must be.
func (b *bench) watchCase(ctx context.Context, p *processor, o outcome, records int) (d drained, err error) {
	if _, err := p.ready(ctx); err != nil { // its topics exist then
		return d, err
	}
	c, err := b.topics.follow(o.topics())
	if err != nil {
		return d, err
	}
	defer c.Close()
	var first time.Time
	err = p.poll(ctx, time.Millisecond, func() (bool, error) {
		n, err := pollOutcome(ctx, c, o)
		if n > 0 && first.IsZero() {
			first = time.Now()
		}
		return n > 0 && err == nil && o.compare() == nil, err
	})
	if err != nil {
		return d, fmt.Errorf("%w; the result so far: %w", err, o.compare())
	}
	end := time.Now()
	u, err := p.usage()
	if err != nil {
		return d, err
	}
	k, err := b.kafka.usage()
	d = drained{wall: end.Sub(p.started).Seconds(), start: first.Sub(p.started).Seconds(), cpu: u.cpu, peak: u.peak, broker: k.cpu}
	d.rate = float64(records) / d.wall
	return d, err
}

// pollOutcome takes in what comes within 200 ms, and returns how many records that were.
func pollOutcome(ctx context.Context, c *kgo.Client, o outcome) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	fetches := c.PollFetches(ctx)
	if err := fetches.Err0(); err != nil && ctx.Err() == nil {
		return 0, fmt.Errorf("read results: %w", err)
	}
	for it := fetches.RecordIter(); !it.Done(); n++ {
		if err := o.take(it.Next()); err != nil {
			return n, err
		}
	}
	return n, nil
}

// check reads the results from their beginning to their end.
func (t *topics) check(ctx context.Context, o outcome) error {
	for _, topic := range o.topics() {
		if err := t.readCommitted(ctx, topic, o.take); err != nil {
			return err
		}
	}
	return o.compare()
}

// clearCase removes what a use case has left, but its input.
func (b *bench) clearCase(ctx context.Context, c useCase) error {
	return errors.Join(b.topics.remove(ctx, append(slices.Clone(c.outputs), c.name+"-")...), b.forgetGroups(ctx, c.name+"-"))
}

// forgetGroups deletes the groups whose names begin with a prefix.
func (b *bench) forgetGroups(ctx context.Context, prefix string) error {
	groups, err := b.topics.groups(ctx, prefix)
	if err != nil || len(groups) == 0 {
		return err
	}
	return b.topics.forget(ctx, groups...)
}
