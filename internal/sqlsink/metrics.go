package sqlsink

import "github.com/prometheus/client_golang/prometheus"

// Metrics are a sink's figures. It is a prometheus.Collector: who wants to see them registers it.
type Metrics struct {
	records, upserts, deletes, letters, retries, sessions, reconciled *prometheus.CounterVec

	seconds *prometheus.HistogramVec
	lag     *prometheus.GaugeVec
}

// NewMetrics makes metrics that nobody sees yet.
func NewMetrics() *Metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"table"})
	}
	return &Metrics{
		records:    counter("tributary_sql_records_total", "Records whose positions are committed."),
		upserts:    counter("tributary_sql_upserts_total", "Rows inserted or updated."),
		deletes:    counter("tributary_sql_deletes_total", "Rows deleted for tombstones."),
		letters:    counter("tributary_sql_dead_letters_total", "Records that could not be written to the table."),
		retries:    counter("tributary_sql_retries_total", "Transactions that were tried again."),
		sessions:   counter("tributary_sql_restarts_total", "Sessions that ended in an error."),
		reconciled: counter("tributary_sql_reconciled_rows_total", "Rows deleted because the topic does not have them."),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_sql_transaction_seconds", Help: "From the first try of a transaction to its commit.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"table"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tributary_sql_lag_records", Help: "Offsets between the position and the last visible record.",
		}, []string{"table", "partition"}),
	}
}

func (m *Metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.records, m.upserts, m.deletes, m.letters, m.retries, m.sessions, m.reconciled, m.seconds, m.lag}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(c chan<- *prometheus.Desc) {
	for _, x := range m.all() {
		x.Describe(c)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(c chan<- prometheus.Metric) {
	for _, x := range m.all() {
		x.Collect(c)
	}
}

// begin makes a table's counters appear with 0.
func (m *Metrics) begin(table string) {
	for _, x := range []*prometheus.CounterVec{m.records, m.upserts, m.deletes, m.letters, m.retries, m.sessions, m.reconciled} {
		x.WithLabelValues(table)
	}
}
