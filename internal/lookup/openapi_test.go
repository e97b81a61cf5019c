package lookup_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/service"
)

type document struct {
	Paths map[string]struct {
		Get struct {
			Parameters []struct {
				Name string `json:"name"`
				Ref  string `json:"$ref"`
			} `json:"parameters"`
			Responses map[string]json.RawMessage `json:"responses"`
		} `json:"get"`
	} `json:"paths"`
}

func theDocument(t *testing.T) document {
	t.Helper()
	h, err := lookup.New(lookup.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return decode[document](t, get(h, "/openapi.json"))
}

// has says whether the document knows a status of a route. What is no route at
// all is 404.
func (d document) has(route string, status int) bool {
	if route == "other" {
		return status == http.StatusNotFound
	}
	_, found := d.Paths[route].Get.Responses[strconv.Itoa(status)]
	return found
}

// documented fails the test when an answer is not in the document.
func documented(t *testing.T, h http.Handler) http.Handler {
	d := theDocument(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w}
		h.ServeHTTP(seen, r)
		if route := lookup.RouteOf(r); !d.has(route, seen.status) {
			t.Errorf("%s %s: status %d of route %s is not in the OpenAPI document", r.Method, r.URL, seen.status, route)
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	got := slices.Sorted(maps.Keys(theDocument(t).Paths))
	want := slices.Sorted(slices.Values(append(lookup.Routes(), "/healthz", "/readyz", "/metrics")))
	if !slices.Equal(got, want) {
		t.Errorf("the document has %v, the server %v", got, want)
	}
}

func TestEveryDocumentedPathLeadsToItsRoute(t *testing.T) {
	h := service.NewHealth().Wrap(ofTable(t, patterned("t", "p")))
	filled := strings.NewReplacer("{table}", "t", "{key}", "k", "{pattern}", "p")
	for path := range theDocument(t).Paths {
		if w := request(h, "HEAD", filled.Replace(path)); w.Code != 200 && path != "/v1/tables/{table}/{key}" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestEveryDocumentedParameterIsKnownAndNoOther(t *testing.T) {
	h := ofTable(t, patterned("t", "p"))
	filled := strings.NewReplacer("{table}", "t", "{key}", "k", "{pattern}", "p")
	for path, item := range theDocument(t).Paths {
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		var want []string
		for _, parameter := range item.Get.Parameters {
			want = append(want, parameter.Name+strings.TrimPrefix(parameter.Ref, "#/components/parameters/"))
		}
		message := decode[failed](t, get(h, filled.Replace(path)+"?nonsense=1")).Message
		_, list, _ := strings.Cut(message, "known are ")
		got := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: the server knows %v, the document %v", path, got, want)
		}
	}
}
