package lookup_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

// handler serves tables and fails the test on an answer that the OpenAPI
// document does not have.
func handler(t *testing.T, config lookup.Config) http.Handler {
	t.Helper()
	h, err := lookup.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return documented(t, h)
}

// ofTable serves one table with defaults.
func ofTable(t *testing.T, table lookup.Table) http.Handler {
	return handler(t, lookup.Config{Tables: []lookup.Table{table}})
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	return request(h, "GET", target)
}

func request(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// decode reads a JSON answer.
func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var body T
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return body
}

type failed struct{ Error, Message string }

// wantFailure checks an answer's status and code, and that its message has a text.
func wantFailure(t *testing.T, w *httptest.ResponseRecorder, status int, code, text string) {
	t.Helper()
	body := decode[failed](t, w)
	if w.Code != status || body.Error != code || !strings.Contains(body.Message, text) {
		t.Errorf("got %d %s %q; want %d %s with %q", w.Code, body.Error, body.Message, status, code, text)
	}
}

// oddKeys are keys that paths, queries and event streams could trip over.
var oddKeys = []string{
	"plain", "a/b", "/", "//", "a//b", "..", ".", "../..", "%", "%2F", "%zz", "a b", "a+b", "a|b", "a?b#c", "a&b=c;d",
	"watch/", "watching", "日本語", "é", "e\u0301", "\u2028", "\ufeff", "line\nbreak", "tab\t", "\r\n\r\ndata: x", "\x7f", "\x01",
	`"quoted"`, `back\slash`, "<script>", "{table}", "null", strings.Repeat("x", 2000), "🙂",
}

func withOddKeys(t *testing.T) *lookuptest.Table {
	t.Helper()
	table := lookuptest.New("odd", 3)
	for i, key := range oddKeys {
		value, err := json.Marshal(map[string]any{"n": i, "key": key})
		if err != nil {
			t.Fatal(err)
		}
		table.Put(key, string(value))
	}
	return table
}
