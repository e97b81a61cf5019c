package capture_test

import (
	"net"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
)

// disturbed copies a table while rows are changed and something happens to the capture; then topic and table must be
// equal. beside ends before that, and leaves a capture that runs.
func disturbed(t *testing.T, b *capture.Bench, p *capture.Process, beside func()) {
	t.Helper()
	b.Exec(clickTable)
	b.Fill(0, 20_000)
	changes := b.Change(20_000, 2, seed(t))
	p.Start()
	beside()
	b.AwaitSnapshot()
	changes.Stop(t)
	b.AwaitCaughtUp()
	b.AwaitEqual(clickQuery)
}

// advanced waits until more has been written than now.
func advanced(t *testing.T, b *capture.Bench) {
	t.Helper()
	before, _ := b.Position()
	capture.Await(t, "the position to go on", func() bool {
		now, found := b.Position()
		return found && now.Time > before.Time
	})
}

func TestTheTopicEqualsTheTableAfterConnectionsWereKilled(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	user := "c_" + b.Database[len(b.Database)-8:]
	b.Exec("CREATE USER "+user+" IDENTIFIED BY '"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(b.MySQL.Password)+"'",
		"GRANT REPLICATION SLAVE ON *.* TO "+user, "GRANT SELECT ON "+b.Database+".* TO "+user)
	t.Cleanup(func() { b.Exec("DROP USER " + user) })
	p := b.Process(capture.Binary(t), "--mysql-user", user, "--chunk-rows", "100")
	killed := 0
	disturbed(t, b, p, func() {
		for range 8 {
			advanced(t, b)
			for _, row := range b.MySQL.Query(t, "", "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '"+user+"'") {
				b.End(row[0])
				killed++
			}
		}
	})
	if killed < 8 {
		t.Errorf("%d connections were killed", killed)
	}
	p.Terminate()
}

func TestTheTopicEqualsTheTableAfterBrokersRestarted(t *testing.T) {
	kafka := brokers.Real(t)
	b := capture.NewBench(t, kafka, clickCapture)
	p := b.Process(capture.Binary(t), "--chunk-rows", "500")
	id := kafka.IDs()[0]
	disturbed(t, b, p, func() {
		for range 2 {
			advanced(t, b)
			kafka.Kill(t, id)
			capture.Await(t, "the broker's last thread to be gone, and its port to be free", func() bool {
				l, err := net.Listen("tcp", kafka.Brokers()[id-1])
				if err == nil {
					l.Close()
				}
				return err == nil
			})
			kafka.Restart(t, id)
		}
	})
	p.Terminate()
}

// TestACaptureThatStoodStillWhileItWasReplacedWritesNothingMore stops one wherever it is, perhaps within a transaction.
func TestACaptureThatStoodStillWhileItWasReplacedWritesNothingMore(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	binary := capture.Binary(t)
	stale, next := b.Process(binary, "--chunk-rows", "100"), b.Process(binary, "--chunk-rows", "100")
	disturbed(t, b, stale, func() {
		advanced(t, b)
		stale.Stop()
		next.Start()
		advanced(t, b)
		advanced(t, b)
		stale.Continue()
		capture.Await(t, "the stale capture to end", func() bool { return !stale.Running() })
	})
	if !strings.Contains(stale.Log(), "stop one of them") {
		t.Error("the stale capture did not say that it was replaced")
	}
	next.Terminate()
}
