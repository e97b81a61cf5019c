package lookup

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Handler serves the tables of a [Config]. It is safe for concurrent use and
// starts no goroutine: a request ends when its context does, so a server that
// cancels its base context ends all watchers.
type Handler struct {
	config   Config
	tables   map[string]Table
	names    []string // sorted
	page     page
	metrics  *metrics
	watchers gate
	waiters  gate
}

// New returns the handler, or an error if two tables have one name, a name
// cannot stand in a path, or the metrics are registered already.
func New(config Config) (*Handler, error) {
	config = config.withDefaults()
	tables, err := byName(config.Tables)
	if err != nil {
		return nil, err
	}
	metrics, err := newMetrics(config.Metrics)
	if err != nil {
		return nil, err
	}
	return &Handler{
		config:   config,
		tables:   tables,
		names:    slices.Sorted(maps.Keys(tables)),
		page:     newPage(),
		metrics:  metrics,
		watchers: newGate(config.MaxWatchers),
		waiters:  newGate(config.MaxWaiters),
	}, nil
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to, problem := resolve(r.URL.EscapedPath())
	observed := &observer{ResponseWriter: w, metrics: h.metrics, route: to.route, start: time.Now()}
	observed.Header().Set("X-Content-Type-Options", "nosniff")
	observed.Header().Set("Cache-Control", "no-store")
	if problem == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
		problem = fail(http.StatusMethodNotAllowed, codeMethodNotAllowed, "%s is not allowed: tables are only read, with GET or HEAD", r.Method)
	}
	if problem != nil {
		writeFailure(observed, problem)
		return
	}
	if err := h.serve(observed, r, to); err != nil {
		h.answerError(observed, to, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, to target) error {
	switch to.route {
	case routePage:
		return h.page.serve(w, r)
	case routeOpenAPI:
		return serveOpenAPI(w, r)
	case routeTables:
		return h.listTables(w, r)
	}
	if to.route == routePattern {
		return h.pattern(w, r, to.pattern, to.key)
	}
	table, found := h.tables[to.table]
	if !found {
		return fail(http.StatusNotFound, codeUnknownTable, "no table is called %q: see %s for those there are", to.table, routeTables)
	}
	switch to.route {
	case routeList:
		return h.list(w, r, table)
	case routeWatch:
		return h.watch(w, r, table)
	default:
		return h.get(w, r, table, to.key)
	}
}

// answerError answers a failure as it is; any other error is the table's.
func (h *Handler) answerError(w http.ResponseWriter, to target, err error) {
	var problem *failure
	if !errors.As(err, &problem) {
		h.config.Log.Error("reading a table failed", "table", to.table, "route", to.route, "error", err)
		problem = readFailed(to.table)
	}
	writeFailure(w, problem)
}

func readFailed(table string) *failure {
	return fail(http.StatusInternalServerError, codeReadFailed, "reading table %s failed: the server's log says why", table)
}

// ready refuses to read a table that would show an old state.
func ready(table Table) error {
	if table.Ready() {
		return nil
	}
	return fail(http.StatusServiceUnavailable, codeNotReady, "table %s is not ready: it is still catching up with topic %s", table.Info().Name, table.Info().Topic)
}
