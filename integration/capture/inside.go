package capture

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/cdc/copier"
	"github.com/tributary-go/tributary/internal/cdc/source"
	"github.com/tributary-go/tributary/internal/cdc/topic"
	"github.com/tributary-go/tributary/internal/engine/client"
)

// Config is that of a capture inside the test's process.
func (b *Bench) Config() copier.Config {
	b.t.Helper()
	c, err := cdc.Read(b.file)
	if err != nil {
		b.t.Fatal(err)
	}
	return copier.Config{
		Source: source.Config{
			Server:   source.Server{Address: b.Address(), User: b.MySQL.User, Password: b.MySQL.Password},
			Database: b.Database, Capture: c,
		},
		Topic:   topic.Config{Connection: client.Connection{Brokers: b.Kafka.Brokers()}, Capture: c, Partitions: 3},
		Options: cdc.Options{ChunkRows: 100, Heartbeat: 200 * time.Millisecond},
		Log:     slog.New(slog.NewTextHandler(testLog{b.t}, nil)),
	}
}

type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Logf("%s", line)
	return len(line), nil
}

// Running is a capture that runs inside the test's process.
type Running struct {
	t      testing.TB
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start runs a capture until Stop, or until it ends with an error of its own.
func (b *Bench) Start(c copier.Config) *Running {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &Running{t: b.t, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = copier.New(c).Run(ctx)
	}()
	b.running = r
	b.t.Cleanup(func() {
		cancel()
		<-r.done
	})
	return r
}

// Stop ends it, and fails the test if it had ended with an error.
func (r *Running) Stop() {
	r.t.Helper()
	r.cancel()
	<-r.done
	if !errors.Is(r.err, context.Canceled) {
		r.t.Errorf("the capture ended: %v", r.err)
	}
}

// Fails waits for its end and returns its error.
func (r *Running) Fails() error {
	r.t.Helper()
	select {
	case <-r.done:
		return r.err
	case <-time.After(time.Minute):
		r.t.Fatal("the capture goes on")
		return nil
	}
}

// AwaitSnapshot waits until the topic holds the whole table.
func (b *Bench) AwaitSnapshot() {
	b.t.Helper()
	Await(b.t, "the end of the snapshot", func() bool {
		b.MustRun()
		p, _ := b.Position()
		return p.Snapshot.Done
	})
}

// MustRun fails the test if the capture that was started last has ended.
func (b *Bench) MustRun() {
	b.t.Helper()
	if b.running == nil {
		return
	}
	select {
	case <-b.running.done:
		b.t.Fatalf("the capture ended: %v", b.running.err)
	default:
	}
}

// AwaitCaughtUp waits until the capture has read the log to the end that it has now. It needs GTIDs.
func (b *Bench) AwaitCaughtUp() {
	b.t.Helper()
	executed := strings.ReplaceAll(b.MySQL.Query(b.t, "", "SELECT @@GLOBAL.gtid_executed")[0][0], "\n", "")
	Await(b.t, "the end of the log", func() bool {
		b.MustRun()
		p, found := b.Position()
		return found && p.GTIDs != nil && *p.GTIDs == executed
	})
}

// AwaitEqual waits until the topic, compacted, equals what a query tells.
func (b *Bench) AwaitEqual(query string) {
	b.t.Helper()
	want := b.Table(query)
	var got map[string]string
	deadline := time.Now().Add(time.Minute)
	for {
		b.MustRun()
		got = Compacted(b.t, b.Records())
		difference := Difference(got, want)
		if difference == "" {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatal(difference)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
