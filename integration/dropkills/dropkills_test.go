package dropkills_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/dropkills"
	"github.com/tributary-go/tributary/integration/exactlyonce"
	"github.com/tributary-go/tributary/integration/kills"
)

// run is a proof: how much is fed to how many instances, and what happens to them.
type run struct {
	instances  []string
	partitions int32
	ids        int // in the dimension at the start
	touched    int // of them are changed after the start
	changes    int // and so often
	changeRate int
	events     int // after those that wait
	eventRate  int
	chaos      exactlyonce.Chaos
}

var (
	short = run{
		instances: []string{"a", "b"}, partitions: 4,
		ids: 3_000, touched: 150, changes: 900, changeRate: 50, events: 12_000, eventRate: 700,
		chaos: exactlyonce.Chaos{Kills: 5, Terms: 1, Stops: 1, Session: 2 * time.Second, Pause: 3 * time.Second},
	}
	long = run{
		instances: []string{"a", "b", "c"}, partitions: 6,
		ids: 20_000, touched: 1_000, changes: 9_000, changeRate: 70, events: 120_000, eventRate: 1_000,
		chaos: exactlyonce.Chaos{Kills: 20, Terms: 4, Stops: 1, Session: 6 * time.Second, Pause: 4 * time.Second},
	}
)

func TestPremiumDropsAreToldExactlyOnceWhenInstancesDie(t *testing.T) {
	prove(t, brokers.Embedded(t), short)
}

// On a Kafka the topics have the names that they always have: it must not hold those of another run.
// TRIBUTARY_LONG=1: 20 kills, instances that come and go, a zombie.
func TestPremiumDropsAreToldExactlyOnceOnKafka(t *testing.T) {
	c := brokers.Real(t)
	if os.Getenv("TRIBUTARY_LONG") != "" {
		prove(t, c, long)
		return
	}
	prove(t, c, short)
}

// What a planned restart may meet: a process that is still looking at the cluster.
func TestAProcessThatIsToldToStopAtOnceEndsWithoutAnError(t *testing.T) {
	c := brokers.Embedded(t)
	dropkills.CreateTopics(t, c, short.partitions)
	i := short.newInstances(t, c)[0]
	for range 3 {
		i.Start()
		i.Terminate()
	}
}

func prove(t *testing.T, c brokers.Cluster, x run) {
	r := kills.Seed(t)
	dropkills.CreateTopics(t, c, x.partitions)
	feed := dropkills.Feed{IDs: x.ids, Touched: x.touched, Events: x.events, Rand: rand.New(rand.NewPCG(r.Uint64(), 1))}
	office := &dropkills.Office{
		Owner:   &dropkills.Owner{IDs: x.ids, Touched: x.touched, Rand: rand.New(rand.NewPCG(r.Uint64(), 2))},
		Changes: x.changes, Rate: x.changeRate,
	}
	first, rest := feed.First(), feed.Rest()
	if err := dropkills.Write(t.Context(), c, first, 0); err != nil {
		t.Fatal(err)
	}
	if err := office.Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	full := dropkills.Ends(t, c)
	instances := x.newInstances(t, c)

	began := time.Now()
	working, closing := context.WithCancel(t.Context())
	defer closing()
	closed := exactlyonce.Background(t, func(context.Context) error { return office.Run(working, c) })
	fed := exactlyonce.Background(t, func(ctx context.Context) error { return dropkills.Write(ctx, c, rest, x.eventRate) })
	x.chaos.Run(t, c, instances, r)
	fed()
	t.Logf("%6.1fs all is fed", time.Since(began).Seconds())
	awaitDone(t, c, office, 3*time.Minute)
	closing()
	closed()
	for _, i := range instances {
		i.Terminate() // what was about to be committed is decided before it ends
	}
	report := dropkills.Verify(dropkills.Collect(t, c, full))
	t.Logf("%d kills, %d zombies, %d planned restarts in %s: %v", x.chaos.Kills, x.chaos.Stops, x.chaos.Terms, time.Since(began).Round(time.Millisecond), report)
	if !report.Exact() || report.Events != len(first)+len(rest) {
		t.Errorf("not exactly once: %d events were fed", len(first)+len(rest))
	}
	if report.Echoes == 0 || report.Letters == 0 || report.Alone < x.ids*9/10 || report.Alerts < x.ids*9/10 {
		t.Error("there was too little to prove")
	}
}

func (x run) newInstances(t *testing.T, c brokers.Cluster) []*exactlyonce.Instance {
	t.Helper()
	binary := exactlyonce.Build(t, "integration/dropkills/cmd/premiumdrop")
	var instances []*exactlyonce.Instance
	for _, name := range x.instances {
		instances = append(instances, exactlyonce.NewProcess(t, binary, "premiumdrop", name, "--brokers", strings.Join(c.Brokers(), ","), "--listen", "",
			"--session-timeout", x.chaos.Session.String(), "--flush-every", "500ms", "--idle-after", "1s"))
	}
	return instances
}

// awaitDone waits until the owner has passed on all updates and the instances have worked through all of it.
func awaitDone(t *testing.T, c brokers.Cluster, office *dropkills.Office, bound time.Duration) {
	t.Helper()
	const pause = time.Second
	for deadline := time.Now().Add(bound); ; time.Sleep(pause) {
		waiting := dropkills.Waiting(t, c)
		told := len(c.ReadCommitted(t, dropkills.Updates)) // after it nothing more is told: nothing waits
		heard := office.Heard()
		if waiting == 0 && office.Done() && heard == told && dropkills.Waiting(t, c) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not done within %s: %d records wait, the owner has heard %d of %d updates (all changes made: %t)", bound, waiting, heard, told, office.Done())
		}
	}
}
