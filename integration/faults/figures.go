package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
)

// restart is how an instance is ended and started again, and what that did to outputs. Times count from the signal.
type restart struct {
	name                 string
	end                  func(*Instance) error
	first, all           []time.Duration // until an output of its partitions, and of each of them
	otherPause, ownPause []time.Duration // the longest pause of a partition of the other instance, and of its own
}

// Figures restarts one of two instances again and again, killed and planned, and tells how long partitions were silent:
// lines of a table. It measures and does not judge, except whether all was exactly once.
func Figures(t testing.TB, c brokers.Cluster, times int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	t.Cleanup(cancel)
	use := Named(t, "countsum")
	x := &cell{Stage: newStage(t, c, use), fault: Fault{Name: "restart"}, plan: Plan{Partitions: 12, Session: 6 * time.Second, Rate: 3000}.withDefaults(Fault{}, use)}
	x.Session = x.plan.Session
	x.source = use.Feed(rand.New(rand.NewPCG(x.Rand.Uint64(), 1)))
	restarts := []*restart{
		{name: "SIGKILL, started again at once", end: func(i *Instance) error { i.Kill(); return nil }},
		{name: "SIGTERM, started again at once", end: (*Instance).Terminate},
	}
	if err := x.figures(ctx, restarts, times); err != nil {
		x.abandon()
		t.Fatal(err)
	}
	if !x.result.Verdict.Exact() {
		t.Errorf("not exactly once: %v", x.result.Verdict)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| median (longest) of %d | first output | outputs of all its partitions | longest pause of its partitions | longest pause of the other's partitions |\n|---|---|---|---|---|\n", times)
	for _, r := range restarts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.name, span(r.first), span(r.all), span(r.ownPause), span(r.otherPause))
	}
	return b.String()
}

func span(ds []time.Duration) string {
	if len(ds) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f s (%.2f s)", median(ds).Seconds(), slices.Max(ds).Seconds())
}

func (x *cell) figures(ctx context.Context, restarts []*restart, times int) error {
	if err := x.prepare(ctx); err != nil {
		return err
	}
	if err := x.start(ctx); err != nil {
		return err
	}
	for _, r := range restarts {
		for range times {
			if err := x.Wait(ctx, 3*time.Second); err != nil { // something to recover, and everything at rest
				return err
			}
			if err := x.restart(ctx, r); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	return x.finish(ctx)
}

func (x *cell) restart(ctx context.Context, r *restart) error {
	i := x.Pick()
	own, err := x.owned(ctx, i)
	if err != nil {
		return err
	}
	x.out.gaps()
	began := time.Now()
	if err := r.end(i); err != nil {
		return err
	}
	if err := x.out.set(ctx, x.Cluster.Brokers(), own); err != nil {
		return err
	}
	ended := time.Since(began)
	if err := i.Start(); err != nil {
		return err
	}
	all, first, err := x.out.recovered(ctx, patience)
	if err != nil {
		return err
	}
	if err := x.Wait(ctx, time.Second); err != nil { // the pause of those that moved may end later
		return err
	}
	pauses := map[bool]time.Duration{}
	for at, gap := range x.out.gaps() {
		pauses[own[at]] = max(pauses[own[at]], gap)
	}
	r.first, r.all = append(r.first, ended+first), append(r.all, ended+all)
	r.ownPause, r.otherPause = append(r.ownPause, pauses[true]), append(r.otherPause, pauses[false])
	x.Logf("%s, instance %s with %d partitions: ended after %s, first output %s, all %s, pauses: own %s, the other's %s",
		r.name, i.Name, len(own), round(ended), round(ended+first), round(ended+all), round(pauses[true]), round(pauses[false]))
	return nil
}

// owned are the partitions of the output that an instance writes: with this use case those of the input that it has.
func (x *cell) owned(ctx context.Context, i *Instance) (map[place]bool, error) {
	client, err := brokers.Client(x.Cluster.Brokers())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	const group = "countsum-totals"
	groups, err := kadm.NewClient(client).DescribeGroups(ctx, group)
	if err != nil {
		return nil, err
	}
	own := map[place]bool{}
	for _, m := range groups[group].Members {
		if m.InstanceID == nil || !strings.HasSuffix(*m.InstanceID, "-"+i.Name) {
			continue
		}
		a, ok := m.Assigned.AsConsumer()
		if !ok {
			continue
		}
		for _, topic := range a.Topics {
			for _, p := range topic.Partitions {
				own[place{x.Case.Outputs[0], p}] = true
			}
		}
	}
	if len(own) == 0 {
		return nil, fmt.Errorf("instance %s has no partitions of group %s", i.Name, group)
	}
	return own, nil
}
