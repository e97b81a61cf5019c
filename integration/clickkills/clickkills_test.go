package clickkills_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/clickkills"
	"github.com/tributary-go/tributary/integration/exactlyonce"
	"github.com/tributary-go/tributary/integration/kills"
)

// run is a proof: how much is fed to how many instances, and what happens to them.
type run struct {
	instances  []string
	partitions int32
	feed       clickkills.Feed
	chaos      exactlyonce.Chaos
}

var (
	short = run{
		instances: []string{"a", "b"}, partitions: 4,
		feed:  clickkills.Feed{Clicks: 12_000, Rate: 700},
		chaos: exactlyonce.Chaos{Kills: 5, Terms: 1, Session: 2 * time.Second, Pause: 3500 * time.Millisecond},
	}
	// No planned restarts: one in the middle of a rebalance of four groups, which waits for members that were killed, may
	// take longer than a process gives itself. Packages couponkills and dropkills have them.
	long = run{
		instances: []string{"a", "b", "c"}, partitions: 6,
		feed:  clickkills.Feed{Clicks: 30_000, Rate: 300},
		chaos: exactlyonce.Chaos{Kills: 20, Stops: 1, Session: 6 * time.Second, Pause: 4 * time.Second},
	}
)

func TestAlertsOfClicksComeExactlyOnceWhenInstancesDie(t *testing.T) {
	prove(t, brokers.Embedded(t), short)
}

// On a Kafka the topics have the names that they always have: it must not hold those of another run.
// TRIBUTARY_LONG=1: 20 kills and a zombie.
func TestAlertsOfClicksComeExactlyOnceOnKafka(t *testing.T) {
	c := brokers.Real(t)
	if os.Getenv("TRIBUTARY_LONG") != "" {
		prove(t, c, long)
		return
	}
	prove(t, c, short)
}

func prove(t *testing.T, c brokers.Cluster, x run) {
	r := kills.Seed(t)
	clickkills.CreateTopics(t, c, x.partitions)
	instances := x.newInstances(t, c)
	feed := x.feed
	feed.Rand = rand.New(rand.NewPCG(r.Uint64(), 1))
	records := feed.Records()
	began := time.Now()
	fed := exactlyonce.Background(t, func(ctx context.Context) error { return clickkills.Write(ctx, c, records, feed.Rate) })
	x.chaos.Run(t, c, instances, r)
	fed()
	t.Logf("%6.1fs all is fed", time.Since(began).Seconds())
	awaitAll(t, c, 2*time.Minute)
	for _, i := range instances {
		i.Terminate() // what was about to be committed is decided before it ends
	}
	report := clickkills.Verify(clickkills.Collect(t, c))
	t.Logf("%d kills, %d zombies, %d planned restarts in %s: %v", x.chaos.Kills, x.chaos.Stops, x.chaos.Terms, time.Since(began).Round(time.Millisecond), report)
	if !report.Exact() || report.Records != len(records) {
		t.Errorf("not exactly once: %d records were fed", len(records))
	}
	if report.Again == 0 || len(report.Alerts) != 6 || report.Total() < feed.Clicks/4 {
		t.Error("there was too little to prove")
	}
}

// newInstances declare no partition idle: whether a click is late would depend on how long the machine hesitates.
func (x run) newInstances(t *testing.T, c brokers.Cluster) (instances []*exactlyonce.Instance) {
	t.Helper()
	binary := exactlyonce.Build(t, "integration/clickkills/cmd/clickalerts")
	for _, name := range x.instances {
		instances = append(instances, exactlyonce.NewProcess(t, binary, "clickalerts", name, "--brokers", strings.Join(c.Brokers(), ","), "--listen", "",
			"--session-timeout", x.chaos.Session.String(), "--flush-every", "500ms", "--idle-after", "24h"))
	}
	return instances
}

// awaitAll waits until no alert is missing any more, or none has come for so long. Of a run that loses one the last
// report says which.
func awaitAll(t *testing.T, c brokers.Cluster, bound time.Duration) {
	t.Helper()
	const pause = 3 * time.Second
	least := math.MaxInt
	for deadline := time.Now().Add(bound); ; time.Sleep(pause) {
		report := clickkills.Verify(clickkills.Collect(t, c))
		if report.Missing == 0 {
			return
		}
		if report.Missing < least {
			least, deadline = report.Missing, time.Now().Add(bound)
		}
		if time.Now().After(deadline) {
			t.Logf("no alert has come for %s, and some are missing: %v", bound, report)
			return
		}
	}
}
