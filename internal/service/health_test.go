package service

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestHealthzSaysThatTheProcessIsAliveWhateverItsChecks(t *testing.T) {
	health := NewHealth()
	health.Check("table", func() error { return errors.New("catching up") })
	w := ask(health.Wrap(nil), "GET", "/healthz")
	if w.Code != 200 || w.Body.String() != `{"status":"ok"}`+"\n" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestReadyzNamesEachCheckAndWhatIsWaitedFor(t *testing.T) {
	health := NewHealth()
	handler := health.Wrap(nil)
	if w := ask(handler, "GET", "/readyz"); w.Code != 200 {
		t.Fatalf("without checks: %d", w.Code)
	}
	var waiting error = errors.New("partition 3 is 1200 records behind")
	health.Check("table coupons", func() error { return waiting })
	health.Check("table alerts", func() error { return nil })
	w := ask(handler, "GET", "/readyz")
	want := `{"ready":false,"checks":[{"name":"table coupons","ready":false,"reason":"partition 3 is 1200 records behind"},{"name":"table alerts","ready":true}]}`
	if w.Code != 503 || strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Retry-After") == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	waiting = nil
	if w := ask(handler, "GET", "/readyz"); w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"ready":true,`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestMetricsShowTheRegistryAndTheRuntime(t *testing.T) {
	health := NewHealth()
	records := prometheus.NewCounter(prometheus.CounterOpts{Name: "records_total", Help: "Records."})
	health.Registry().MustRegister(records)
	records.Add(7)
	w := ask(health.Wrap(nil), "GET", "/metrics")
	for _, want := range []string{"records_total 7\n", "go_goroutines ", "process_start_time_seconds "} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d, without %q", w.Code, want)
		}
	}
}

func TestOtherPathsGoToTheNextHandlerUntouched(t *testing.T) {
	seen := ""
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.URL.EscapedPath() })
	ask(NewHealth().Wrap(next), "GET", "/v1/tables/t/a%2F..//../b")
	if seen != "/v1/tables/t/a%2F..//../b" {
		t.Fatalf("got %q", seen)
	}
}

func TestWithoutANextHandlerOtherPathsAreNotFoundAsJSON(t *testing.T) {
	w := ask(NewHealth().Wrap(nil), "GET", "/nowhere")
	var body map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 404 || body["error"] != "unknown_path" {
		t.Fatalf("%d %s (%v)", w.Code, w.Body, err)
	}
}

func TestOnlyGETAndHEADAreAllowed(t *testing.T) {
	handler := NewHealth().Wrap(nil)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if w := ask(handler, "HEAD", path); w.Code != 200 {
			t.Errorf("HEAD %s: %d", path, w.Code)
		}
		w := ask(handler, "POST", path)
		if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %d, allow %q", path, w.Code, w.Header().Get("Allow"))
		}
	}
}
