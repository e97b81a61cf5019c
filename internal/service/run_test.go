package service

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// untilTold is a part that works until it is told to stop.
func untilTold(name string) Part {
	return Part{name, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}}
}

func ending(name string, err error) Part {
	return Part{name, func(context.Context) error { return err }}
}

func TestRunReturnsNilWhenAllPartsHaveEnded(t *testing.T) {
	if err := Run(t.Context(), nil, ending("a", nil), ending("b", nil)); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), nil); err != nil {
		t.Fatalf("no parts: %v", err)
	}
}

func TestTheFirstErrorStopsAllPartsAndNamesItsOwn(t *testing.T) {
	broken := errors.New("broken")
	err := Run(t.Context(), nil, untilTold("view"), ending("processor", broken), untilTold("server"))
	if !errors.Is(err, broken) || err.Error() != "processor: broken" {
		t.Fatalf("got %v", err)
	}
}

func TestErrorsWhileStoppingAreJoined(t *testing.T) {
	failing := Part{"flusher", func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("disk full")
	}}
	err := Run(t.Context(), nil, failing, ending("processor", errors.New("broken")))
	if err == nil || err.Error() != "processor: broken\nflusher: disk full" {
		t.Fatalf("got %v", err)
	}
}

func TestAPartThatEndsWithoutAnErrorLeavesTheOthersRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &run{log: slog.New(slog.DiscardHandler), grace: grace, release: func() {}}
		done := make(chan error, 1)
		go func() { done <- r.all(ctx, []Part{ending("migration", nil), untilTold("server")}) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("all have ended: %v", err)
		default:
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestErrStopEndsTheProcessWithoutAnError(t *testing.T) {
	if err := Run(t.Context(), nil, untilTold("server"), ending("drained", ErrStop)); err != nil {
		t.Fatal(err)
	}
}

func TestTheEndOfTheCallersContextIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, nil, untilTold("a"), untilTold("b")); err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if err := Run(late, nil, untilTold("a")); err != nil {
		t.Fatal(err)
	}
}

func TestACancellationThatNobodyAskedForIsAnError(t *testing.T) {
	err := Run(t.Context(), nil, ending("client", context.Canceled), untilTold("server"))
	if err == nil || !strings.HasPrefix(err.Error(), "client: ") {
		t.Fatalf("got %v", err)
	}
}

func TestSIGTERMStopsAllParts(t *testing.T) {
	started := make(chan struct{})
	server := Part{"server", func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return nil
	}}
	done := make(chan error, 1)
	go func() { done <- Run(context.Background(), nil, server) }()
	<-started // by then the signal is handled
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestStuckPartsAreNamedAfterTheGracePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stuck := func(name string) Part {
			return Part{name, func(context.Context) error { <-release; return nil }}
		}
		signals := make(chan os.Signal, 1)
		signals <- syscall.SIGINT
		released := false
		r := &run{log: slog.New(slog.DiscardHandler), grace: grace, signals: signals, release: func() { released = true }}
		start := time.Now()
		err := r.all(t.Context(), []Part{stuck("sink"), untilTold("server"), stuck("view")})
		if err == nil || err.Error() != "still running 8s after the stop: sink, view" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != grace {
			t.Errorf("waited %s", took)
		}
		if !released {
			t.Error("a second signal would not have killed the process")
		}
		close(release)
	})
}
