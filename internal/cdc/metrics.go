package cdc

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// behind is from which age of its position on a capture counts as not ready.
const behind = time.Minute

// Metrics tell how a capture is doing. They outlive its runs.
type Metrics struct {
	rows, commits, restarts, snapshotRows prometheus.Counter
	commitSeconds                         prometheus.Histogram
	snapshotDone, positionTime            prometheus.Gauge

	mu       sync.Mutex
	position Position // committed last
	known    bool
}

// NewMetrics makes those of a capture with this name.
func NewMetrics(capture string) *Metrics {
	labels := prometheus.Labels{"capture": capture}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	}
	return &Metrics{
		rows:         counter("tributary_cdc_records_total", "Records written and committed, tombstones included."),
		commits:      counter("tributary_cdc_commits_total", "Transactions committed."),
		restarts:     counter("tributary_cdc_restarts_total", "Runs that ended in an error."),
		snapshotRows: counter("tributary_cdc_snapshot_rows_total", "Rows of the snapshot written and committed."),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tributary_cdc_commit_seconds", Help: "Duration of a transaction.", ConstLabels: labels,
			Buckets: []float64{.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20},
		}),
		snapshotDone: gauge("tributary_cdc_snapshot_done", "1 when the topic holds the whole table."),
		positionTime: gauge("tributary_cdc_position_seconds", "Time up to which the table has been captured, in seconds since 1970."),
	}
}

func (m *Metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.rows, m.commits, m.restarts, m.snapshotRows, m.commitSeconds, m.snapshotDone, m.positionTime}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(to)
	}
}

// Restarted counts a run that ended in an error.
func (m *Metrics) Restarted() { m.restarts.Inc() }

// Resumed notes the position that a run goes on from.
func (m *Metrics) Resumed(p Position) { m.note(p) }

func (m *Metrics) committed(p Position, rows int, took time.Duration) {
	m.mu.Lock()
	before := m.position.Snapshot.Rows
	m.mu.Unlock()
	m.rows.Add(float64(rows))
	m.commits.Inc()
	m.commitSeconds.Observe(took.Seconds())
	m.snapshotRows.Add(float64(max(0, p.Snapshot.Rows-before)))
	m.note(p)
}

func (m *Metrics) note(p Position) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.position, m.known = p, true
	m.positionTime.Set(float64(p.Time.UnixMilli()) / 1000)
	m.snapshotDone.Set(0)
	if p.Snapshot.Done {
		m.snapshotDone.Set(1)
	}
}

// Ready is nil when the topic holds the whole table as it was a minute ago or later; else what is waited for.
func (m *Metrics) Ready() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch age := time.Since(m.position.Time); {
	case !m.known:
		return fmt.Errorf("the capture has not begun")
	case !m.position.Snapshot.Done:
		return fmt.Errorf("the snapshot is being made: %d rows so far", m.position.Snapshot.Rows)
	case age > behind:
		return fmt.Errorf("captured up to %s, %s ago", m.position.Time.UTC().Format(time.RFC3339), age.Round(time.Second))
	}
	return nil
}
