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

// rowBytes is what a row of count and sum takes on the heap while it is cached: its entry (152), key and value, and
// its place in a map. 700,000 rows in the stores of twelve partitions took 243 bytes each after a collection.
const rowBytes = 250

// beyondRun is one run of the part beyond.
type beyondRun struct {
	drained
	later float64 // CPU seconds per million of the records after the first visit of every key
}

// beyond works off the same number of records twice: with a few keys, all in memory, and with so many that most rows
// are on the disk only.
func (b *bench) beyond(ctx context.Context) (section, error) {
	few, err := b.beyondOnce(ctx, "beyond-few", b.keys, b.beyondRecords)
	if err != nil {
		return section{}, fmt.Errorf("%s keys: %w", count(b.keys), err)
	}
	many, err := b.beyondOnce(ctx, "beyond-many", b.beyondKeys, b.beyondRecords)
	if err != nil {
		return section{}, fmt.Errorf("%s keys: %w", count(b.beyondKeys), err)
	}
	return b.beyondSection(few, many), nil
}

func (b *bench) beyondOnce(ctx context.Context, run string, keys, records int) (r beyondRun, err error) {
	in, out, state := run+"-payments", run+"-out", filepath.Join(b.work, run)
	if err := errors.Join(b.topics.create(ctx, in), b.producePayments(ctx, in, newScattered(keys), records)); err != nil {
		return r, err
	}
	if err := b.kafka.settle(ctx); err != nil {
		return r, err
	}
	p, err := b.countsum(run, in, out, state, "--cache-rows="+strconv.Itoa(b.beyondBytes/rowBytes))
	if err != nil {
		return r, err
	}
	r, err = b.watchBeyond(ctx, p.process, countsumGroup(run), in, keys, records)
	if err := errors.Join(err, p.stop()); err != nil {
		return r, err
	}
	if err := b.topics.checkTotals(ctx, out, recountOf(newScattered(keys), records)); err != nil {
		return r, fmt.Errorf("wrong result: %w", err)
	}
	b.say("%d keys, %d records: %.1f CPU-s, %.1f per million once all keys are there, %.0f records/s, %d MB; exact",
		keys, records, r.cpu, r.later, r.rate, r.peak>>20)
	return r, errors.Join(b.topics.remove(ctx, run), b.topics.forget(ctx, countsumGroup(run)), os.RemoveAll(state))
}

// watchBeyond waits until all records are committed, and notes what was used when the keys had been visited once.
func (b *bench) watchBeyond(ctx context.Context, p *process, group, topic string, keys, records int) (r beyondRun, err error) {
	var done, visited int64
	var then float64
	err = p.poll(ctx, 100*time.Millisecond, func() (bool, error) {
		u, err := p.usage()
		if err != nil {
			return false, err
		}
		if done, err = b.topics.committed(ctx, group, topic); err != nil {
			return false, err
		}
		if done >= int64(keys) && visited == 0 {
			visited, then = done, u.cpu
		}
		r.drained = drained{wall: time.Since(p.started).Seconds(), cpu: u.cpu, peak: u.peak}
		return done >= int64(records), nil
	})
	r.rate = float64(records) / r.wall
	if visited > 0 && done > visited {
		r.later = (r.cpu - then) / (float64(done-visited) / 1e6)
	}
	return r, err
}

func (b *bench) beyondSection(few, many beyondRun) section {
	million := float64(b.beyondRecords) / 1e6
	s := section{
		title: "State beyond memory",
		text: fmt.Sprintf("Count and sum over %s records, once with %s users and once with %s. The first records visit each user once, in no "+
			"order; those after them come from random users, so that nearly each needs a row from the disk where there are many. --cache-rows=%d: "+
			"%s, as a cached row of this table takes about %d bytes. LevelDB's buffers, open commits and the collector's head room come on top. One run "+
			"each; every output was checked.", count(b.beyondRecords), count(b.keys), count(b.beyondKeys), b.beyondBytes/rowBytes,
			megabytes(float64(b.beyondBytes)), rowBytes),
		table: [][]string{{"users", "CPU-s per million", "once all users are there", "records/s", "memory, most"}},
	}
	for _, r := range []struct {
		keys int
		beyondRun
	}{{b.keys, few}, {b.beyondKeys, many}} {
		s.table = append(s.table, []string{count(r.keys), figure(r.cpu / million), figure(r.later), count(int(r.rate)), megabytes(float64(r.peak))})
	}
	s.after = fmt.Sprintf("With %s users a record costs **%s** times the CPU time that it costs in memory, and **%s** times once all users are there.",
		count(b.beyondKeys), figure(many.cpu/few.cpu), figure(many.later/few.later))
	return s
}
