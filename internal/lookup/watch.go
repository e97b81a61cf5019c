package lookup

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"
)

// pageRows is how many rows a watch shows before it looks for changes again.
const pageRows = 250

// watch streams the rows of a table and then its changes as server-sent
// events:
//
//	row      {"key", "value"}         a row as it stands, or as it was written
//	ready    {"table", "position"}    all rows were sent; from here on changes
//	delete   {"key"}                  a row was deleted
//	dropped  {"error", "message"}     the reader was too slow; the stream ends
//	failed   {"error", "message"}     the table could not be read; the stream ends
//
// While a table of more than a page is shown, changes of rows sent already
// come between the pages. The id of an event is a position. A reader that
// comes back gets the current rows again, whatever its Last-Event-ID: it
// replaces what it holds by what comes until ready.
func (h *Handler) watch(w http.ResponseWriter, r *http.Request, table Table) error {
	selected, asked, err := h.watchQuery(r, table)
	if err != nil {
		return err
	}
	offsets, err := h.await(w, r, table, asked)
	if err != nil {
		return err
	}
	if !h.watchers.enter() {
		return fail(http.StatusServiceUnavailable, codeTooMany, "%d watchers are connected already: ask again later", h.config.MaxWatchers)
	}
	defer h.watchers.leave()
	w.Header().Set(positionHeader, positionOf(offsets).String())
	if r.Method == http.MethodHead {
		streamHeader(w.Header())
		w.WriteHeader(http.StatusOK)
		return nil
	}
	h.stream(w, r, table, selected)
	return nil
}

func (h *Handler) watchQuery(r *http.Request, table Table) (selection, freshness, error) {
	q, err := parseQuery(r, "key", "prefix", "min_position", "wait")
	if err != nil {
		return selection{}, freshness{}, err
	}
	selected := selection{key: q.text("key"), prefix: q.text("prefix")}
	if q.has("key") && q.has("prefix") {
		return selected, freshness{}, badRequest("key and prefix are both given: one of them, or none for the whole table")
	}
	if q.has("key") && selected.key == "" {
		return selected, freshness{}, badRequest("key is empty: no row has an empty key; leave it out to watch the whole table")
	}
	asked, err := h.freshness(q, table.Info())
	if selected.key != "" {
		asked.position = asked.position.of(table.PartitionOf(selected.key))
	}
	return selected, asked, err
}

// stream returns when the reader has gone, the server stops, or the watch
// ends by itself: the status is sent by then, so an error is an event.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, table Table, selected selection) {
	name := table.Info().Name
	h.metrics.watchers.WithLabelValues(name).Inc()
	defer h.metrics.watchers.WithLabelValues(name).Dec()
	out := newSSE(w, h.config.WriteTimeout)
	rows := follow(table, selected, h.config.WatchBuffer, pageRows)
	defer rows.stop()
	h.closeWith(out, name, h.pump(r.Context(), out, rows))
}

// closeWith tells the reader why the watch ends, unless it has left.
func (h *Handler) closeWith(out *sse, table string, err error) {
	var read readError
	switch {
	case errors.Is(err, errTooSlow):
		h.metrics.dropped.WithLabelValues(table).Inc()
		_ = out.last("dropped", &failure{Code: "too_slow", Message: "the watcher did not keep up with the changes: connect again for the current rows"})
	case errors.Is(err, os.ErrDeadlineExceeded):
		h.metrics.dropped.WithLabelValues(table).Inc()
	case errors.As(err, &read):
		h.config.Log.Error("watching a table failed", "table", table, "error", err)
		_ = out.last("failed", readFailed(table))
	}
}

// readError is the table's; other errors of a watch are the connection's.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// pump sends events until the context ends or something fails.
func (h *Handler) pump(ctx context.Context, out *sse, rows *follower) error {
	if err := out.open(); err != nil {
		return err
	}
	quiet := time.NewTicker(h.config.Heartbeat)
	defer quiet.Stop()
	var events []event
	for ctx.Err() == nil {
		var err error
		if events, err = rows.next(events[:0]); err != nil {
			return asReadError(err)
		}
		if len(events) == 0 && rows.ready {
			err = idle(ctx, out, rows.feed.wake, quiet)
		} else {
			err = h.deliver(out, events, rows)
		}
		if err != nil {
			return err
		}
		clear(events) // values are not kept alive by the buffer
	}
	return nil
}

func asReadError(err error) error {
	if errors.Is(err, errTooSlow) {
		return err
	}
	return readError{err}
}

func (h *Handler) deliver(out *sse, events []event, rows *follower) error {
	name := rows.table.Info().Name
	h.metrics.events.WithLabelValues(name).Add(float64(len(events)))
	return out.send(events, func() readyJSON {
		return readyJSON{Table: name, Position: positionOf(rows.start).String()}
	})
}

// idle waits for a change and sends a comment at intervals.
func idle(ctx context.Context, out *sse, wake <-chan struct{}, quiet *time.Ticker) error {
	select {
	case <-ctx.Done():
		return nil
	case <-wake:
		return nil
	case <-quiet.C:
		return out.beat()
	}
}
