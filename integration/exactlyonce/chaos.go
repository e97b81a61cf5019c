package exactlyonce

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Chaos is what happens to two instances while they work.
type Chaos struct {
	Kills          int           // SIGKILL and start again
	Stops          int           // SIGSTOP for longer than the session, then SIGCONT
	Terms          int           // SIGTERM and start again
	BrokerKills    int           // SIGKILL of a broker and start again
	BrokerRestarts int           // orderly restart of a broker
	Session        time.Duration // of the instances
	Pause          time.Duration // the longest time between two events
}

type event struct {
	name string
	run  func(t testing.TB, r *rand.Rand)
}

// Run starts the instances, does all to them in random order at random moments, and leaves them running.
func (x Chaos) Run(t testing.TB, c brokers.Cluster, instances []*Instance, r *rand.Rand) {
	t.Helper()
	for _, i := range instances {
		i.Start()
	}
	events := x.events(c, instances)
	r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	began := time.Now()
	for _, e := range events {
		wait(r, x.Pause)
		t.Logf("%6.1fs %s", time.Since(began).Seconds(), e.name)
		e.run(t, r)
		if t.Failed() {
			t.FailNow()
		}
	}
}

func (x Chaos) events(c brokers.Cluster, instances []*Instance) []event {
	var events []event
	add := func(n int, name string, run func(testing.TB, *rand.Rand, *Instance)) {
		for k := range n {
			events = append(events, event{name, func(t testing.TB, r *rand.Rand) { run(t, r, instances[k%len(instances)]) }})
		}
	}
	add(x.Kills, "kill -9", func(_ testing.TB, r *rand.Rand, i *Instance) {
		i.Kill()
		if r.IntN(3) == 0 {
			wait(r, x.Session*3/2) // the other may take over, or just not
		}
		i.Start()
	})
	add(x.Terms, "planned restart", func(_ testing.TB, r *rand.Rand, i *Instance) {
		i.Terminate()
		wait(r, x.Session*3/2)
		i.Start()
	})
	add(x.Stops, "zombie", func(_ testing.TB, r *rand.Rand, i *Instance) {
		i.Stop()
		time.Sleep(x.Session + x.Session/2)
		wait(r, x.Session)
		i.Continue()
	})
	for k := range x.BrokerKills {
		events = append(events, event{"broker killed", func(t testing.TB, r *rand.Rand) {
			id := c.IDs()[k%len(c.IDs())]
			c.Kill(t, id)
			wait(r, 4*time.Second)
			c.Restart(t, id)
		}})
	}
	for k := range x.BrokerRestarts {
		events = append(events, event{"broker restarted", func(t testing.TB, _ *rand.Rand) { c.Restart(t, c.IDs()[k%len(c.IDs())]) }})
	}
	return events
}

func wait(r *rand.Rand, longest time.Duration) {
	time.Sleep(time.Duration(r.Int64N(int64(longest) + 1)))
}

// Background runs f beside the test and returns how to wait for it.
func Background(t testing.TB, f func(context.Context) error) (wait func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(cancel)
	return func() {
		t.Helper()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
