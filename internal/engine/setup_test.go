package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/countsum"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

func testLog() *slog.Logger {
	if os.Getenv("TRIBUTARY_TEST_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// config is that of an instance "a" with a directory of its own and a short session.
func config(t *testing.T, c brokers.Cluster, change ...func(*engine.Config)) engine.Config {
	t.Helper()
	cfg := engine.Config{
		Connection: client.Connection{Brokers: c.Brokers()}, StateDir: t.TempDir(), Instance: "a", Log: testLog(),
		SessionTimeout: time.Second, Metrics: engine.NewMetrics(),
	}
	for _, f := range change {
		f(&cfg)
	}
	return cfg
}

// running is an engine under test.
type running struct {
	*engine.Engine
	t      *testing.T
	cancel context.CancelFunc
	done   chan error
	over   bool
}

// start runs a topology until the test ends or stop is called.
func start(t *testing.T, plan *task.Topology, cfg engine.Config) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	e, err := engine.Open(ctx, plan, cfg)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	r := &running{Engine: e, t: t, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- e.Run(ctx) }()
	t.Cleanup(r.stop)
	return r
}

// stop ends a run as planned.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if err := r.wait(); err != nil {
		r.t.Errorf("run: %v", err)
	}
}

// wait returns what Run returns, and closes.
func (r *running) wait() error {
	r.t.Helper()
	if r.over {
		return nil
	}
	r.over = true
	err := <-r.done
	r.cancel()
	if cerr := r.Close(); cerr != nil {
		r.t.Errorf("close: %v", cerr)
	}
	return err
}

// drain waits until all input is processed.
func (r *running) drain() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// metric is the sum of a group's gauge or counter over its other labels.
func metric(t *testing.T, m *engine.Metrics, name, group string) (sum float64) {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(m)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, x := range f.Metric {
			if slices.ContainsFunc(x.Label, func(l *dto.LabelPair) bool { return l.GetName() == "group" && l.GetValue() == group }) {
				sum += x.GetGauge().GetValue() + x.GetCounter().GetValue() // one of them is there
			}
		}
	}
	return sum
}

// ---- payments: countsum, whose input is keyed

const users = 37

// payments are n records whose amounts go on from first.
func payments(first, n int) []brokers.Record {
	rs := make([]brokers.Record, n)
	for i := range rs {
		u := fmt.Sprintf("u%d", (first+i)%users)
		rs[i] = brokers.Record{Key: []byte(u), Value: fmt.Appendf(nil, `{"user_id":%q,"order_id":"o%d","amount":%d}`, u, first+i, first+i)}
	}
	return rs
}

// sums is countsum with topics of its own.
type sums struct {
	t         *testing.T
	c         brokers.Cluster
	name      string
	in, out   string
	group     string
	changelog string
	plan      *task.Topology
	produced  int
}

func newSums(t *testing.T, c brokers.Cluster) *sums {
	t.Helper()
	s := &sums{t: t, c: c, name: brokers.Unique(t, "cs"), in: brokers.Unique(t, "in"), out: brokers.Unique(t, "out")}
	s.group, s.changelog = s.name+"-totals", s.name+"-totals-table"
	c.CreateTopic(t, s.in, 4, nil)
	topology, err := countsum.Topology(s.name, s.in, s.out)
	if err != nil {
		t.Fatal(err)
	}
	s.plan = topology.Plan()
	return s
}

func (s *sums) produce(n int) {
	s.t.Helper()
	s.c.Produce(s.t, s.in, payments(s.produced, n)...)
	s.produced += n
}

func (s *sums) run(cfg engine.Config) *running { return start(s.t, s.plan, cfg) }

// awaitNoMembers waits until the sessions of members that have stopped are over.
func (s *sums) awaitNoMembers() {
	s.t.Helper()
	admin, err := client.Open(s.t.Context(), client.Connection{Brokers: s.c.Brokers()})
	if err != nil {
		s.t.Fatal(err)
	}
	defer admin.Close()
	waitFor(s.t, "the end of the group's sessions", func() bool {
		members, err := admin.Members(s.t.Context(), s.group)
		return err == nil && len(members) == 0
	})
}

// check: each key's outputs run 1, 2, 3, ..., and their sums are those of a recount.
func (s *sums) check() {
	s.t.Helper()
	want := map[string][]countsum.Total{}
	for i := range s.produced {
		u := fmt.Sprintf("u%d", i%users)
		x := countsum.Total{Count: 1, Sum: int64(i)}
		if n := len(want[u]); n > 0 {
			x.Count, x.Sum = x.Count+want[u][n-1].Count, x.Sum+want[u][n-1].Sum
		}
		want[u] = append(want[u], x)
	}
	outs := s.c.ReadCommitted(s.t, s.out)
	if len(outs) != s.produced {
		s.t.Errorf("%d outputs for %d records", len(outs), s.produced)
	}
	for _, r := range outs {
		var got countsum.Total
		if err := json.Unmarshal(r.Value, &got); err != nil {
			s.t.Fatal(err)
		}
		u := string(r.Key)
		if len(want[u]) == 0 || got != want[u][0] {
			s.t.Fatalf("user %s: output %+v, want the first of %+v", u, got, want[u])
		}
		want[u] = want[u][1:]
	}
}

