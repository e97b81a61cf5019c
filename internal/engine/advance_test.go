package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// carts are left behind some time after they were filled.
type carts struct {
	t                     *testing.T
	c                     brokers.Cluster
	in, out, reader, left string // topics; groups
	plan                  *task.Topology
}

const leftAfter = 1500 * time.Millisecond

// filled is when a cart was, in ms.
type filled struct {
	At int64 `json:"at"`
}

func newCarts(t *testing.T, c brokers.Cluster, advance time.Duration) *carts {
	t.Helper()
	name := brokers.Unique(t, "c")
	x := &carts{t: t, c: c, in: brokers.Unique(t, "in"), out: brokers.Unique(t, "out"), left: name + "-left"}
	c.CreateTopic(t, x.in, 2, nil)
	at := func(f filled) (time.Time, error) { return time.UnixMilli(f.At), nil }
	in := stream.NewTopic[stream.Unkeyed](x.in, codecs.JSON[filled](), at, stream.IdleAdvance(advance))
	via := stream.NewTopic[user](name+"-by-user", codecs.JSON[filled](), nil)
	top := stream.New(name)
	byUser := stream.KeyBy(stream.From(top, in), via, func(filled) (user, error) { return "u", nil })
	p := stream.NewProcessor(top, tables.New[user](x.left, codecs.JSON[filled]()))
	none := stream.On(p, byUser, func(c *stream.Context[user, filled], f filled) ([]filled, error) {
		c.Row = &f
		return nil, c.SetTimer("left", time.UnixMilli(f.At).Add(leftAfter))
	})
	left := stream.OnTimer(p, "left", func(c *stream.Context[user, filled], _ time.Time) ([]filled, error) { return []filled{*c.Row}, nil })
	none.Merge(left).To(stream.NewTopic[user](x.out, codecs.JSON[filled](), nil, stream.Events(0)))
	built, err := top.Build()
	if err != nil {
		t.Fatal(err)
	}
	x.plan = built.Plan()
	for _, g := range x.plan.Groups {
		if g.Name != x.left {
			x.reader = g.Name
		}
	}
	return x
}

func (x *carts) fill(partition int32, at time.Time) {
	x.t.Helper()
	x.c.ProduceTo(x.t, x.in, brokers.Record{Partition: partition, Value: fmt.Appendf(nil, `{"at":%d}`, at.UnixMilli())})
}

func (x *carts) leftBehind() int { x.t.Helper(); return len(x.c.ReadCommitted(x.t, x.out)) }

// committed is the offset metadata of the reader's first partition.
func (x *carts) committed() string {
	x.t.Helper()
	admin, err := client.Open(x.t.Context(), client.Connection{Brokers: x.c.Brokers()})
	if err != nil {
		x.t.Fatal(err)
	}
	defer admin.Close()
	at, err := admin.CommittedOffsets(x.t.Context(), x.reader, x.in)
	if err != nil {
		x.t.Fatal(err)
	}
	return at[0].Metadata
}

func soonIdle(cfg *engine.Config) { cfg.IdleAfter = 300 * time.Millisecond }

func TestATimerFiresThoughNoRecordComes(t *testing.T) {
	t.Parallel()
	x := newCarts(t, brokers.Embedded(t), 3*time.Second)
	cfg := config(t, x.c, soonIdle)
	first := start(t, x.plan, cfg)
	x.fill(0, minute(0))
	waitFor(t, "the cart left behind", func() bool { return x.leftBehind() == 1 })
	first.drain()
	bound := fmt.Sprintf("wm=%d;advance=3000", minute(0).Add(3*time.Second).UnixMilli())
	waitFor(t, "time up to its bound", func() bool { return x.committed() == bound })
	first.stop()

	cfg.Metrics = engine.NewMetrics()
	second := start(t, x.plan, cfg)
	x.fill(1, minute(0).Add(2*time.Second))
	waitFor(t, "the cart that came behind the advance", func() bool { return x.leftBehind() == 2 })
	if n := metric(t, cfg.Metrics, "tributary_behind_advance_total", x.left); n != 1 {
		t.Errorf("%v records came behind the advance", n)
	}
	if got := x.committed(); got != bound {
		t.Errorf("after the restart time stands at %s, was at %s", got, bound)
	}
	second.stop()
}

func TestATopicWithoutAnAdvanceWaitsForItsRecords(t *testing.T) {
	t.Parallel()
	x := newCarts(t, brokers.Embedded(t), 0)
	r := start(t, x.plan, config(t, x.c, soonIdle))
	x.fill(0, minute(0))
	r.drain()
	waitFor(t, "the time of the record", func() bool { return strings.HasPrefix(x.committed(), "wm=") })
	x.fill(1, minute(0).Add(leftAfter)) // as late as time would have to go on by itself
	waitFor(t, "the cart left behind", func() bool { return x.leftBehind() > 0 })
	if got := x.committed(); strings.Contains(got, "advance") {
		t.Errorf("time went on by itself: %s", got)
	}
}
