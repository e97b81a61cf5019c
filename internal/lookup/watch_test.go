package lookup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

// serving serves tables over real connections.
func serving(t *testing.T, config lookup.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler(t, config))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server
}

func servingTable(t *testing.T, table lookup.Table) *httptest.Server {
	return serving(t, lookup.Config{Tables: []lookup.Table{table}})
}

// eventually polls, as nothing signals the state that is waited for.
func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !reached(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not reached: %s", what)
		}
	}
}

func TestAWatchSendsTheRowsThenReadyThenTheChanges(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("b", `{"n": 2}`)
	table.Put("a", "{\n  \"n\": 1\n}")
	watch := watching(t, servingTable(t, table).URL+"/v1/tables/t/watch")
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Tributary-Position": "0:2"} {
		if got := watch.response.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	watch.want("row", "", "a", `{"n":1}`)
	watch.want("row", "", "b", `{"n":2}`)
	watch.want("ready", "0:2", "", "")
	table.Put("a", `{"n":3}`)
	table.Delete("b")
	table.Put("c", `null`)
	watch.want("row", "0:3", "a", `{"n":3}`)
	watch.want("delete", "0:4", "b", "")
	watch.want("row", "0:5", "c", `null`)
}

func TestAWatchOfOneKeyOrAPrefixLeavesOutTheRest(t *testing.T) {
	table := lookuptest.New("t", 1)
	for _, key := range []string{"a", "ab", "b"} {
		table.Put(key, "1")
	}
	server := servingTable(t, table)
	one := watching(t, server.URL+"/v1/tables/t/watch?key=a")
	none := watching(t, server.URL+"/v1/tables/t/watch?key=zz")
	some := watching(t, server.URL+"/v1/tables/t/watch?prefix=a")
	one.want("row", "", "a", "1")
	one.want("ready", "0:3", "", "")
	none.want("ready", "0:3", "", "")
	some.want("row", "", "a", "1")
	some.want("row", "", "ab", "1")
	some.want("ready", "0:3", "", "")
	for _, key := range []string{"b", "ab", "a", "zz"} {
		table.Put(key, "2")
	}
	one.want("row", "0:6", "a", "2")
	none.want("row", "0:7", "zz", "2")
	some.want("row", "0:5", "ab", "2")
	some.want("row", "0:6", "a", "2")
}

func TestOddKeysSurviveAWatch(t *testing.T) {
	table := withOddKeys(t)
	rows := watching(t, servingTable(t, table).URL+"/v1/tables/odd/watch").untilReady()
	for _, key := range oddKeys {
		if rows[key] == "" {
			t.Errorf("without %q", key)
		}
	}
	if len(rows) != len(oddKeys) {
		t.Errorf("%d rows, want %d", len(rows), len(oddKeys))
	}
}

// TestAWatchLosesNothingWhileTheTableChanges starts watches in the middle of
// concurrent writes and compares what each has with the table at the end.
func TestAWatchLosesNothingWhileTheTableChanges(t *testing.T) {
	const writers, keys, writes = 4, 700, 3000
	table := lookuptest.New("t", 3)
	for i := range keys { // more than two pages of rows
		table.Put(fmt.Sprintf("k%03d", i), "-1")
	}
	server := serving(t, lookup.Config{Tables: []lookup.Table{table}, WatchBuffer: 1 << 20})
	var readers sync.WaitGroup
	results := make([]map[string]string, 5)
	for i := range results {
		watch := watching(t, server.URL+"/v1/tables/t/watch")
		readers.Go(func() { results[i] = followTo(watch, "end") })
		if i == 0 {
			write(table, writers, keys, writes)
		}
	}
	write(table, writers, keys, writes).Wait()
	eventually(t, "all watchers are connected", func() bool { return table.Watchers() == len(results) })
	table.Put("end", "0")
	readers.Wait()
	want := map[string]string{}
	rows, _ := table.Scan("", "", 10*keys)
	for _, row := range rows {
		want[row.Key] = string(row.Value)
	}
	for i, got := range results {
		delete(got, "end")
		for key, value := range got {
			if want[key] != value {
				t.Errorf("reader %d: %s is %s, in the table %q", i, key, value, want[key])
			}
		}
		if len(got) != len(want)-1 {
			t.Errorf("reader %d: %d rows, the table %d", i, len(got), len(want)-1)
		}
	}
}

