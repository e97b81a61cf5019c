package service

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health answers /healthz, /readyz and /metrics for a process. It is safe for
// concurrent use.
type Health struct {
	registry *prometheus.Registry
	metrics  http.Handler

	mu     sync.Mutex
	checks []check
}

type check struct {
	name  string
	ready func() error
}

// NewHealth has no checks, and a registry of its own with the collectors of
// the Go runtime and the process.
func NewHealth() *Health {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	) // a new registry refuses neither
	return &Health{
		registry: registry,
		metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{
			MaxRequestsInFlight: 8,
			Timeout:             10 * time.Second,
		}),
	}
}

// Registry is what /metrics shows: give it to those who register metrics.
func (h *Health) Registry() *prometheus.Registry { return h.registry }

// Check adds a condition of readiness. ready returns nil, or what is still
// waited for; it is called for each request to /readyz and does not block.
func (h *Health) Check(name string, ready func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, check{name, ready})
}

// Wrap answers the three paths and hands every other request to next, its path
// untouched. Without a next there is nothing else.
func (h *Health) Wrap(next http.Handler) http.Handler {
	if next == nil {
		next = http.HandlerFunc(nothingElse)
	}
	own := map[string]http.Handler{
		"/healthz": http.HandlerFunc(h.alive),
		"/readyz":  http.HandlerFunc(h.ready),
		"/metrics": h.metrics,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, found := own[r.URL.Path]
		switch {
		case !found:
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			refuseMethod(w, r)
		default:
			handler.ServeHTTP(w, r)
		}
	})
}

// alive says that the process can answer, and nothing about its work.
func (h *Health) alive(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}
