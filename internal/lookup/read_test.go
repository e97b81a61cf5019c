package lookup_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

func TestARowIsAnsweredWithItsPosition(t *testing.T) {
	table := lookuptest.New("coupons", 1)
	table.Put("other", `0`)
	table.Put("7|2026-01-01", `{ "amount": 12.50, "text": "<&>" }`)
	w := get(ofTable(t, table), "/v1/tables/coupons/7%7C2026-01-01")
	want := `{"table":"coupons","key":"7|2026-01-01","value":{"amount":12.50,"text":"<&>"},"position":{"partition":0,"offset":2}}`
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Tributary-Position": "0:2", "Content-Type": "application/json",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestARowThatIsNotThereHasAPositionToo(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("k", "1")
	table.Delete("k")
	w := get(ofTable(t, table), "/v1/tables/t/k")
	wantFailure(t, w, http.StatusNotFound, "unknown_key", "")
	if got := w.Header().Get("Tributary-Position"); got != "0:2" {
		t.Errorf("position %q", got)
	}
}

func TestAnyKeyIsReachedOverARealConnection(t *testing.T) {
	server := httptest.NewServer(ofTable(t, withOddKeys(t)))
	defer server.Close()
	for _, key := range oddKeys {
		response, err := server.Client().Get(server.URL + "/v1/tables/odd/" + url.PathEscape(key))
		if err != nil {
			t.Fatal(err)
		}
		var row struct {
			Key   string
			Value struct{ Key string }
		}
		err = json.NewDecoder(response.Body).Decode(&row)
		response.Body.Close()
		if err != nil || response.StatusCode != 200 || row.Key != key || row.Value.Key != key {
			t.Errorf("%q: %d, %q (%v)", key, response.StatusCode, row.Key, err)
		}
	}
}

