package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// people are rows that meet calls: who is called before his row is there is missed.
type people struct {
	t                        *testing.T
	c                        brokers.Cluster
	raw, calls, out          string
	readers, callers, joined string // groups
	plan                     *task.Topology
	rows, called             int
	slow                     slowness
}

// slowness makes the reading of some rows take its time, until it is lifted.
type slowness struct {
	rows   atomic.Int64 // read so far
	lifted chan struct{}
}

const (
	slowRow   = "slow"
	slowEvery = 64 // rows: between them a commit may come
	slowBy    = 100 * time.Millisecond
)

func (s *slowness) read(name string) {
	if !strings.HasPrefix(name, slowRow) || s.rows.Add(1)%slowEvery != 0 {
		return
	}
	select {
	case <-s.lifted:
	case <-time.After(slowBy):
	}
}

// slowTexts are texts, of which some take their time.
type slowTexts struct {
	codecs.Codec[string]
	*slowness
}

func (h slowTexts) Decode(b []byte) (string, error) {
	v, err := h.Codec.Decode(b)
	h.read(v)
	return v, err
}

const rawPartitions, callPartitions, ownPartitions = 3, 2, 4

func newPeople(t *testing.T, c brokers.Cluster) *people {
	t.Helper()
	p := &people{t: t, c: c, raw: brokers.Unique(t, "raw"), calls: brokers.Unique(t, "calls"), out: brokers.Unique(t, "out")}
	p.slow.lifted = make(chan struct{})
	c.CreateTopic(t, p.raw, rawPartitions, nil)
	c.CreateTopic(t, p.calls, callPartitions, nil)
	p.plan = p.topology(brokers.Unique(t, "p"))
	return p
}

func (p *people) topology(name string) *task.Topology {
	p.t.Helper()
	raw := stream.NewTopic[stream.Unkeyed](p.raw, codecs.Codec[string](slowTexts{codecs.String(), &p.slow}), nil, stream.Bootstrap())
	rawByName := stream.NewTopic[user](name+"-raw-by-name", codecs.String(), nil)
	calls := stream.NewTopic[stream.Unkeyed](p.calls, codecs.String(), nil)
	callsByName := stream.NewTopic[user](name+"-calls-by-name", codecs.String(), nil)
	out := stream.NewTopic[user](p.out, codecs.String(), nil, stream.Events(0))

	t := stream.New(name)
	rows := stream.UpsertsFrom(t, raw, rawByName, func(record stream.Unkeyed, _ *string) (user, error) { return user(record), nil })
	byName := stream.KeyBy(stream.From(t, calls), callsByName, func(s string) (user, error) { return user(s), nil })
	known := stream.ToTable(rows, tables.New[user](name+"-known", codecs.String()))
	stream.LeftJoinTable(byName, known, func(_ string, row *string) (string, error) {
		if row == nil {
			return "missed", nil
		}
		return "met", nil
	}).To(out)
	p.readers, p.callers, p.joined = name+"-"+p.raw, name+"-"+p.calls, name+"-known"
	topology, err := t.Build()
	if err != nil {
		p.t.Fatal(err)
	}
	return topology.Plan()
}

// add writes n more rows, spread over the partitions.
func (p *people) add(n int) {
	p.t.Helper()
	for part := range slices.Chunk(p.newRows(n), 1000) {
		p.c.ProduceTo(p.t, p.raw, part...)
	}
}

func (p *people) newRows(n int) (rs []brokers.Record) {
	for range n {
		name := fmt.Sprint("n", p.rows)
		rs = append(rs, brokers.Record{Partition: int32(p.rows % rawPartitions), Key: []byte(name), Value: []byte(name)})
		p.rows++
	}
	return rs
}

// addSlow writes n rows into the last partition that take their time to be read.
func (p *people) addSlow(n int) {
	p.t.Helper()
	var rs []brokers.Record
	for i := range n {
		name := fmt.Sprint(slowRow, i)
		rs = append(rs, brokers.Record{Partition: rawPartitions - 1, Key: []byte(name), Value: []byte(name)})
	}
	for part := range slices.Chunk(rs, 1000) {
		p.c.ProduceTo(p.t, p.raw, part...)
	}
}

// call writes calls of n people, those first whose rows come last.
func (p *people) call(n int) {
	p.t.Helper()
	var rs []brokers.Record
	for i := range n {
		rs = append(rs, brokers.Record{Partition: int32(i % callPartitions), Value: fmt.Append(nil, "n", p.rows-1-i)})
		p.called++
	}
	p.c.ProduceTo(p.t, p.calls, rs...)
}

