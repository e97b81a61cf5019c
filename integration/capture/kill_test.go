package capture_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
)

// seed makes the random choices of a test, and says how to have them again: TRIBUTARY_SEED. Where exactly a signal
// meets a process is not in its power.
func seed(t *testing.T) *rand.Rand {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	if text := os.Getenv("TRIBUTARY_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("TRIBUTARY_SEED: %v", err)
		}
	}
	t.Logf("TRIBUTARY_SEED=%d", s)
	return rand.New(rand.NewPCG(s, s))
}

// killed is the whole proof: rows, changes while the snapshot is made and after it, kills all the while, and then the
// comparison.
func killed(t *testing.T, kafka brokers.Cluster, rows, kills int, between time.Duration, args ...string) {
	t.Helper()
	r := seed(t)
	b := capture.NewBench(t, kafka, clickCapture)
	b.Exec(clickTable)
	b.Fill(0, rows)
	p := b.Process(capture.Binary(t), args...)
	changes := b.Change(rows, 4, r)
	during := 0
	for range kills {
		p.Start()
		time.Sleep(between/2 + time.Duration(r.Int64N(int64(between)))) // the kill meets it anywhere
		if !p.Running() {
			t.Fatalf("mysqlcdc ended by itself:\n%s", p.Log())
		}
		p.Kill()
		if at, begun := b.Position(); begun && !at.Snapshot.Done && at.Snapshot.Rows > 0 {
			during++
		}
	}
	p.Start()
	b.AwaitSnapshot()
	changes.Stop(t)
	b.AwaitCaughtUp()
	b.AwaitEqual(clickQuery)
	p.Terminate()
	records := b.Records()
	t.Logf("%d kills, %d of them in the middle of the snapshot; %d rows, %d records", kills, during, len(b.Table(clickQuery)), len(records))
	if during < kills/10 {
		t.Errorf("%d kills met the snapshot: the test proves less than it says", during)
	}
}

func TestTheTopicEqualsTheTableAfterTwentyKills(t *testing.T) {
	killed(t, brokers.Embedded(t), 30_000, 20, 300*time.Millisecond, "--chunk-rows", "30")
}

func TestTwoMillionRowsAndTwentyKills(t *testing.T) {
	if os.Getenv("TRIBUTARY_LONG") == "" {
		t.Skip("takes minutes: set TRIBUTARY_LONG=1")
	}
	killed(t, brokers.Real(t), 2_000_000, 20, 2*time.Second, "--chunk-rows", "20000")
}

func TestNoChangeIsWrittenTwiceOrLostWhenTheCaptureIsKilled(t *testing.T) {
	r := seed(t)
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	p := b.Process(capture.Binary(t))
	p.Start()
	b.AwaitSnapshot()
	rows := 0
	for range 10 {
		for range 20 {
			n := 1 + r.IntN(200)
			b.Fill(rows, n) // one transaction
			rows += n
		}
		p.Kill()
		b.Fill(rows, 1000)
		rows += 1000
		p.Start()
	}
	b.AwaitCaughtUp()
	p.Terminate()
	seen := map[string]bool{}
	for _, x := range b.Records() {
		if seen[string(x.Key)] {
			t.Fatalf("%s is there twice", x.Key)
		}
		seen[string(x.Key)] = true
	}
	if len(seen) != rows {
		t.Errorf("%d records of %d rows", len(seen), rows)
	}
}
