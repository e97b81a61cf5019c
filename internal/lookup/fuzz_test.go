package lookup_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tributary-go/tributary/internal/lookup"
)

// gone is a writer whose reader leaves once the head of a stream was written,
// so that a watch ends.
type gone struct{ *httptest.ResponseRecorder }

func (g gone) Write(p []byte) (int, error) {
	if g.Header().Get("Content-Type") == "text/event-stream" {
		return 0, errors.New("the reader has left")
	}
	return g.ResponseRecorder.Write(p)
}

func FuzzRequest(f *testing.F) {
	for _, path := range []string{"/", "/openapi.json", "/v1/tables", "/v1/tables/odd", "/v1/tables/odd/plain", "/v1/tables/odd/watch", "/v1/tables/odd/a%2Fb", "/v1/tables/%zz/%00", "*", ""} {
		for _, query := range []string{"", "prefix=a&limit=10", "cursor=YQ", "min_position=0:1,1:2&wait=0s", "key=a", "a;b", "%zz=%"} {
			f.Add(path, query)
		}
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		h := handler(t, lookup.Config{Tables: []lookup.Table{withOddKeys(t)}, MaxWait: time.Millisecond})
		decoded, err := url.PathUnescape(path)
		if err != nil {
			decoded = path
		}
		r := (&http.Request{Method: "GET", URL: &url.URL{Path: decoded, RawPath: path, RawQuery: query}}).WithContext(t.Context())
		w := gone{httptest.NewRecorder()}
		h.ServeHTTP(w, r)
		if w.Code/100 != 2 && w.Code/100 != 4 {
			t.Errorf("%s?%s: %d", path, query, w.Code)
		}
	})
}

func FuzzPosition(f *testing.F) {
	for _, text := range []string{"", "0:1", "0:1,1:2", "1:2,0:1", "0:-1", "2147483648:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := lookup.ParsePosition(text)
		if err != nil {
			return
		}
		if again, err := lookup.ParsePosition(p.String()); err != nil || again.String() != p.String() {
			t.Errorf("%q became %s became %s, %v", text, p, again, err)
		}
	})
}
