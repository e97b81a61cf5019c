package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

// TestEveryDocumentedStatusIsGiven holds the document to the server from the
// other side: nothing in it is only promised.
func TestEveryDocumentedStatusIsGiven(t *testing.T) {
	fine, failing, busy := lookuptest.New("fine", 2), lookuptest.New("failing", 2), lookuptest.New("busy", 2)
	fine.Put("k", "1")
	failing.Fail(errors.New("disk on fire"))
	busy.SetReady(false)
	runs, broken, late := patterned("runs", "p", "twice"), patterned("broken", "broken", "twice"), patterned("late", "late")
	runs.Put("other", `{"open":[{"name":"p","fingerprint":"f","known":false,"runs":[]}]}`)
	broken.Fail(errors.New("disk on fire"))
	late.SetReady(false)
	h := handler(t, lookup.Config{Tables: []lookup.Table{fine, failing, busy, runs, broken, late}})
	given := map[string][]string{}
	ask := func(method, target string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if strings.HasSuffix(target, "/watch") {
			cancel() // the watch ends once it has begun
		}
		r := httptest.NewRequestWithContext(ctx, method, target, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		route := lookup.RouteOf(r)
		given[route] = append(given[route], strconv.Itoa(w.Code))
	}
	for _, path := range []string{"/", "/openapi.json", "/v1/tables"} {
		ask("GET", path)
		ask("GET", path+"?x=1")
		ask("POST", path)
	}
	for _, path := range []string{"", "/k", "/watch"} {
		ask("GET", "/v1/tables/fine"+path)
		ask("GET", "/v1/tables/fine"+path+"?x=1")
		ask("GET", "/v1/tables/none"+path)
		ask("PUT", "/v1/tables/fine"+path)
		ask("GET", fmt.Sprintf("/v1/tables/fine%s?min_position=%d:9&wait=0s", path, fine.PartitionOf("k")))
		ask("GET", "/v1/tables/failing"+path)
		ask("GET", "/v1/tables/busy"+path)
	}
	for _, path := range []string{"p/k", "p/k?x=1", "twice/k", "none/k", "p/other", "broken/k", "late/k", fmt.Sprintf("p/k?min_position=%d:9&wait=0s", runs.PartitionOf("k"))} {
		ask("GET", "/v1/cep/"+path)
	}
	ask("PUT", "/v1/cep/p/k")
	d := theDocument(t)
	for _, route := range lookup.Routes() {
		for status := range d.Paths[route].Get.Responses {
			if !slices.Contains(given[route], status) {
				t.Errorf("%s: no request was answered %s, only %v", route, status, given[route])
			}
		}
	}
}

func TestAMalformedRequestIsToldWhatIsWrong(t *testing.T) {
	h := ofTable(t, lookuptest.New("t", 2))
	for target, want := range map[string]string{
		"/v1/tables/t?limit=0":                    `limit is "0": a whole number from 1 to 1000`,
		"/v1/tables/t?limit=1001":                 `limit is "1001"`,
		"/v1/tables/t?limit=":                     `limit is ""`,
		"/v1/tables/t?limit=1e2":                  `limit is "1e2"`,
		"/v1/tables/t?limit=1&limit=2":            "parameter limit is given 2 times",
		"/v1/tables/t?limits=1":                   `parameter "limits" is not known here: known are prefix, limit, cursor`,
		"/v1/tables/t?prefix=%zz":                 "the query is malformed",
		"/v1/tables/t?prefix=a;limit=1":           "the query is malformed",
		"/v1/tables/t?prefix=%ff":                 "parameter prefix is not valid UTF-8",
		"/v1/tables/t?prefix=a%00":                "parameter prefix contains 0x00",
		"/v1/tables/t?cursor=!":                   `cursor is "!", which no answer gave`,
		"/v1/tables/t?cursor=AA":                  "the cursor contains 0x00",
		"/v1/tables/t?cursor=_w":                  "the cursor is not valid UTF-8",
		"/v1/tables/t?cursor=YQ&prefix=b":         `cursor belongs to another prefix than "b"`,
		"/v1/tables/t?min_position=0":             `min_position is malformed: "0" is not partition:offset`,
		"/v1/tables/t?min_position=2:1":           "min_position names partition 2: table t has 2, from 0",
		"/v1/tables/t?wait=5":                     `wait is "5": a duration from 0s to 30s`,
		"/v1/tables/t?wait=-1s":                   `wait is "-1s"`,
		"/v1/tables/t?wait=31s":                   `wait is "31s"`,
		"/v1/tables/t/":                           "the key is empty",
		"/v1/tables/t/%ff":                        "the key is not valid UTF-8",
		"/v1/tables/t/a%00b":                      "the key contains 0x00",
		"/v1/tables/%ff":                          "the table is not valid UTF-8",
		"/v1/tables/t/k?limit=1":                  `parameter "limit" is not known here: known are min_position, wait`,
		"/v1/tables?limit=1":                      `parameter "limit" is not known here: there are none`,
		"/openapi.json?pretty":                    `parameter "pretty" is not known here`,
		"/v1/tables/t/watch?key=":                 "key is empty",
		"/v1/tables/t/watch?key=a&prefix=b":       "key and prefix are both given",
		"/v1/tables/t/watch?key=a&prefix=":        "key and prefix are both given",
		"/v1/tables/t/watch?min_position=1:2,1:3": "partition 1 follows partition 1",
	} {
		t.Run(target, func(t *testing.T) {
			wantFailure(t, get(h, target), http.StatusBadRequest, "bad_request", want)
		})
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	h := ofTable(t, lookuptest.New("t", 2))
	for _, path := range []string{"/v1", "/v1/", "/v1/tables/", "/v1/tablest", "/index.html", "/v2/tables", "//"} {
		wantFailure(t, get(h, "http://x"+path), http.StatusNotFound, "unknown_path", "see /openapi.json")
	}
	for _, path := range []string{"", "/k", "/watch", "/"} {
		if path == "/" {
			continue // an empty key is malformed before its table is unknown
		}
		wantFailure(t, get(h, "/v1/tables/no%20such"+path), http.StatusNotFound, "unknown_table", `no table is called "no such": see /v1/tables`)
	}
	wantFailure(t, get(h, "/v1/tables/t/a%20b"), http.StatusNotFound, "unknown_key", `table t has no row with key "a b"`)
}

func TestOnlyGETAndHEADAreAllowed(t *testing.T) {
	h := ofTable(t, lookuptest.New("t", 1))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} {
		w := request(h, method, "/v1/tables/t/k")
		wantFailure(t, w, http.StatusMethodNotAllowed, "method_not_allowed", method+" is not allowed")
		if got := w.Header().Get("Allow"); got != "GET, HEAD" {
			t.Errorf("%s: allow %q", method, got)
		}
	}
}

func TestATableThatIsNotReadyIsNotRead(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("k", "1")
	table.SetReady(false)
	h := ofTable(t, table)
	for _, path := range []string{"", "/k", "/watch"} {
		w := get(h, "/v1/tables/t"+path)
		wantFailure(t, w, http.StatusServiceUnavailable, "not_ready", "table t is not ready: it is still catching up with topic t-table")
		if w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	table.SetReady(true)
	if w := get(h, "/v1/tables/t/k"); w.Code != 200 {
		t.Errorf("ready: %d", w.Code)
	}
}

func TestATablesErrorIsLoggedAndNotShown(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Fail(errors.New("leveldb: /secret/path is corrupt"))
	log, lines := recordingLog()
	h := handler(t, lookup.Config{Tables: []lookup.Table{table}, Log: log})
	for _, path := range []string{"", "/k"} {
		wantFailure(t, get(h, "/v1/tables/t"+path), http.StatusInternalServerError, "read_failed", "reading table t failed: the server's log says why")
	}
	if got := lines.count("leveldb: /secret/path is corrupt"); got != 2 {
		t.Errorf("logged %d times", got)
	}
}

func TestAValueThatIsNoJSONIsAnErrorAndNotABrokenAnswer(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("k", `{"broken`)
	h := ofTable(t, table)
	for _, path := range []string{"", "/k"} {
		wantFailure(t, get(h, "/v1/tables/t"+path), http.StatusInternalServerError, "read_failed", "reading table t failed")
	}
}
