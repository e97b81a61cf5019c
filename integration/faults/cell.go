package faults

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/kills"
)

// Plan is how a cell is played. The zero value of a field takes the default.
type Plan struct {
	Times      int           // the fault is injected so often, or as often as it asks for if that is more; default 1
	Pause      time.Duration // longest time between two of them; default 2 s
	Warm       time.Duration // outputs flow for so long before the first; default 2 s
	Partitions int32         // of the inputs; default 6
	Session    time.Duration // session timeout; default 2 s
	Rate       int           // records per second; default: the use case's
	Finish     time.Duration // results that differ from the recount and do not change for so long are judged; default 2 min
}

func (p Plan) withDefaults(f Fault, c Case) Plan {
	p.Times = max(1, p.Times, f.Times)
	if f.Once {
		p.Times = 1
	}
	if p.Pause == 0 {
		p.Pause = 2 * time.Second
	}
	if p.Warm == 0 {
		p.Warm = 2 * time.Second
	}
	if p.Partitions == 0 {
		p.Partitions = 6
	}
	if p.Session == 0 {
		p.Session = 2 * time.Second
	}
	if p.Finish == 0 {
		p.Finish = 2 * patience
	}
	if p.Rate == 0 {
		p.Rate = c.Rate
	}
	return p
}

// Result is what a cell came to.
type Result struct {
	Fault, Case string
	// Took: of each time that the fault was injected, how long it took from its end until each partition of the
	// outputs that was active before it had a new committed output. First: until any had.
	Took, First []time.Duration
	Verdict     Verdict
}

// cell is one fault in one use case.
type cell struct {
	*Stage
	plan   Plan
	fault  Fault
	source Source
	feed   *feed
	out    *follower
	view   *view // nil: the use case has none
	result Result
}

// Play brings a fault to a use case, and fails the test if what was written is not exactly what the recount has. The
// use case must be new: each is for one cell.
func Play(t testing.TB, c brokers.Cluster, f Fault, use Case, p Plan) Result {
	t.Helper()
	r := Observe(t, c, f, use, p)
	if !r.Verdict.Exact() {
		t.Errorf("not exactly once: %v", r.Verdict)
	}
	return r
}

