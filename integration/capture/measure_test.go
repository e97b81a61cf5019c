package capture_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
)

// TestHowFastASnapshotAndABacklogAreWritten says it, for rows of click_stream, and demands nothing of the speed.
func TestHowFastASnapshotAndABacklogAreWritten(t *testing.T) {
	if os.Getenv("TRIBUTARY_LONG") == "" {
		t.Skip("takes a minute: set TRIBUTARY_LONG=1")
	}
	const rows = 500_000
	b := capture.NewBench(t, brokers.Real(t), clickCapture)
	b.Exec(clickTable)
	b.Fill(0, rows)
	p := b.Process(capture.Binary(t))
	measure := func(what string, await func()) {
		t.Helper()
		began := time.Now()
		p.Start()
		await()
		took := time.Since(began)
		p.Terminate()
		t.Logf("%s: %d rows in %.1f s, %.0f rows/s, %.1f s of CPU per million", what, rows, took.Seconds(), rows/took.Seconds(), p.CPU().Seconds()/rows*1e6)
	}
	measure("snapshot", b.AwaitSnapshot)
	b.Fill(rows, rows)
	measure("backlog of inserts", b.AwaitCaughtUp)

	// One row in each transaction costs more: a position, and a step of the log's reader.
	changes := b.Change(rows, 4, rand.New(rand.NewPCG(1, 1)))
	time.Sleep(5 * time.Second) // gathers a backlog
	changes.Stop(t)
	began := time.Now()
	p.Start()
	b.AwaitCaughtUp()
	t.Logf("small transactions: done after %.1f s", time.Since(began).Seconds())
	p.Terminate()
	b.AwaitEqual(clickQuery)
}
