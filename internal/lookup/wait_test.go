package lookup_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

// asking sends a request whose answer comes later.
func asking(ctx context.Context, h http.Handler, target string) <-chan *httptest.ResponseRecorder {
	answered := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", target, nil))
		answered <- w
	}()
	return answered
}

func TestARequestWaitsForItsMinPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := lookuptest.New("t", 1)
		table.Put("k", "1")
		h := ofTable(t, table)
		for _, path := range []string{"/k?", "?"} {
			next := table.Position()[0] + 1
			answered := asking(t.Context(), h, fmt.Sprintf("/v1/tables/t%smin_position=0:%d", path, next))
			time.Sleep(4 * time.Second) // on the bubble's clock
			synctest.Wait()
			select {
			case w := <-answered:
				t.Fatalf("answered early: %d %s", w.Code, w.Body)
			default:
			}
			table.Put("k", "2")
			if w := <-answered; w.Code != 200 || w.Header().Get("Tributary-Position") != fmt.Sprintf("0:%d", next) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	})
}

func TestAMinPositionThatDoesNotComeIsTooEarly(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": 5 * time.Second, "&wait=30s": 30 * time.Second, "&wait=150ms": 150 * time.Millisecond, "&wait=0s": 0,
	} {
		synctest.Test(t, func(t *testing.T) {
			table := lookuptest.New("t", 1)
			table.Put("k", "1")
			h := ofTable(t, table)
			for _, path := range []string{"/k?", "?", "/watch?"} {
				start := time.Now()
				w := get(h, "/v1/tables/t"+path+"min_position=0:2"+query)
				wantFailure(t, w, http.StatusTooEarly, "position_ahead", `table t is at "0:1" and did not reach "0:2" within `+want.String())
				if took := time.Since(start); took != want {
					t.Errorf("%s%s: took %s", path, query, took)
				}
			}
		})
	}
}

func TestThePositionOfAnAnswerIsReachedWhenItIsGiven(t *testing.T) {
	table := withOddKeys(t)
	h := ofTable(t, table)
	position := get(h, "/v1/tables/odd").Header().Get("Tributary-Position")
	for _, path := range []string{"/plain", ""} {
		if w := get(h, "/v1/tables/odd"+path+"?wait=0s&min_position="+position); w.Code != 200 {
			t.Errorf("%s at %s: %d", path, position, w.Code)
		}
	}
	empty := ofTable(t, lookuptest.New("t", 4))
	position = get(empty, "/v1/tables/t").Header().Get("Tributary-Position")
	if w := get(empty, "/v1/tables/t?wait=0s&min_position="+position); w.Code != 200 {
		t.Errorf("of an empty table, %q: %d", position, w.Code)
	}
}

func TestARowWaitsForItsOwnPartitionOnly(t *testing.T) {
	table := lookuptest.New("t", 2)
	table.Put("k", "1")
	other := 1 - table.PartitionOf("k")
	h := ofTable(t, table)
	target := fmt.Sprintf("?wait=0s&min_position=%d:100", other)
	if w := get(h, "/v1/tables/t/k"+target); w.Code != 200 {
		t.Errorf("row: %d", w.Code)
	}
	if w := get(h, "/v1/tables/t"+target); w.Code != http.StatusTooEarly {
		t.Errorf("list: %d", w.Code)
	}
}

func TestAWaitEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		answered := asking(ctx, ofTable(t, lookuptest.New("t", 1)), "/v1/tables/t?min_position=0:1")
		synctest.Wait()
		cancel()
		wantFailure(t, <-answered, http.StatusServiceUnavailable, "stopping", "ended while it waited")
	})
}

func TestMoreWaitingRequestsThanAllowedAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := lookuptest.New("t", 1)
		h := handler(t, lookup.Config{Tables: []lookup.Table{table}, MaxWaiters: 2})
		first := asking(t.Context(), h, "/v1/tables/t?min_position=0:1")
		second := asking(t.Context(), h, "/v1/tables/t/k?min_position=0:1")
		if table.PartitionOf("k") != 0 {
			t.Fatal("there is only one partition")
		}
		synctest.Wait()
		wantFailure(t, get(h, "/v1/tables/t?min_position=0:1"), http.StatusServiceUnavailable, "too_many", "2 requests are waiting")
		if w := get(h, "/v1/tables/t"); w.Code != 200 {
			t.Errorf("one that need not wait: %d", w.Code)
		}
		table.Put("k", "1")
		if a, b := <-first, <-second; a.Code != 200 || b.Code != 200 {
			t.Errorf("%d, %d", a.Code, b.Code)
		}
	})
}
