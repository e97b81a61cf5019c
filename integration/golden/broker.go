package golden

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// OnBroker runs topologies with the engine of production. What a look-up answers must be what a replay of the
// result topic gives.
type OnBroker struct {
	Label   string
	Cluster func(testing.TB) brokers.Cluster
}

// Name implements Engine.
func (b OnBroker) Name() string { return b.Label }

// Run implements Engine.
func (b OnBroker) Run(tb TB, topology *stream.Topology, inputs []Input, o Options) Output {
	tb.Helper()
	t, ok := tb.(testing.TB)
	if !ok {
		tb.Fatalf("engine %s needs a testing.TB", b.Label)
	}
	r := &brokerRun{t: t, cluster: b.Cluster(t), plan: topology.Plan(), names: map[string]string{}}
	r.rename()
	r.createInputs(int32(o.Partitions))
	if len(o.Waiting) > 0 { // and so do the inputs
		r.feed(inputs)
		r.feed(o.Waiting)
		inputs = nil
	}
	stop := r.start()
	defer stop()
	r.feed(inputs)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := r.engine.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if !o.Until.IsZero() { // time gets to partitions without records a moment later
		r.awaitTime(ctx, o)
		if err := r.engine.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return r.collect()
}

// awaitTime waits until all tasks with timers have reached a time.
func (r *brokerRun) awaitTime(ctx context.Context, o Options) {
	r.t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(r.metrics)
	for {
		families, err := registry.Gather()
		if err != nil {
			r.t.Fatal(err)
		}
		there := map[string]int{} // group: tasks
		for _, f := range families {
			if f.GetName() != "tributary_watermark_seconds" {
				continue
			}
			for _, x := range f.Metric {
				if x.GetGauge().GetValue() < float64(o.Until.Unix()) {
					continue
				}
				for _, l := range x.Label {
					if l.GetName() == "group" {
						there[l.GetValue()]++
					}
				}
			}
		}
		if !slices.ContainsFunc(r.plan.Groups, func(g *task.Group) bool { return len(g.Timers) > 0 && there[g.Name] < o.Partitions }) {
			return
		}
		select {
		case <-ctx.Done():
			r.t.Fatalf("tasks that have reached %s: %v, and not all of %d per group", o.Until, there, o.Partitions)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// brokerRun is one case on a broker, under names of its own, since other cases may be on it too.
type brokerRun struct {
	t       testing.TB
	cluster brokers.Cluster
	plan    *task.Topology
	names   map[string]string // name here -> declared name
	engine  *engine.Engine
	metrics *engine.Metrics
	conn    client.Connection
}

// rename gives every topic, table and group of the plan a name that no other case has.
func (r *brokerRun) rename() {
	prefix := brokers.Unique(r.t, "g") + "."
	mine := func(name *string) {
		r.names[prefix+*name] = *name
		*name = prefix + *name
	}
	for _, x := range r.plan.Topics {
		mine(&x.Name)
		for i := range x.Writers {
			x.Writers[i] = prefix + x.Writers[i]
		}
		for i := range x.Readers {
			x.Readers[i] = prefix + x.Readers[i]
		}
	}
	for _, g := range r.plan.Groups {
		g.Name = prefix + g.Name
		if g.Table != nil {
			mine(&g.Table.Name)
		}
	}
	r.plan.Name = prefix + r.plan.Name
}

func (r *brokerRun) here(declared string) string {
	for name, d := range r.names {
		if d == declared {
			return name
		}
	}
	r.t.Fatalf("topic %s is not part of the topology", declared)
	return ""
}

func (r *brokerRun) createInputs(partitions int32) {
	for _, x := range r.plan.Topics {
		if x.Kind == task.External {
			r.cluster.CreateTopic(r.t, x.Name, partitions, nil)
		}
	}
}

func (r *brokerRun) start() (stop func()) {
	dir, err := os.MkdirTemp("", "tributary-golden-")
	if err != nil {
		r.t.Fatal(err)
	}
	r.conn = client.Connection{Brokers: r.cluster.Brokers()}
	ctx, cancel := context.WithCancel(context.Background())
	r.metrics = engine.NewMetrics()
	r.engine, err = engine.Open(ctx, r.plan, engine.Config{Connection: r.conn, Metrics: r.metrics, Instance: "golden", StateDir: dir, IdleAfter: time.Second})
	if err != nil {
		cancel()
		r.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.engine.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
		if err := r.engine.Close(); err != nil {
			r.t.Error(err)
		}
		os.RemoveAll(dir)
	}
}

func (r *brokerRun) feed(inputs []Input) {
	byTopic := map[string][]brokers.Record{}
	for _, in := range inputs {
		rec := brokers.Record{Value: in.Value}
		if in.Key != "" {
			rec.Key = []byte(in.Key)
		}
		byTopic[in.Topic] = append(byTopic[in.Topic], rec)
	}
	for topic, rs := range byTopic {
		for part := range slices.Chunk(rs, 1000) { // fits into one batch
			r.cluster.Produce(r.t, r.here(topic), part...)
		}
	}
}

func (r *brokerRun) collect() Output {
	out := Output{Tables: map[string]map[string][]byte{}, State: map[string]map[string][]byte{}}
	for _, x := range r.plan.Topics {
		if x.Kind != task.Result || !x.Compacted {
			continue
		}
		rows := map[string][]byte{}
		for _, rec := range r.cluster.ReadDecided(r.t, x.Name) {
			rows[string(rec.Key)] = rec.Value
			if len(rec.Value) == 0 {
				delete(rows, string(rec.Key))
			}
		}
		r.compareLookup(x.Name, rows)
		out.Tables[r.names[x.Name]] = rows
	}
	for _, g := range r.plan.Groups {
		if g.Table == nil {
			continue
		}
		s := newState(g.Table)
		for _, rec := range r.cluster.ReadDecided(r.t, g.Table.Topic()) {
			if err := s.apply(rec.Key, rec.Value); err != nil {
				r.t.Error(err)
			}
		}
		out.State[r.names[g.Table.Name]] = s.rows
		if slices.ContainsFunc(g.Inputs, func(in *task.Input) bool { return in.Topic.Bootstrap }) { // a dimension is asked for
			r.compareLookup(g.Table.Name, s.rows)
		}
	}
	for _, rec := range r.cluster.ReadDecided(r.t, r.plan.Dead.Name) {
		out.DeadLetters = append(out.DeadLetters, DeadLetter{r.names[rec.Headers[task.HeaderTopic]], rec.Value, rec.Headers[task.HeaderReason]})
	}
	return out
}

// compareLookup asks a look-up for the whole table.
func (r *brokerRun) compareLookup(topic string, want map[string][]byte) {
	specs, err := view.Named(view.Specs(r.plan), []string{topic})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	views, err := view.Open(ctx, r.conn, specs, true, nil)
	if err != nil {
		cancel()
		r.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = views.Run(ctx) }()
	defer func() { cancel(); <-ended; views.Close() }()
	h, err := lookup.New(lookup.Config{Tables: views.Tables()})
	if err != nil {
		r.t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); views.Ready() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal(views.Ready())
		}
	}
	got := r.lookUpAll(h, topic)
	if len(got) != len(want) {
		r.t.Errorf("table %s: the look-up knows %d rows, a replay of the topic gives %d", topic, len(got), len(want))
	}
	for k, v := range want {
		if string(got[k]) != string(v) {
			r.t.Errorf("table %s, key %s: the look-up answers %s, a replay of the topic gives %s", topic, k, got[k], v)
		}
	}
}

func (r *brokerRun) lookUpAll(h http.Handler, table string) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	for cursor := ""; ; {
		w := httptest.NewRecorder()
		q := url.Values{"limit": {"1000"}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/v1/tables/%s?%s", url.PathEscape(table), q.Encode()), nil))
		var page struct {
			Rows []struct {
				Key   string          `json:"key"`
				Value json.RawMessage `json:"value"`
			} `json:"rows"`
			Cursor *string `json:"cursor"`
		}
		if w.Code != http.StatusOK {
			r.t.Fatalf("look-up of table %s: %d %s", table, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			r.t.Fatal(err)
		}
		for _, row := range page.Rows {
			all[row.Key] = row.Value
		}
		if page.Cursor == nil {
			return all
		}
		cursor = *page.Cursor
	}
}
