package lookup_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// sent is a server-sent event as a reader gets it; a comment has only a comment.
type sent struct {
	name, id, comment string
	data              struct {
		Key, Table, Position, Error, Message string
		Value                                json.RawMessage
	}
}

// reader reads a watch over a real connection.
type reader struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
	leave    func()
}

// watching opens a watch, which ends with the test at the latest.
func watching(t *testing.T, url string) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Last-Event-ID", "0:1") // whatever it is, the current rows are sent
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	leave := func() { cancel(); response.Body.Close() }
	t.Cleanup(leave)
	return &reader{t, response, bufio.NewReader(response.Body), leave}
}

// next reads an event or a comment; false is the end of the stream.
func (r *reader) next() (sent, bool) {
	r.t.Helper()
	var e sent
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			if err != io.EOF {
				r.t.Errorf("the stream broke: %v", err)
			}
			return e, false
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.data); err != nil {
				r.t.Errorf("%v in %s", err, line)
			}
		case "retry":
		case "":
			if value != "" {
				e.comment = value
			} else if e.name != "" || e.comment != "" {
				return e, true
			}
		default:
			r.t.Errorf("unknown line %q", line)
		}
	}
}

// want reads one event and compares its text.
func (r *reader) want(name, id, key, value string) {
	r.t.Helper()
	e, open := r.next()
	if !open || e.name != name || e.id != id || e.data.Key != key || string(e.data.Value) != value {
		r.t.Fatalf("got %+v (open %t), want %s %s %s %s", e, open, name, id, key, value)
	}
}

// untilReady reads the first rows.
func (r *reader) untilReady() map[string]string {
	r.t.Helper()
	rows := map[string]string{}
	for {
		e, open := r.next()
		switch {
		case !open:
			r.t.Fatal("the stream ended before it was ready")
		case e.name == "ready":
			return rows
		case e.name == "row":
			rows[e.data.Key] = string(e.data.Value)
		case e.name == "delete":
			delete(rows, e.data.Key)
		}
	}
}