// write starts writers that put and delete rows; each owns its keys, so that
// the values of a key only grow.
func write(table *lookuptest.Table, writers, keys, writes int) *sync.WaitGroup {
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range writes {
				key := fmt.Sprintf("k%03d", (n*7+w)%keys/writers*writers+w)
				if n%5 == 4 {
					table.Delete(key)
				} else {
					table.Put(key, fmt.Sprint(n))
				}
			}
		})
	}
	return &all
}

// followTo applies events until the row of a key.
func followTo(watch *reader, last string) map[string]string {
	rows := map[string]string{}
	for {
		e, open := watch.next()
		if !open {
			watch.t.Error("the watch ended early")
			return rows
		}
		switch e.name {
		case "row":
			rows[e.data.Key] = string(e.data.Value)
		case "delete":
			delete(rows, e.data.Key)
		}
		if e.data.Key == last {
			return rows
		}
	}
}

func TestAQuietWatchCarriesComments(t *testing.T) {
	server := serving(t, lookup.Config{Tables: []lookup.Table{lookuptest.New("t", 1)}, Heartbeat: time.Millisecond})
	watch := watching(t, server.URL+"/v1/tables/t/watch")
	watch.untilReady()
	for range 2 {
		if e, open := watch.next(); !open || e.comment == "" {
			t.Fatalf("got %+v", e)
		}
	}
}

func TestMoreWatchersThanAllowedAreTurnedAway(t *testing.T) {
	table := lookuptest.New("t", 1)
	server := serving(t, lookup.Config{Tables: []lookup.Table{table}, MaxWatchers: 1})
	url := server.URL + "/v1/tables/t/watch"
	first := watching(t, url)
	first.untilReady()
	second := watching(t, url)
	body, _ := io.ReadAll(second.response.Body)
	if second.response.StatusCode != 503 || !strings.Contains(string(body), "1 watchers are connected already") {
		t.Errorf("%d %s", second.response.StatusCode, body)
	}
	first.leave()
	eventually(t, "room for another watcher", func() bool {
		third := watching(t, url)
		defer third.leave()
		return third.response.StatusCode == 200
	})
}

func TestAReaderThatLeavesIsForgotten(t *testing.T) {
	table := lookuptest.New("t", 1)
	watch := watching(t, servingTable(t, table).URL+"/v1/tables/t/watch")
	watch.untilReady()
	watch.leave()
	eventually(t, "no watcher", func() bool { return table.Watchers() == 0 })
}

// stalled is a writer whose reader stops reading after the head of the answer
// until it is released.
type stalled struct {
	http.ResponseWriter
	mu       sync.Mutex
	text     bytes.Buffer
	writing  chan struct{} // one element for each write that waits
	released chan struct{}
}

func newStalled() *stalled {
	return &stalled{ResponseWriter: httptest.NewRecorder(), writing: make(chan struct{}, 100), released: make(chan struct{})}
}

func (s *stalled) Write(p []byte) (int, error) {
	s.writing <- struct{}{}
	<-s.released
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *stalled) Flush() {}

