package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// feed fills one table from one topic.
type feed struct {
	target      *target
	schema      *schema
	dialect     dialect
	source      source
	partitions  int32
	letters     *letters
	metrics     *Metrics
	log         *slog.Logger
	owner       string
	connections int
	reconcile   bool // before anything else, once
	ready       atomic.Bool

	// Of the session:
	epoch     int64
	committed []atomic.Int64 // next offset by partition
}

// steady is how long a session must last to count as one that worked.
const steady = time.Minute

// run lasts until ctx ends or an error comes that another session would not mend.
func (f *feed) run(ctx context.Context) error {
	f.metrics.begin(f.target.Table)
	for wait := (backoff{}); ; {
		began := time.Now()
		err := f.session(ctx)
		f.ready.Store(false)
		if ctx.Err() != nil {
			return nil
		}
		if isFinal(err) {
			return err
		}
		f.metrics.sessions.WithLabelValues(f.target.Table).Inc()
		f.log.Warn("starting over from what is committed", "table", f.target.Table, "cause", err)
		if time.Since(began) > steady {
			wait = backoff{}
		}
		if err := wait.wait(ctx); err != nil {
			return nil
		}
	}
}

// session claims the table and fills it until something fails.
func (f *feed) session(ctx context.Context) error {
	keep, err := f.source.keepsTombstones(ctx)
	if err != nil {
		return err
	}
	got, err := f.claim(ctx)
	if err != nil {
		return err
	}
	from, missed, err := f.beginnings(ctx, got)
	if err != nil {
		return err
	}
	if f.target.Events {
		keep = f.onlyGrows(got, missed)
	} else if missed || f.stale(got, keep) {
		if err := f.doReconcile(ctx, from); err != nil {
			return err
		}
		for p := range got.positions {
			got.positions[p].completeAt = time.Now()
			from[int32(p)] = max(from[int32(p)], f.committed[p].Load())
		}
	}
	f.reconcile = false
	m := &monitor{feed: f, keep: keep, from: from, positions: got.positions}
	return f.fill(ctx, from, nil, m.run)
}

// onlyGrows is for tables of events. Nothing is ever deleted from them, so there are no deletes to miss, however long
// the sink was away; and an event that the topic has forgotten is still a row.
func (f *feed) onlyGrows(got claimed, missed bool) (keep time.Duration) {
	if missed {
		f.log.Error("events were deleted from the topic before they were read, or the topic has lost its end: the table lacks what it does not have any more",
			"table", f.target.Table, "topic", f.source.topic)
	}
	for p := range got.positions {
		got.positions[p].completeAt = time.Now()
	}
	return math.MaxInt64
}

func (f *feed) claim(ctx context.Context) (claimed, error) {
	id, err := f.source.admin.TopicID(ctx, f.source.topic)
	if err != nil {
		return claimed{}, err
	}
	if f.partitions, err = f.source.admin.Partitions(ctx, f.source.topic); err != nil {
		return claimed{}, err
	}
	k := claim{
		table: f.target.Table, topic: f.source.topic, topicID: id, partitions: f.partitions,
		owner: f.owner, reconcile: f.reconcile, now: time.Now(),
	}
	var got claimed
	err = f.once(ctx, func(c conn) (err error) {
		got, err = k.take(ctx, f.dialect, c)
		return err
	})
	if err != nil {
		return claimed{}, f.told("claim table "+f.target.Table, err)
	}
	f.epoch = got.epoch
	f.committed = make([]atomic.Int64, f.partitions)
	for p := range got.positions {
		f.committed[p].Store(got.positions[p].next)
	}
	f.log.Info("claimed a table", "table", f.target.Table, "topic", f.source.topic, "epoch", f.epoch, "partitions", f.partitions)
	return got, nil
}

// once runs something over a connection of its own.
func (f *feed) once(ctx context.Context, do func(conn) error) error {
	c, err := f.dialect.connect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	return do(c)
}

