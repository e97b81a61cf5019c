package cdc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Options of a run.
type Options struct {
	// ChunkRows is how many rows of the table are read at a time while the snapshot is made. 0: 20,000.
	ChunkRows int
	// BatchBytes is from which size on a commit waits for nothing more, and half of what may wait to be merged. A
	// transaction of the source is never divided, whatever its size. 0: 16 MiB.
	BatchBytes int
	// Heartbeat is how often at least the position is written, so that it follows the log when the table is quiet.
	// 0: 10 s.
	Heartbeat time.Duration
	// Metrics, if any, are kept up to date.
	Metrics *Metrics
}

func (o Options) withDefaults() Options {
	o.ChunkRows = cmp.Or(max(o.ChunkRows, 0), 20_000)
	o.BatchBytes = cmp.Or(max(o.BatchBytes, 0), 16<<20)
	o.Heartbeat = cmp.Or(max(o.Heartbeat, 0), 10*time.Second)
	if o.Metrics == nil {
		o.Metrics = NewMetrics("")
	}
	return o
}

// Begin makes the position of a capture that has none: the copy starts here. Rows that the table holds by now come in
// chunks, changes from now on as changes.
func Begin(ctx context.Context, s Source, l Layout, server string, partitions int32) (Position, error) {
	at, err := s.Now(ctx)
	if err != nil {
		return Position{}, err
	}
	if err := s.Settled(ctx, at); err != nil {
		return Position{}, err
	}
	last, err := s.Last(ctx)
	if err != nil {
		return Position{}, err
	}
	if at.ByGTID() {
		server = ""
	}
	return Position{
		At: at, Server: server, Partitions: partitions, Time: time.Now(),
		Shape: l.Shape(), Key: l.KeyColumns(), Columns: l.ValueColumns(),
		Snapshot: Snapshot{Until: last, Done: last == nil, By: l.Primary},
	}, nil
}

// Run carries changes and chunks from s to k, on from p, until ctx ends or something fails. It always returns an
// error. Then p is of no use any more: what k committed last is.
func Run(ctx context.Context, s Source, k Sink, p Position, o Options) error {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	r := &run{
		source: s, sink: k, options: o, merge: newMerge(p), backlog: newBacklog(2 * o.BatchBytes),
		chunks: make(chan chunkRead, 1), commits: make(chan commit, 1), failed: make(chan error, 1),
	}
	defer r.work.Wait()
	defer cancel()
	from := p.At.clone()
	r.work.Go(func() {
		err := s.Follow(ctx, from, func(u Unit) error { return r.backlog.put(ctx, u) })
		r.failed <- cmp.Or(err, errors.New("the log has ended"))
	})
	return r.loop(ctx)
}

// run is one call of Run. Only its loop uses it; what other goroutines do, they say through the channels.
type run struct {
	source  Source
	sink    Sink
	options Options
	merge   *merge
	backlog *backlog
	work    sync.WaitGroup

	chunks  chan chunkRead
	commits chan commit
	failed  chan error

	committing bool
}

type chunkRead struct {
	chunk Chunk
	err   error
}

type commit struct {
	position Position
	rows     int
	took     time.Duration
	err      error
}

func (r *run) loop(ctx context.Context) error {
	beat := time.NewTicker(r.options.Heartbeat)
	defer beat.Stop()
	for {
		r.read(ctx)
		if r.merge.due() {
			r.commit(ctx)
		}
		ready := r.backlog.ready
		if r.committing && r.merge.bytes >= r.options.BatchBytes {
			ready = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-r.failed:
			return err
		case <-ready:
			for _, u := range r.backlog.take() {
				r.merge.change(u)
			}
		case c := <-r.chunks:
			if c.err != nil {
				return c.err
			}
			r.merge.chunk(c.chunk)
		case c := <-r.commits:
			r.committing = false
			if c.err != nil {
				return c.err
			}
			r.options.Metrics.committed(c.position, c.rows, c.took)
		case <-beat.C:
			r.commit(ctx)
		}
	}
}

// read begins the next chunk, if there is one and none is under way.
func (r *run) read(ctx context.Context) {
	s := r.merge.position.Snapshot
	if s.Done || r.merge.window != nil || r.merge.bytes >= r.options.BatchBytes {
		return
	}
	settled := r.merge.open()
	r.work.Go(func() {
		c, err := r.chunk(ctx, settled, s)
		r.chunks <- chunkRead{c, err}
	})
}

func (r *run) chunk(ctx context.Context, settled At, s Snapshot) (Chunk, error) {
	if err := r.source.Settled(ctx, settled); err != nil {
		return Chunk{}, err
	}
	c, err := r.source.Chunk(ctx, s.After, s.Until, r.options.ChunkRows)
	if err != nil {
		return c, fmt.Errorf("snapshot behind key %q: %w", s.After, err)
	}
	return c, nil
}

// commit writes what there is, at least the position, unless a commit is under way.
func (r *run) commit(ctx context.Context) {
	if r.committing {
		return
	}
	r.committing = true
	rows, p := r.merge.take()
	r.work.Go(func() {
		began := time.Now()
		err := r.sink.Commit(ctx, rows, p)
		r.commits <- commit{p, len(rows), time.Since(began), err}
	})
}
