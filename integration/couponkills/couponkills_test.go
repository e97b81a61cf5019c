package couponkills_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/couponkills"
	"github.com/tributary-go/tributary/integration/exactlyonce"
	"github.com/tributary-go/tributary/integration/kills"
)

// run is a proof: how much is fed to how many instances, and what happens to them.
type run struct {
	instances  []string
	partitions int32
	feed       couponkills.Feed
	chaos      exactlyonce.Chaos
}

var (
	short = run{
		instances: []string{"a", "b"}, partitions: 4,
		feed:  couponkills.Feed{Records: 12_000, Buyers: 250, Rate: 700},
		chaos: exactlyonce.Chaos{Kills: 5, Terms: 1, Session: 2 * time.Second, Pause: 3500 * time.Millisecond},
	}
	long = run{
		instances: []string{"a", "b", "c"}, partitions: 6,
		feed:  couponkills.Feed{Records: 150_000, Buyers: 3_000, Rate: 1_000},
		chaos: exactlyonce.Chaos{Kills: 20, Terms: 6, Stops: 1, Session: 6 * time.Second, Pause: 4 * time.Second},
	}
)

func TestCouponsAreGrantedExactlyOnceWhenInstancesDie(t *testing.T) {
	prove(t, brokers.Embedded(t), short)
}

// On a Kafka the topics have the names that they always have: it must not hold those of another run.
// TRIBUTARY_LONG=1: 20 kills, instances that come and go, a zombie.
func TestCouponsAreGrantedExactlyOnceOnKafka(t *testing.T) {
	c := brokers.Real(t)
	if os.Getenv("TRIBUTARY_LONG") != "" {
		prove(t, c, long)
		return
	}
	prove(t, c, short)
}

func prove(t *testing.T, c brokers.Cluster, x run) {
	r := kills.Seed(t)
	for _, topic := range []string{couponkills.Payments, couponkills.Refunds} {
		c.CreateTopic(t, topic, x.partitions, nil)
	}
	binary := exactlyonce.Build(t, "integration/couponkills/cmd/coupon")
	campaigns := couponkills.File(t, couponkills.Campaigns)
	var instances []*exactlyonce.Instance
	for _, name := range x.instances {
		instances = append(instances, exactlyonce.NewProcess(t, binary, "coupon", name,
			"--brokers", strings.Join(c.Brokers(), ","), "--campaigns", campaigns, "--listen", "",
			"--session-timeout", x.chaos.Session.String(), "--flush-every", "500ms", "--idle-after", "1s"))
	}
	feed := x.feed
	feed.Rand = rand.New(rand.NewPCG(r.Uint64(), 1))
	began := time.Now()
	fed := exactlyonce.Background(t, func(ctx context.Context) error { return feed.Run(ctx, c) })
	x.chaos.Run(t, c, instances, r)
	fed()
	t.Logf("%6.1fs all is fed", time.Since(began).Seconds())
	awaitExact(t, c, 2*time.Minute)
	for _, i := range instances {
		i.Terminate() // what was about to be committed is decided before it ends
	}
	report := couponkills.Verify(couponkills.Collect(t, c), couponkills.Campaigns)
	t.Logf("%d kills, %d zombies, %d planned restarts in %s: %v", x.chaos.Kills, x.chaos.Stops, x.chaos.Terms, time.Since(began).Round(time.Millisecond), report)
	if !report.Exact() || report.Records != feed.Records || report.Denied == 0 || report.Revoked == 0 {
		t.Errorf("not exactly once, or nothing to decide: %d records were fed", feed.Records)
	}
}

// awaitExact waits until the instances have worked through the input. A run that is not exact never gets there,
// and its last report says why.
func awaitExact(t *testing.T, c brokers.Cluster, bound time.Duration) {
	t.Helper()
	const pause = 2 * time.Second
	for deadline := time.Now().Add(bound); ; time.Sleep(pause) {
		report := couponkills.Verify(couponkills.Collect(t, c), couponkills.Campaigns)
		if report.Exact() {
			return
		}
		if time.Now().After(deadline) {
			t.Logf("not exact within %s: %v", bound, report)
			return
		}
	}
}
