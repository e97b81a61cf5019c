package main

import (
	"context"
	"time"
)

// tally is a counter of a process at a moment, with what the process had used.
type tally struct {
	at   time.Time
	n    int
	used usage
}

// counted waits until a counter of the process has reached n. Rate and CPU time are those from the first commit seen to
// the last, the latter as for all n; if one commit did it all, from the last moment before it.
func (p *processor) counted(ctx context.Context, series string, n int) (d drained, err error) {
	first, last := tally{at: p.started}, tally{}
	err = p.poll(ctx, 20*time.Millisecond, func() (bool, error) {
		text, err := p.metrics(ctx)
		if err != nil {
			return false, nil // not listening yet; if it ends, poll says so
		}
		done, err := parseSeries(text, series)
		if err != nil {
			return false, nil // nor begun
		}
		used, err := p.usage()
		if last = (tally{time.Now(), int(done), used}); first.n == 0 && last.n < n {
			first = last
		}
		return last.n >= n, err
	})
	if err != nil {
		return d, err
	}
	part := float64(last.n-first.n) / float64(n)
	d = drained{wall: last.at.Sub(first.at).Seconds(), start: first.at.Sub(p.started).Seconds(), cpu: (last.used.cpu - first.used.cpu) / part, peak: last.used.peak}
	d.rate = float64(last.n-first.n) / d.wall
	return d, nil
}