// told says what was being done, and whether the error is one that ends the process. Two that claim a new table at the
// same time may both insert its positions: then one of them tries again.
func (f *feed) told(doing string, err error) error {
	switch v := f.dialect.judge(err); {
	case isFinal(err):
		return err
	case v == fatal && !errors.Is(err, context.Canceled), v == denied:
		return &databaseError{doing, err}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// beginnings are the offsets to read from. missed: records were deleted before they were read, or the topic has lost its
// end, so that what was read is no longer what it holds.
func (f *feed) beginnings(ctx context.Context, got claimed) (from map[int32]int64, missed bool, err error) {
	starts, err := f.source.admin.StartOffsets(ctx, f.source.topic)
	if err != nil {
		return nil, false, err
	}
	ends, err := f.source.admin.EndOffsets(ctx, []string{f.source.topic})
	if err != nil {
		return nil, false, err
	}
	if n := len(ends[f.source.topic]); n < int(f.partitions) {
		return nil, false, fmt.Errorf("topic %s has %d partitions now, it had %d", f.source.topic, n, f.partitions)
	}
	from = make(map[int32]int64, f.partitions)
	for p := range f.partitions {
		next := got.positions[p].next
		lost := next > ends[f.source.topic][p]
		missed = missed || lost || next > 0 && next < starts[p]
		if from[p] = max(next, starts[p]); lost {
			from[p] = starts[p]
		}
	}
	if missed { // remembered, in case the reconciliation is cut short
		err = f.noteComplete(ctx, f.every(), time.Time{})
	}
	return from, missed, err
}

func (f *feed) every() []int32 {
	all := make([]int32, f.partitions)
	for p := range all {
		all[p] = int32(p)
	}
	return all
}

func (f *feed) noteComplete(ctx context.Context, partitions []int32, at time.Time) error {
	err := f.once(ctx, func(c conn) error { return setComplete(ctx, c, f.target.Table, f.epoch, partitions, at) })
	if err != nil {
		return f.told("note how far table "+f.target.Table+" is complete", err)
	}
	return nil
}

// stale reports whether tombstones may have been dropped since a partition was last read to its end.
func (f *feed) stale(got claimed, keep time.Duration) bool {
	for _, at := range got.positions {
		if tooLong(at.completeAt, time.Now(), keep) {
			return true
		}
	}
	return false
}

// tooLong takes half of the time that tombstones are kept, since clocks and cleaners are not exact.
func tooLong(complete, now time.Time, keep time.Duration) bool {
	return complete.IsZero() || now.Sub(complete) > keep/2
}

// fill runs lanes until one of them fails, or until all have reached what until says. beside may be nil.
func (f *feed) fill(ctx context.Context, from, until map[int32]int64, beside func(context.Context) error) error {
	consumer, err := f.source.open()
	if err != nil {
		return err
	}
	defer consumer.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var lanes, others sync.WaitGroup
	run := func(group *sync.WaitGroup, part func() error) {
		group.Go(func() {
			if err := part(); err != nil {
				cancel(err) // the first counts
			}
		})
	}
	n := min(f.connections, f.dialect.writers(), int(f.partitions))
	for i := range n {
		l := &lane{feed: f, number: i, next: map[int32]int64{}, from: from}
		in := make(chan *sarama.ConsumerMessage, maxRecords) // what comes while a batch is written
		for p := int32(i); p < f.partitions; p += int32(n) {
			l.next[p] = f.committed[p].Load()
			run(&others, func() error { return f.source.follow(ctx, consumer, p, from[p], in) })
		}
		run(&lanes, func() error { return l.run(ctx, in, until) })
	}
	if beside != nil {
		run(&others, func() error { return beside(ctx) })
	}
	lanes.Wait()
	err = context.Cause(ctx) // nil: all have reached until
	cancel(nil)
	others.Wait()
	return err
}
