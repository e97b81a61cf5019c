package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// grace is how long parts may take to stop. It is shorter than the ten seconds
// that container runtimes wait before they kill.
const grace = 8 * time.Second

// Run starts all parts and returns when all have ended. The first error,
// SIGINT, SIGTERM or the end of ctx cancels the context of all of them; a
// second signal kills the process as if it were not handled.
//
// The error joins those of the parts, each with its part's name. Parts that
// have not ended 8 s after the cancellation are named in it and left behind:
// the caller is expected to exit. A nil log discards.
func Run(ctx context.Context, log *slog.Logger, parts ...Part) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &run{log: log, grace: grace, signals: signals, release: func() { signal.Stop(signals) }}
	return r.all(ctx, parts)
}

// run is one call of Run. Only its own goroutine uses it.
type run struct {
	log     *slog.Logger
	grace   time.Duration
	signals <-chan os.Signal
	release func() // gives the signals their ordinary meaning back

	cancel  context.CancelFunc
	running []Part
	err     error
}

type ended struct {
	name string
	err  error
}

func (r *run) all(ctx context.Context, parts []Part) error {
	ctx, r.cancel = context.WithCancel(ctx)
	defer r.cancel()
	r.running = append(r.running, parts...)
	ends := make(chan ended, len(parts)) // room for all: a part left behind can still end
	for _, part := range parts {
		go func() { ends <- ended{part.Name, part.Run(ctx)} }()
	}
	if r.untilStopped(ctx, ends) {
		return r.err
	}
	r.release()
	return r.untilEnded(ctx, ends)
}

// untilStopped waits for a reason to stop, and is true if all parts ended
// without one.
func (r *run) untilStopped(ctx context.Context, ends <-chan ended) bool {
	for len(r.running) > 0 && ctx.Err() == nil {
		select {
		case end := <-ends:
			r.end(ctx, end)
		case s := <-r.signals:
			r.log.Info("stopping", "signal", s.String())
			r.cancel()
		case <-ctx.Done():
		}
	}
	return len(r.running) == 0
}

// untilEnded waits for the parts within the grace period.
func (r *run) untilEnded(ctx context.Context, ends <-chan ended) error {
	late := time.NewTimer(r.grace)
	defer late.Stop()
	for len(r.running) > 0 {
		select {
		case end := <-ends:
			r.end(ctx, end)
		case <-late.C:
			return errors.Join(r.err, fmt.Errorf("still running %s after the stop: %s", r.grace, r.names()))
		}
	}
	return r.err
}

// end notes how a part has ended. Its first error stops the others.
func (r *run) end(ctx context.Context, end ended) {
	for i, part := range r.running {
		if part.Name == end.name {
			r.running = append(r.running[:i], r.running[i+1:]...)
			break
		}
	}
	r.log.Info("part ended", "part", end.name)
	switch {
	case end.err == nil:
		return
	case errors.Is(end.err, ErrStop):
	case ctx.Err() != nil && errors.Is(end.err, ctx.Err()): // it was told to
	default:
		r.err = errors.Join(r.err, fmt.Errorf("%s: %w", end.name, end.err))
	}
	r.cancel()
}

func (r *run) names() string {
	names := make([]string, 0, len(r.running))
	for _, part := range r.running {
		names = append(names, part.Name)
	}
	return strings.Join(names, ", ")
}
