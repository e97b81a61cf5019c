package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// towns joins visits, whose values are codes, with the names of towns.
type towns struct {
	t                *testing.T
	c                brokers.Cluster
	names, asks, out string
	plan             *task.Topology
}

func newTowns(t *testing.T, c brokers.Cluster) *towns {
	t.Helper()
	x := &towns{t: t, c: c, names: brokers.Unique(t, "names"), asks: brokers.Unique(t, "asks"), out: brokers.Unique(t, "out")}
	c.CreateTopic(t, x.names, 5, nil)
	c.CreateTopic(t, x.asks, 4, nil)
	s := stream.New(brokers.Unique(t, "t"))
	names := stream.GlobalFrom(s, stream.NewTopic[user](x.names, codecs.String(), nil))
	asks := stream.From(s, stream.NewTopic[user](x.asks, codecs.String(), nil, stream.Partitioned()))
	stream.LeftJoinGlobal(asks, names, func(code string) (user, bool) { return user(code), true }, func(code string, name *string) (string, error) {
		if name == nil {
			return code + " is nowhere", nil
		}
		return code + " is " + *name, nil
	}).To(stream.NewTopic[user](x.out, codecs.String(), nil, stream.Events(0)))
	topology, err := s.Build()
	if err != nil {
		t.Fatal(err)
	}
	x.plan = topology.Plan()
	return x
}

func (x *towns) name(code, name string) {
	x.t.Helper()
	x.c.Produce(x.t, x.names, brokers.Record{Key: []byte(code), Value: []byte(name)})
}

func (x *towns) ask(code string) {
	x.t.Helper()
	x.c.Produce(x.t, x.asks, brokers.Record{Key: []byte(code), Value: []byte(code)})
}

func (x *towns) answers() (all []string) {
	x.t.Helper()
	for _, r := range x.c.ReadCommitted(x.t, x.out) {
		all = append(all, string(r.Value))
	}
	slices.Sort(all)
	return all
}

func TestAGlobalTableIsKnownInWholeAtEveryStartAndFollowedFromThere(t *testing.T) {
	x := newTowns(t, brokers.Embedded(t))
	var old, current, asks []brokers.Record
	var want []string
	for i := range 2000 {
		code := fmt.Appendf(nil, "c%d", i)
		old = append(old, brokers.Record{Key: code, Value: []byte("old")})
		current = append(current, brokers.Record{Key: code, Value: []byte("new")})
		if i%20 == 0 {
			asks = append(asks, brokers.Record{Key: code, Value: code})
			want = append(want, string(code)+" is new")
		}
	}
	x.c.Produce(t, x.asks, asks...)
	x.c.Produce(t, x.names, append(old, current...)...)
	aborted := x.c.Begin(t)
	aborted.Produce(t, x.names, brokers.Record{Key: []byte("c0"), Value: []byte("aborted")})
	aborted.Abort(t)
	cfg := config(t, x.c)
	r := start(t, x.plan, cfg)
	r.drain()
	slices.Sort(want)
	if got := x.answers(); !slices.Equal(got, want) {
		t.Fatalf("%d answers, want %d: %v", len(got), len(want), got[:min(9, len(got))])
	}

	x.name("c1", "newer") // while it runs
	waitFor(t, "the new name", func() bool {
		x.ask("c1")
		r.drain()
		return slices.Contains(x.answers(), "c1 is newer")
	})
	r.stop()
	x.name("c2", "newest")
	x.c.Produce(t, x.names, brokers.Record{Key: []byte("c3"), Value: []byte{}})
	x.ask("c2")
	x.ask("c3")
	cfg.Metrics = engine.NewMetrics()
	start(t, x.plan, cfg).drain()
	for _, want := range []string{"c2 is newest", "c3 is nowhere"} {
		if !slices.Contains(x.answers(), want) {
			t.Errorf("there is no answer %q", want)
		}
	}
}

func TestAGlobalTableThatIsMissingIsNamedAtTheStart(t *testing.T) {
	c := brokers.Embedded(t)
	x := newTowns(t, c)
	c.DeleteTopic(t, x.names)
	cfg := config(t, c)
	e, err := engine.Open(t.Context(), x.plan, cfg)
	if err == nil {
		e.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "topic "+x.names+": topic does not exist") {
		t.Errorf("error %v", err)
	}
}
