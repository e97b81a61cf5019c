package lookup_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

func TestRequestsAreCountedByRouteAndCode(t *testing.T) {
	registry := prometheus.NewRegistry()
	table := lookuptest.New("t", 1)
	table.Put("k", "1")
	h := handler(t, lookup.Config{Tables: []lookup.Table{table}, Metrics: registry})
	for _, target := range []string{"/v1/tables/t/k", "/v1/tables/t/k", "/v1/tables/t/none", "/nowhere/at/all", "/v1/tables/t?limit=x"} {
		get(h, target)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, family := range families {
		if family.GetName() != "tributary_lookup_request_duration_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			got[labels["route"]+" "+labels["code"]] = metric.GetHistogram().GetSampleCount()
		}
	}
	for labels, want := range map[string]uint64{
		"/v1/tables/{table}/{key} 200": 2, "/v1/tables/{table}/{key} 404": 1, "/v1/tables/{table} 400": 1, "other 404": 1,
	} {
		if got[labels] != want {
			t.Errorf("%s: %d, want %d", labels, got[labels], want)
		}
	}
}

func TestTheMetricsFollowTheConventions(t *testing.T) {
	registry := prometheus.NewRegistry()
	get(handler(t, lookup.Config{Metrics: registry}), "/v1/tables")
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestMetricsThatAreRegisteredAlreadyAreAnError(t *testing.T) {
	registry := prometheus.NewRegistry()
	handler(t, lookup.Config{Metrics: registry})
	if _, err := lookup.New(lookup.Config{Metrics: registry}); err == nil || !strings.Contains(err.Error(), "register the metrics") {
		t.Errorf("got %v", err)
	}
}