func TestAWatcherThatIsTooSlowIsDroppedAndCounted(t *testing.T) {
	table := lookuptest.New("t", 1)
	registry := prometheus.NewRegistry()
	h := handler(t, lookup.Config{Tables: []lookup.Table{table}, WatchBuffer: 8, Metrics: registry})
	w := newStalled()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(w, httptest.NewRequest("GET", "/v1/tables/t/watch", nil))
	}()
	<-w.writing
	eventually(t, "a watcher", func() bool { return table.Watchers() == 1 })
	for i := range 9 { // returns at once: nobody waits for the watcher
		table.Put("k", fmt.Sprint(i))
	}
	close(w.released)
	<-done
	if got := w.text.String(); !strings.Contains(got, "event: dropped\n") || !strings.Contains(got, `"error":"too_slow"`) {
		t.Errorf("got %s", got)
	}
	if table.Watchers() != 0 {
		t.Error("the table still feeds it")
	}
	want := `
# HELP tributary_lookup_watchers Watchers of a table now.
# TYPE tributary_lookup_watchers gauge
tributary_lookup_watchers{table="t"} 0
# HELP tributary_lookup_watchers_dropped_total Watchers closed because they were too slow.
# TYPE tributary_lookup_watchers_dropped_total counter
tributary_lookup_watchers_dropped_total{table="t"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "tributary_lookup_watchers", "tributary_lookup_watchers_dropped_total"); err != nil {
		t.Error(err)
	}
}

func TestAReaderThatStopsReadingIsCutOff(t *testing.T) {
	table := lookuptest.New("t", 1)
	large := `"` + strings.Repeat("x", 1<<20) + `"`
	for i := range 16 { // more than the sockets buffer
		table.Put(fmt.Sprint(i), large)
	}
	registry := prometheus.NewRegistry()
	server := serving(t, lookup.Config{Tables: []lookup.Table{table}, WriteTimeout: 20 * time.Millisecond, Metrics: registry})
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /v1/tables/t/watch HTTP/1.1\r\nHost: x\r\n\r\n")
	eventually(t, "the watcher is dropped", func() bool { return dropped(t, registry) == 1 })
	eventually(t, "no watcher", func() bool { return table.Watchers() == 0 })
}

func dropped(t *testing.T, registry *prometheus.Registry) float64 {
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "tributary_lookup_watchers_dropped_total" {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

func TestATableThatFailsEndsItsWatch(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Fail(errors.New("disk on fire"))
	log, lines := recordingLog()
	server := serving(t, lookup.Config{Tables: []lookup.Table{table}, Log: log})
	watch := watching(t, server.URL+"/v1/tables/t/watch")
	e, _ := watch.next()
	if e.name != "failed" || e.data.Error != "read_failed" || strings.Contains(e.data.Message, "fire") {
		t.Errorf("got %+v", e)
	}
	if _, open := watch.next(); open {
		t.Error("the stream goes on")
	}
	if lines.count("disk on fire") != 1 {
		t.Error("not logged")
	}
}

func TestAStoppingServerEndsItsWatchersAndWaits(t *testing.T) {
	table := lookuptest.New("t", 1)
	stopping, stop := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(ofTable(t, table))
	server.Config.BaseContext = func(net.Listener) context.Context { return stopping }
	server.Start()
	t.Cleanup(server.Close)
	watches := []*reader{watching(t, server.URL+"/v1/tables/t/watch"), watching(t, server.URL+"/v1/tables/t/watch?key=k")}
	for _, watch := range watches {
		watch.untilReady()
	}
	stop()
	for _, watch := range watches {
		if e, open := watch.next(); open {
			t.Errorf("got %+v", e)
		}
	}
}

// A server's time-outs are for requests that come and go.
func TestAWatchAndAWaitOutliveTheServersTimeOuts(t *testing.T) {
	table := lookuptest.New("t", 1)
	server := httptest.NewUnstartedServer(handler(t, lookup.Config{Tables: []lookup.Table{table}, Heartbeat: 10 * time.Millisecond}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 30*time.Millisecond, 30*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	watch := watching(t, server.URL+"/v1/tables/t/watch")
	watch.untilReady()
	for range 20 { // at least 200 ms
		if e, open := watch.next(); !open || e.comment == "" {
			t.Fatalf("got %+v (open %t)", e, open)
		}
	}
	response, err := http.Get(server.URL + "/v1/tables/t?min_position=0:1&wait=200ms")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusTooEarly {
		t.Errorf("got %s", response.Status)
	}
}

func TestAWatchStartsFromItsMinPosition(t *testing.T) {
	table := lookuptest.New("t", 1)
	table.Put("k", "1")
	go table.Put("k", "2")
	watch := watching(t, servingTable(t, table).URL+"/v1/tables/t/watch?min_position=0:2&wait=20s")
	if rows := watch.untilReady(); !maps.Equal(rows, map[string]string{"k": "2"}) {
		t.Errorf("got %v", rows)
	}
}