func TestSlashesOfAKeyNeedNoEscape(t *testing.T) {
	h := ofTable(t, withOddKeys(t))
	for _, path := range []string{"a/b", "a%2Fb", "/", "a//b", "..", "watch/"} {
		if w := get(h, "http://x/v1/tables/odd/"+path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestARowWithTheKeyWatchIsReachedByAnEscape(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("watch", `"me"`)
	h := ofTable(t, table)
	row := decode[struct{ Value string }](t, get(h, "/v1/tables/t/%77atch"))
	rows := decode[page](t, get(h, "/v1/tables/t?prefix=watch&limit=1"))
	if row.Value != "me" || len(rows.Rows) != 1 || rows.Rows[0].Key != "watch" {
		t.Errorf("%v %v", row, rows)
	}
}

func TestHEADAnswersAsGETWithoutABody(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("k", "1")
	server := httptest.NewServer(ofTable(t, table))
	defer server.Close()
	for path, status := range map[string]int{
		"/": 200, "/openapi.json": 200, "/v1/tables": 200, "/v1/tables/t": 200, "/v1/tables/t/k": 200,
		"/v1/tables/t/watch": 200, "/v1/tables/t/none": 404, "/v1/tables/t?limit=x": 400,
	} {
		response, err := server.Client().Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != status || response.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %v", path, response)
		}
	}
	if table.Watchers() != 0 {
		t.Error("HEAD of a watch left a watcher")
	}
}

func TestABodyIsIgnored(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("k", "1")
	w := httptest.NewRecorder()
	ofTable(t, table).ServeHTTP(w, httptest.NewRequest("GET", "/v1/tables/t/k", strings.NewReader(`{"limit":-1}`)))
	if w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
}

func TestTheTablesAreListedByNameWithTheirState(t *testing.T) {
	b, a := lookuptest.New("b", 3), lookuptest.New("a", 1)
	a.Put("k", "1")
	b.SetReady(false)
	w := get(handler(t, lookup.Config{Tables: []lookup.Table{b, a}}), "/v1/tables")
	want := `{"tables":[` +
		`{"name":"a","topic":"a-table","key":"any text","partitions":1,"doc":"A table in memory.","ready":true,"position":"0:1"},` +
		`{"name":"b","topic":"b-table","key":"any text","partitions":3,"doc":"A table in memory.","ready":false,"position":""}]}`
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(handler(t, lookup.Config{}), "/v1/tables"); strings.TrimSpace(w.Body.String()) != `{"tables":[]}` {
		t.Errorf("without tables: %s", w.Body)
	}
}

func TestTablesThatCannotBeToldApartAreRefused(t *testing.T) {
	for _, tables := range [][]lookup.Table{
		{lookuptest.New("t", 1), lookuptest.New("t", 2)},
		{lookuptest.New("", 1)},
		{lookuptest.New("a/b", 1)},
	} {
		if _, err := lookup.New(lookup.Config{Tables: tables}); err == nil {
			t.Errorf("%q: no error", tables[0].Info().Name)
		}
	}
}

type page struct {
	Rows []struct {
		Key   string
		Value json.RawMessage
	}
	Cursor   *string
	Position string
}

func TestACursorWalksAllRowsInOrderOnce(t *testing.T) {
	table := withOddKeys(t)
	want := slices.Clone(oddKeys)
	for i := range 2500 {
		key := fmt.Sprintf("order %d/%d", i%7, i)
		table.Put(key, fmt.Sprintf(`{"n":%d}`, i))
		want = append(want, key)
	}
	slices.Sort(want)
	h := ofTable(t, table)
	for _, limit := range []int{1000, 100, 7} {
		if got := walk(t, h, "", limit); !slices.Equal(got, want) {
			t.Errorf("limit %d: %d rows, want %d", limit, len(got), len(want))
		}
	}
	got := walk(t, h, "order 3/", 50)
	want = slices.DeleteFunc(want, func(key string) bool { return !strings.HasPrefix(key, "order 3/") })
	if len(want) != 357 || !slices.Equal(got, want) {
		t.Errorf("prefix: %d rows, want %d", len(got), len(want))
	}
}

// walk follows the cursor and fails on a page that is too long, or short
// without being the last.
func walk(t *testing.T, h http.Handler, prefix string, limit int) (keys []string) {
	t.Helper()
	cursor := ""
	for {
		w := get(h, fmt.Sprintf("/v1/tables/odd?prefix=%s&limit=%d&cursor=%s", url.QueryEscape(prefix), limit, url.QueryEscape(cursor)))
		answer := decode[page](t, w)
		for _, row := range answer.Rows {
			keys = append(keys, row.Key)
		}
		if len(answer.Rows) > limit || answer.Cursor != nil && len(answer.Rows) != limit {
			t.Fatalf("%d rows of %d, cursor %v", len(answer.Rows), limit, answer.Cursor)
		}
		if answer.Cursor == nil {
			return keys
		}
		cursor = *answer.Cursor
	}
}

func TestAListHas100RowsUnlessAskedAndSaysWhenItIsTheLast(t *testing.T) {
	table := lookuptest.New("t", 2)
	for i := range 100 {
		table.Put(fmt.Sprintf("%03d", i), "1")
	}
	h := ofTable(t, table)
	if got := decode[page](t, get(h, "/v1/tables/t")); len(got.Rows) != 100 || got.Cursor != nil {
		t.Errorf("%d rows, cursor %v", len(got.Rows), got.Cursor)
	}
	table.Put("100", "1")
	w := get(h, "/v1/tables/t")
	got := decode[page](t, w)
	if len(got.Rows) != 100 || got.Cursor == nil {
		t.Errorf("%d rows, cursor %v", len(got.Rows), got.Cursor)
	}
	offsets := table.Position()
	if want := fmt.Sprintf("0:%d,1:%d", offsets[0], offsets[1]); got.Position != want || w.Header().Get("Tributary-Position") != want {
		t.Errorf("position %q, header %q, want %q", got.Position, w.Header().Get("Tributary-Position"), want)
	}
}

func TestAnEmptyListIsAnEmptyArray(t *testing.T) {
	w := get(ofTable(t, lookuptest.New("t", 1)), "/v1/tables/t?prefix=x")
	if got := strings.TrimSpace(w.Body.String()); got != `{"table":"t","rows":[],"cursor":null,"position":""}` {
		t.Error(got)
	}
}