// Observe is Play for whoever judges the verdict otherwise.
func Observe(t testing.TB, c brokers.Cluster, f Fault, use Case, p Plan) Result {
	t.Helper()
	if why := missing(f.Needs, c); why != "" {
		t.Skipf("%s needs %s: %s", f.Name, f.Needs, why)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	t.Cleanup(cancel)
	x := &cell{Stage: newStage(t, c, use), plan: p.withDefaults(f, use), fault: f, result: Result{Fault: f.Name, Case: use.Name}}
	x.Session = x.plan.Session
	x.source = use.Feed(rand.New(rand.NewPCG(x.Rand.Uint64(), 1)))
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{{"prepare", x.prepare}, {"start", x.start}, {"break", x.breakThings}, {"finish", x.finish}} {
		if err := step.run(ctx); err != nil {
			x.abandon()
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	return x.result
}

func newStage(t testing.TB, c brokers.Cluster, use Case) *Stage {
	return &Stage{T: t, Cluster: c, Brokers: c.Brokers(), Case: use, Rand: kills.Seed(t), Dir: t.TempDir(), began: time.Now()}
}

func (x *cell) prepare(ctx context.Context) error {
	if err := x.reset(ctx); err != nil {
		return err
	}
	x.Partitions, x.Length = x.plan.Partitions, x.plan.length()
	if x.Case.Prepare == nil {
		for _, topic := range x.Case.Inputs {
			x.Cluster.CreateTopic(x.T, topic, x.plan.Partitions, nil)
		}
	} else if err := x.Case.Prepare(x.Stage); err != nil {
		return err
	}
	for n := range cmp.Or(x.fault.Instances, 2) {
		x.Add(string(rune('a' + n)))
	}
	if x.fault.Prepare == nil {
		return nil
	}
	return x.fault.Prepare(ctx, x.Stage)
}

// length is about how long the cell is fed, without what faults take.
func (p Plan) length() time.Duration { return p.Warm + time.Duration(p.Times)*p.Pause }

// start returns when outputs flow.
func (x *cell) start(ctx context.Context) (err error) {
	for _, i := range x.Instances {
		if err := i.Start(); err != nil {
			return err
		}
	}
	if x.out, err = follow(ctx, x.Cluster.Brokers(), x.Case.Outputs); err != nil {
		return err
	}
	if x.feed, err = startFeed(ctx, x.Cluster.Brokers(), x.Case, x.source, x.plan.Rate); err != nil {
		return err
	}
	if err := x.out.await(ctx, patience, func() bool { return x.out.all > 0 }); err != nil {
		return err
	}
	x.Logf("outputs flow")
	if x.Case.View != "" {
		if x.view, err = startView(x.Stage, x.Case.View); err != nil {
			return err
		}
	}
	return x.Wait(ctx, x.plan.Warm)
}

func (x *cell) breakThings(ctx context.Context) error {
	for n := range x.plan.Times {
		if n > 0 {
			if err := x.Wait(ctx, x.plan.Pause/4+time.Duration(x.Rand.Int64N(int64(x.plan.Pause*3/4)))); err != nil {
				return err
			}
		}
		if err := x.breakOnce(ctx); err != nil {
			return fmt.Errorf("%s, number %d of %d: %w", x.fault.Name, n+1, x.plan.Times, err)
		}
		if x.T.Failed() {
			return fmt.Errorf("%s, number %d of %d: see above", x.fault.Name, n+1, x.plan.Times)
		}
	}
	return nil
}

// within is how long ago a partition's last output may lie for it to count as active.
const within = 2 * time.Second

func (x *cell) breakOnce(ctx context.Context) error {
	active := x.out.active(within)
	if err := x.fault.Inject(ctx, x.Stage); err != nil {
		return err
	}
	if err := x.out.set(ctx, x.Cluster.Brokers(), active); err != nil {
		return err
	}
	took, first, err := x.out.recovered(ctx, 2*patience)
	if err != nil {
		return err
	}
	x.Logf("%s: first output after %s, all %d partitions after %s", x.fault.Name, round(first), len(active), round(took))
	x.result.Took, x.result.First = append(x.result.Took, took), append(x.result.First, first)
	return nil
}

// finish ends the input, waits until it is worked off, ends the processes and has the results judged.
func (x *cell) finish(ctx context.Context) error {
	fed, err := x.feed.stop(ctx)
	x.feed = nil
	if err != nil {
		return err
	}
	x.Logf("%d records are fed", fed)
	if err := x.workedOff(ctx, x.plan.Finish); err != nil {
		return err
	}
	for _, i := range x.Instances {
		if err := i.Terminate(); err != nil { // what was about to be committed is decided before it ends
			return err
		}
	}
	x.out.close()
	if x.result.Verdict, err = x.Case.Verify(x.Stage); err != nil {
		return err
	}
	if n := x.result.Verdict.Records; n < fed {
		return fmt.Errorf("%d records were fed, and the verifier has seen %d of them", fed, n)
	}
	if x.view != nil {
		if err := x.view.judge(ctx, &x.result.Verdict); err != nil {
			return err
		}
	}
	x.Logf("%v", x.result.Verdict)
	return nil
}

// reset makes room where cells share a Kafka.
func (x *cell) reset(ctx context.Context) error {
	if len(x.Cluster.IDs()) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return reset(ctx, x.Cluster.Brokers(), x.Case)
}

// workedOff waits until the results are those of the recount. Ones that have not changed for as long as bound never get
// there: the verdict says in what they differ.
func (x *cell) workedOff(ctx context.Context, bound time.Duration) error {
	last, deadline := "", time.Now().Add(bound)
	for {
		if err := x.out.quiet(ctx, time.Second); err != nil {
			return err
		}
		done, why, err := x.done()
		if done || err != nil {
			return err
		}
		if why != last {
			last, deadline = why, time.Now().Add(bound) // a loaded machine takes its time
		}
		if time.Now().After(deadline) {
			x.Logf("not done, and nothing has changed for %s: %s", bound, why)
			return nil
		}
	}
}

func (x *cell) done() (done bool, why string, err error) {
	if x.Case.Settled != nil {
		if err := x.Case.Settled(x.Stage); err != nil {
			return false, err.Error(), nil
		}
	}
	v, err := x.Case.Verify(x.Stage)
	v.Examples = nil // of many differences others each time
	return v.Exact(), v.String(), err
}

// abandon stops what runs beside the test.
func (x *cell) abandon() {
	for _, i := range x.Instances {
		i.Kill()
	}
	if x.feed != nil {
		x.feed.abandon()
	}
	if x.out != nil {
		x.out.close()
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// median of the durations; 0 of none.
func median(ds []time.Duration) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	ds = slices.Sorted(slices.Values(ds))
	return ds[len(ds)/2]
}