func (p *people) config(change ...func(*engine.Config)) engine.Config {
	return config(p.t, p.c, append(change, func(cfg *engine.Config) { cfg.Partitions = ownPartitions })...)
}

// committed is how many records of a topic a group has committed.
func (p *people) committed(group, topic string) (n int64) {
	p.t.Helper()
	at, err := admin(p.t, p.c).FetchOffsets(p.t.Context(), group)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, o := range at[topic] {
		n += o.At
	}
	return n
}

// answers counts what calls came to.
func (p *people) answers() map[string]int {
	p.t.Helper()
	n := map[string]int{}
	for _, r := range p.c.ReadCommitted(p.t, p.out) {
		n[string(r.Value)]++
	}
	return n
}

func (p *people) check() {
	p.t.Helper()
	if n := p.answers(); n["met"] != p.called || n["missed"] != 0 {
		p.t.Errorf("%d calls came to %v", p.called, n)
	}
	if letters := p.c.ReadCommitted(p.t, p.plan.Dead.Name); len(letters) > 0 {
		p.t.Errorf("%d dead letters, the first: %v", len(letters), letters[0].Headers)
	}
}

func TestAFirstStartMissesNoRow(t *testing.T) {
	for _, instances := range []int{1, 2} {
		t.Run(fmt.Sprint(instances, " instances"), func(t *testing.T) {
			p := newPeople(t, brokers.Embedded(t))
			p.add(6000)
			p.call(2000)
			var first *running
			for i := range instances {
				r := start(t, p.plan, p.config(func(cfg *engine.Config) { cfg.Instance = fmt.Sprint("i", i) }))
				if first == nil {
					first = r
				}
			}
			first.drain()
			p.check()
			p.add(3)
			first.drain()
			p.call(3)
			first.drain()
			p.check()
		})
	}
}

func TestAFirstStartThatIsCutShortMissesNoRow(t *testing.T) {
	const slow = 20_000 // for half a minute
	p := newPeople(t, brokers.Embedded(t))
	p.addSlow(slow)
	p.add(6000)
	p.call(2000)
	cfg := p.config()
	r := start(t, p.plan, cfg)
	waitFor(t, "the other partitions of the table", func() bool {
		return metric(t, cfg.Metrics, "tributary_records_total", p.joined) >= 2*2000 && p.committed(p.callers, p.calls) >= 2000
	})
	if n := p.answers(); len(n) > 0 || p.slow.rows.Load() >= slow {
		t.Errorf("answers before the table is complete, of which %d slow rows were read: %v", p.slow.rows.Load(), n)
	}
	r.cancel()
	close(p.slow.lifted)
	r.stop()
	if n := p.answers(); n["missed"] > 0 {
		t.Errorf("answers at the stop: %v", n)
	}

	cfg.Metrics = engine.NewMetrics()
	r = start(t, p.plan, cfg)
	r.drain()
	p.check()
	r.stop()

	cfg.Metrics, cfg.StateDir = engine.NewMetrics(), t.TempDir() // and without its stores
	p.call(100)
	start(t, p.plan, cfg).drain()
	p.check()
}

func TestAFirstStartDuringWhichPartitionsMoveMissesNoRow(t *testing.T) {
	const slow = 20_000
	p := newPeople(t, brokers.Embedded(t))
	p.addSlow(slow)
	p.add(6000)
	p.call(2000)
	cfg := p.config()
	first := start(t, p.plan, cfg)
	waitFor(t, "the other partitions of the table", func() bool {
		return metric(t, cfg.Metrics, "tributary_records_total", p.joined) >= 2*2000
	})
	second := start(t, p.plan, p.config(func(cfg *engine.Config) { cfg.Instance = "b" }))
	even := fmt.Sprint(map[string]int{p.joined + "-a": 2, p.joined + "-b": 2})
	waitFor(t, "an even share", func() bool {
		return fmt.Sprint(shares(t, admin(t, p.c), p.joined, p.plan.Groups[0].Outputs[0].Name)) == even && first.Ready() == nil && second.Ready() == nil
	})
	if n := p.answers(); len(n) > 0 || p.slow.rows.Load() >= slow {
		t.Errorf("answers before the table is complete, of which %d slow rows were read: %v", p.slow.rows.Load(), n)
	}
	close(p.slow.lifted)
	first.drain()
	p.check()
}

func TestATableWithoutARowHoldsNoCallBack(t *testing.T) {
	p := newPeople(t, brokers.Embedded(t))
	p.c.ProduceTo(t, p.calls, brokers.Record{Value: []byte("nobody")})
	start(t, p.plan, p.config()).drain()
	if n := p.answers(); n["missed"] != 1 {
		t.Errorf("answers %v", n)
	}
}
