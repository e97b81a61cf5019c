package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/countsum"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

func testLog(t *testing.T) *slog.Logger {
	if os.Getenv("TRIBUTARY_TEST_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// start runs a topology until the test ends or stop is called.
func start(t *testing.T, c brokers.Cluster, plan *task.Topology, change ...func(*engine.Config)) (stop func() error) {
	t.Helper()
	cfg := engine.Config{Connection: client.Connection{Brokers: c.Brokers()}, StateDir: t.TempDir(), Instance: "a", Log: testLog(t)}
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e, err := engine.Open(ctx, plan, cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-done
		if cerr := e.Close(); err == nil {
			err = cerr
		}
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func payments(n, users int) []brokers.Record {
	rs := make([]brokers.Record, n)
	for i := range rs {
		u := fmt.Sprintf("u%d", i%users)
		rs[i] = brokers.Record{Partition: task.PartitionOf(u, 4), Key: []byte(u), Value: fmt.Appendf(nil, `{"user_id":%q,"order_id":"o%d","amount":%d}`, u, i, i)}
	}
	return rs
}

// checkTotals: each key's outputs run 1, 2, 3, ... and their sums are those of a recount.
func checkTotals(t *testing.T, outs []brokers.Record, n, users int) {
	t.Helper()
	sums, counts := map[string]int64{}, map[string]int64{}
	for i := range n {
		sums[fmt.Sprintf("u%d", i%users)] += int64(i)
	}
	last := map[string]countsum.Total{}
	for _, r := range outs {
		var x countsum.Total
		if err := json.Unmarshal(r.Value, &x); err != nil {
			t.Fatal(err)
		}
		u := string(r.Key)
		if counts[u]++; x.Count != counts[u] {
			t.Fatalf("user %s: count %d follows %d", u, x.Count, counts[u]-1)
		}
		last[u] = x
	}
	if len(outs) != n {
		t.Fatalf("%d outputs for %d records", len(outs), n)
	}
	for u, want := range sums {
		if last[u].Sum != want {
			t.Errorf("user %s: sum %d, want %d", u, last[u].Sum, want)
		}
	}
}

func TestCountsAndSumsOverARestartAndARebuild(t *testing.T) {
	c := brokers.Embedded(t)
	in, out := brokers.Unique(t, "in"), brokers.Unique(t, "out")
	c.CreateTopic(t, in, 4, nil)
	topo, err := countsum.Topology(brokers.Unique(t, "cs"), in, out)
	if err != nil {
		t.Fatal(err)
	}
	all := payments(6000, 37)
	dir := t.TempDir()
	for round := range 3 {
		c.Produce(t, in, all[round*2000:(round+1)*2000]...)
		if round == 2 {
			dir = t.TempDir() // an empty store: everything comes back from the changelog
		}
		stop := start(t, c, topo.Plan(), func(cfg *engine.Config) { cfg.StateDir = dir })
		waitFor(t, "all outputs", func() bool { return len(c.ReadCommitted(t, out)) >= (round+1)*2000 })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	checkTotals(t, c.ReadCommitted(t, out), 6000, 37)
}