// ---- visits: an input that is re-keyed, with event time and timers

type user string

type visit struct {
	User   string `json:"user"`
	Minute int64  `json:"minute"`
}

// counted is what is known of a user, and what is told.
type counted struct {
	Count int64 `json:"n"`
	Quiet bool  `json:"quiet,omitempty"`
}

func minute(n int64) time.Time {
	return time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// visits counts visits by user, and says that a user is quiet ten minutes of event time after each visit.
type visits struct {
	t                      *testing.T
	c                      brokers.Cluster
	name, in, via, out     string
	plan                   *task.Topology
	readers, group, failed string // consumer groups; topic of dead letters
}

func newVisits(t *testing.T, c brokers.Cluster, partitions int32) *visits {
	t.Helper()
	v := &visits{t: t, c: c, name: brokers.Unique(t, "v"), in: brokers.Unique(t, "in"), out: brokers.Unique(t, "out")}
	v.via, v.group = v.name+"-by-user", v.name+"-users"
	c.CreateTopic(t, v.in, partitions, nil)
	v.plan = v.topology(codecs.JSON[counted]())
	v.failed = v.plan.Dead.Name
	for _, g := range v.plan.Groups {
		if g.Name != v.group {
			v.readers = g.Name
		}
	}
	return v
}

func (v *visits) topology(rows codecs.Codec[counted]) *task.Topology {
	v.t.Helper()
	at := func(x visit) (time.Time, error) { return minute(x.Minute), nil }
	in := stream.NewTopic[stream.Unkeyed](v.in, codecs.JSON[visit](), at)
	via := stream.NewTopic[user](v.via, codecs.JSON[visit](), at)
	out := stream.NewTopic[user](v.out, codecs.JSON[counted](), nil, stream.Events(0))

	t := stream.New(v.name)
	byUser := stream.KeyBy(stream.From(t, in), via, func(x visit) (user, error) { return user(x.User), nil })
	p := stream.NewProcessor(t, tables.New[user](v.group, rows))
	seen := stream.On(p, byUser, func(c *stream.Context[user, counted], x visit) ([]counted, error) {
		if c.Row == nil {
			c.Row = new(counted)
		}
		c.Row.Count++
		return []counted{*c.Row}, c.SetTimer("quiet", minute(x.Minute+10))
	})
	quiet := stream.OnTimer(p, "quiet", func(c *stream.Context[user, counted], _ time.Time) ([]counted, error) {
		return []counted{{c.Row.Count, true}}, nil
	})
	seen.Merge(quiet).To(out)
	topology, err := t.Build()
	if err != nil {
		v.t.Fatal(err)
	}
	return topology.Plan()
}

// visit writes a visit into a partition of the input.
func (v *visits) visit(partition int32, u string, minute int64) {
	v.t.Helper()
	v.c.ProduceTo(v.t, v.in, aVisit(partition, u, minute))
}

// visitEach writes n visits of nine users, a minute apart, into the partitions in turn.
func (v *visits) visitEach(n, partitions int32) {
	v.t.Helper()
	var rs []brokers.Record
	for i := range n {
		rs = append(rs, aVisit(i%partitions, fmt.Sprint("u", i%9), int64(i)))
	}
	v.c.ProduceTo(v.t, v.in, rs...)
}

func aVisit(partition int32, u string, minute int64) brokers.Record {
	return brokers.Record{Partition: partition, Value: fmt.Appendf(nil, `{"user":%q,"minute":%d}`, u, minute)}
}

// counts are the visits told of each user, and how often he was said to be quiet. Counts must not leave out or
// repeat a number.
func (v *visits) counts() (visits, quiet map[string]int64) {
	v.t.Helper()
	visits, quiet = map[string]int64{}, map[string]int64{}
	for _, r := range v.c.ReadCommitted(v.t, v.out) {
		var x counted
		if err := json.Unmarshal(r.Value, &x); err != nil {
			v.t.Fatal(err)
		}
		u := string(r.Key)
		if x.Quiet {
			quiet[u]++
			continue
		}
		if visits[u]++; visits[u] != x.Count {
			v.t.Fatalf("user %s: visit %d is told as number %d", u, visits[u], x.Count)
		}
	}
	return visits, quiet
}
