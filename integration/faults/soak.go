package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
)

// SoakPlan is how a use case is run for long.
type SoakPlan struct {
	Duration time.Duration
	Kills    int
	// Rate is how many records are fed per second. 0: 70 % of what the instances work off when they have a backlog.
	Rate int
}

// Soak is what a long run came to.
type Soak struct {
	SoakPlan
	Case     string
	Capacity int // records per second; 0: it was not measured
	Took     []time.Duration
	Verdict  Verdict
	Levels   []Level
}

func (k Soak) String() string {
	var b strings.Builder
	load := ""
	if k.Capacity > 0 {
		load = fmt.Sprintf(", %d %% of the %d records/s that it works off when it has a backlog", 100*k.Rate/k.Capacity, k.Capacity)
	}
	v := k.Verdict
	fmt.Fprintf(&b, "%s, %s at %d records/s%s: %d records, %d kills, **%d lost, %d duplicated, %d wrong**. First output on all partitions after a kill: %.1f s (median).\n\n",
		k.Case, k.Duration, k.Rate, load, v.Records, len(k.Took), v.Lost, v.Duplicated, v.Wrong, median(k.Took).Seconds())
	b.WriteString("| mean of | 1st quarter | 2nd | 3rd | 4th | |\n|---|---|---|---|---|---|\n")
	for _, l := range k.Levels {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

// PlaySoak runs three instances, two of which are killed again and again. The first lives to the end: it would show
// what is never given back.
func PlaySoak(t testing.TB, c brokers.Cluster, use Case, p SoakPlan) Soak {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*p.Duration+time.Hour)
	t.Cleanup(cancel)
	others := func(_ context.Context, s *Stage) error {
		i := s.Instances[1+s.Rand.IntN(len(s.Instances)-1)]
		i.Kill()
		return i.Start()
	}
	f := Fault{Name: "soak", Instances: 3, Inject: others}
	x := &cell{Stage: newStage(t, c, use), fault: f, plan: Plan{Session: 6 * time.Second, Finish: 10 * time.Minute}.withDefaults(f, use)}
	x.Session, x.plan.Rate = x.plan.Session, p.Rate
	x.source = use.Feed(rand.New(rand.NewPCG(x.Rand.Uint64(), 1)))
	k := Soak{SoakPlan: p, Case: use.Name}
	if err := x.soak(ctx, &k); err != nil {
		x.abandon()
		t.Fatal(err)
	}
	return k
}

func (x *cell) soak(ctx context.Context, k *Soak) error {
	if err := x.prepare(ctx); err != nil {
		return err
	}
	if k.Rate == 0 {
		if err := x.measure(ctx, k); err != nil {
			return fmt.Errorf("measure what the machine can do: %w", err)
		}
	}
	x.plan.Rate = k.Rate
	if err := x.start(ctx); err != nil {
		return err
	}
	levels, err := sample(ctx, x.Stage, max(time.Second, k.Duration/400))
	if err != nil {
		return err
	}
	began, every := time.Now(), k.Duration/time.Duration(max(1, k.Kills))
	for n := range k.Kills {
		due := began.Add(time.Duration(n)*every + time.Duration(x.Rand.Int64N(int64(every))))
		if err := x.Wait(ctx, time.Until(due)); err != nil {
			return err
		}
		if err := x.breakOnce(ctx); err != nil {
			return fmt.Errorf("kill %d of %d: %w", n+1, k.Kills, err)
		}
	}
	if err := x.Wait(ctx, time.Until(began.Add(k.Duration))); err != nil {
		return err
	}
	k.Levels = levels.stop()
	if err := x.finish(ctx); err != nil {
		return err
	}
	k.Took, k.Verdict = x.result.Took, x.result.Verdict
	return nil
}

// backlogFor is how long a backlog for the measurement is fed.
const backlogFor = 20 * time.Second

// measure finds how fast the instances work off a backlog through all groups, and takes 70 % of it.
func (x *cell) measure(ctx context.Context, k *Soak) error {
	f, err := startFeed(ctx, x.Cluster.Brokers(), x.Case, x.source, 1<<30)
	if err != nil {
		return err
	}
	if err := x.Wait(ctx, backlogFor); err != nil {
		return err
	}
	f.cancel()
	<-f.done
	err = f.client.Flush(ctx)
	f.client.Close()
	if err != nil {
		return err
	}
	x.Logf("a backlog of %d records", f.sent)
	for _, i := range x.Instances {
		if err := i.Start(); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := x.behind(ctx, int64(f.sent/100)); err != nil {
		return err
	}
	k.Capacity = int(float64(f.sent) / time.Since(began).Seconds())
	k.Rate = min(k.Capacity*7/10, x.affordable(k.Duration))
	x.Logf("worked off at %d records/s; fed from now on at %d", k.Capacity, k.Rate)
	for _, i := range x.Instances {
		if err := i.Terminate(); err != nil {
			return err
		}
	}
	return nil
}

// behind waits until the use case's groups are at most so many records behind, all together.
func (x *cell) behind(ctx context.Context, most int64) error {
	client, err := brokers.Client(x.Cluster.Brokers())
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for quiet := 0; quiet < 3; { // a group that has not begun has nothing to be behind of
		if err := x.Wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
		lag, err := lagOf(ctx, admin, x.Case)
		if quiet++; err != nil || lag > most {
			quiet = 0
		}
	}
	return nil
}

func lagOf(ctx context.Context, admin *kadm.Client, c Case) (int64, error) {
	all, err := admin.ListGroups(ctx)
	if err != nil {
		return 0, err
	}
	var names []string
	for _, g := range all.Groups() {
		if strings.HasPrefix(g, c.Name+"-") {
			names = append(names, g)
		}
	}
	if len(names) == 0 {
		return 1 << 60, nil
	}
	lags, err := admin.Lag(ctx, names...)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, l := range lags {
		if err := l.Error(); err != nil {
			return 0, err
		}
		n += l.Lag.Total()
	}
	return n, nil
}

// bytesPerRecord is what a record takes on the brokers' disks on its way, copies in other topics included.
const bytesPerRecord = 1500

// affordable is the rate at which a run takes at most a third of the free disk.
func (x *cell) affordable(d time.Duration) int {
	var at syscall.Statfs_t
	if err := syscall.Statfs(x.Dir, &at); err != nil {
		return 1 << 30
	}
	return int(float64(at.Bavail) * float64(at.Bsize) / 3 / bytesPerRecord / d.Seconds())
}
