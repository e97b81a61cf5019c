package engine

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tributary-go/tributary/internal/task"
)

// Metrics are the engine's Prometheus metrics; register them where the process keeps its registry.
type Metrics struct {
	lives   *prometheus.CounterVec
	commits *prometheus.HistogramVec

	mu     sync.Mutex
	groups []*group
}

// NewMetrics makes the metrics of one process.
func NewMetrics() *Metrics {
	return &Metrics{
		lives: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_restarts_total", Help: "Times that a group started over from what is committed, after an error."}, []string{"group"}),
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_commit_seconds", Help: "Duration of transactions.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 5, 30}}, []string{"group"}),
	}
}

func (m *Metrics) register(g *group) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups = append(m.groups, g)
}

// counters of a group, and where they are counted.
var counters = []struct {
	desc *prometheus.Desc
	of   func(*task.Counters) int64
}{
	{describe("tributary_records_total", "Records taken in."), func(c *task.Counters) int64 { return c.Records.Load() }},
	{describe("tributary_dead_letters_total", "Records that became dead letters."), func(c *task.Counters) int64 { return c.DeadLetters.Load() }},
	{describe("tributary_late_total", "Dead letters that came too late."), func(c *task.Counters) int64 { return c.Late.Load() }},
	{describe("tributary_behind_advance_total", "Events that came behind time that had gone on without records: late, or nearly so, because of that."), func(c *task.Counters) int64 { return c.Behind.Load() }},
	{describe("tributary_skipped_total", "Records without effect: empty values on event topics, and what a topology skips."), func(c *task.Counters) int64 { return c.Skipped.Load() }},
	{describe("tributary_expired_rows_total", "Rows forgotten after their retention."), func(c *task.Counters) int64 { return c.Expired.Load() }},
	{describe("tributary_timers_total", "Timers fired."), func(c *task.Counters) int64 { return c.Timers.Load() }},
	{describe("tributary_repeated_total", "Records skipped because the table held them already, though no offset was committed for them; should be 0."), func(c *task.Counters) int64 { return c.Repeated.Load() }},
	{describe("tributary_orphans_total", "Retractions of something that the table no longer held; should be 0."), func(c *task.Counters) int64 { return c.Orphans.Load() }},
	{describe("tributary_dropped_total", "Runs of patterns that a declared limit ended."), func(c *task.Counters) int64 { return c.Dropped.Load() }},
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"group"}, nil)
}

var (
	watermarkDesc = prometheus.NewDesc("tributary_watermark_seconds", "Event time up to which a task has seen everything, as Unix time.", []string{"group", "partition"}, nil)
	recoveryDesc  = prometheus.NewDesc("tributary_recovery_seconds", "Time that the stores of the current session took to catch up with their changelogs, side by side.", []string{"group"}, nil)
	recoveredDesc = prometheus.NewDesc("tributary_recovery_bytes", "Keys and values read for that.", []string{"group"}, nil)
	fallbackDesc  = prometheus.NewDesc("tributary_decode_fallbacks_total", "Values that were not of the usual form and took the decoder's long way.", []string{"group", "topic"}, nil)
	foundDesc     = prometheus.NewDesc("tributary_rule_results_total", "Results of the versions of rules that came as data. Those of a shadow are counted and not written.", []string{"group", "rule", "version", "state"}, nil)
	openDesc      = prometheus.NewDesc("tributary_open_records", "Records processed and not committed yet.", []string{"group"}, nil)
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.lives.Describe(ch)
	m.commits.Describe(ch)
	for _, c := range counters {
		ch <- c.desc
	}
	ch <- watermarkDesc
	ch <- openDesc
	ch <- foundDesc
	ch <- fallbackDesc
	ch <- recoveryDesc
	ch <- recoveredDesc
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.lives.Collect(ch)
	m.commits.Collect(ch)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, g := range m.groups {
		for _, c := range counters {
			ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.of(&g.counters)), g.plan.Name)
		}
		g.counters.Found.Each(func(by task.FoundBy, n int64) {
			ch <- prometheus.MustNewConstMetric(foundDesc, prometheus.CounterValue, float64(n), g.plan.Name, by.Rule, strconv.Itoa(by.Version), by.State)
		})
		g.collectFallbacks(ch)
		g.collectTasks(ch)
	}
}

func (g *group) collectFallbacks(ch chan<- prometheus.Metric) {
	for _, in := range g.plan.Inputs {
		if in.Topic.Fallbacks != nil {
			ch <- prometheus.MustNewConstMetric(fallbackDesc, prometheus.CounterValue, float64(in.Topic.Fallbacks()), g.plan.Name, in.Topic.Name)
		}
	}
}

func (g *group) collectTasks(ch chan<- prometheus.Metric) {
	l := g.life.Load()
	if l == nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(openDesc, prometheus.GaugeValue, float64(l.open.Load()), g.plan.Name)
	if took, bytes, ok := g.recovery.done(); ok {
		ch <- prometheus.MustNewConstMetric(recoveryDesc, prometheus.GaugeValue, took.Seconds(), g.plan.Name)
		ch <- prometheus.MustNewConstMetric(recoveredDesc, prometheus.GaugeValue, float64(bytes), g.plan.Name)
	}
	for _, w := range l.all() {
		w.mu.Lock()
		wm, _ := w.task.Watermark()
		w.mu.Unlock()
		if wm != task.NoTime {
			ch <- prometheus.MustNewConstMetric(watermarkDesc, prometheus.GaugeValue, float64(wm)/1000, g.plan.Name, strconv.Itoa(int(w.task.Partition)))
		}
	}
}
