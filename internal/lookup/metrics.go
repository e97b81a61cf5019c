package lookup

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	duration *prometheus.HistogramVec // route, code
	waiting  prometheus.Gauge
	watchers *prometheus.GaugeVec   // table
	dropped  *prometheus.CounterVec // table
	events   *prometheus.CounterVec // table
}

// newMetrics makes the metrics and registers them where asked to.
func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	perTable := []string{"table"}
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tributary_lookup_request_duration_seconds",
			Help:    "Time from a request to the status of its answer, waiting for min_position included.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"route", "code"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tributary_lookup_waiting_requests", Help: "Requests that wait for their min_position now."}),
		watchers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tributary_lookup_watchers", Help: "Watchers of a table now."}, perTable),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_lookup_watchers_dropped_total", Help: "Watchers closed because they were too slow."}, perTable),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_lookup_watch_events_total", Help: "Events sent to watchers."}, perTable),
	}
	if registerer == nil {
		return m, nil
	}
	return m, m.register(registerer)
}

func (m *metrics) register(registerer prometheus.Registerer) error {
	var all error
	for _, c := range []prometheus.Collector{m.duration, m.waiting, m.watchers, m.dropped, m.events} {
		all = errors.Join(all, registerer.Register(c))
	}
	if all != nil {
		return fmt.Errorf("lookup: register the metrics: %w", all)
	}
	return nil
}

// observer notes the time until the status of an answer is known. What comes
// after it takes as long as the client does, for a watch for ever.
type observer struct {
	http.ResponseWriter
	metrics *metrics
	route   string
	start   time.Time
}

// WriteHeader is called once by every answer of this package.
func (o *observer) WriteHeader(status int) {
	o.metrics.duration.WithLabelValues(o.route, strconv.Itoa(status)).Observe(time.Since(o.start).Seconds())
	o.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the flush and the deadlines.
func (o *observer) Unwrap() http.ResponseWriter { return o.ResponseWriter }
