package lookup

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// A pattern is looked up in the table that holds its partial matches: one whose Info names it, and whose rows have
// this form. Package cep writes it.
type patternRow struct {
	Waiting int `json:"waiting"`
	Open    []struct {
		Name        string       `json:"name"`
		Fingerprint string       `json:"fingerprint"`
		Known       bool         `json:"known"`
		Version     int          `json:"version"` // 0: the rule is part of the program
		Held        int          `json:"held"`
		Runs        []patternRun `json:"runs"`
	} `json:"open"`
	Ended []struct {
		Name string `json:"name"`
		patternEnd
	} `json:"ended"`
}

// patternEnd is what ended partial matches the last time that any ended.
type patternEnd struct {
	At    int64           `json:"at"`
	Event json.RawMessage `json:"event"`
	Ends  []struct {
		Why   string   `json:"why"`
		Runs  int      `json:"runs"`
		Began int64    `json:"began"`
		Steps []string `json:"steps"`
	} `json:"ends"`
}

// Traced is a Table that may know the last row of a key which has none any more. A Table need not be.
type Traced interface {
	// Left returns what is left of a key's last row; false: nothing is, or not any more.
	Left(key string) (Row, bool, error)
}

type patternRun struct {
	Next     []string `json:"next"`
	Began    int64    `json:"began"`
	Latest   int64    `json:"latest"`
	TimesOut *int64   `json:"times_out"`
	Left     *int64   `json:"left"`
}

type patternAnswer struct {
	Pattern string       `json:"pattern"`
	Key     string       `json:"key"`
	Table   string       `json:"table"`
	Open    []patternRun `json:"open"`
	LastEnd *patternEnd  `json:"last_end"`

	Versions []RuleVersion `json:"versions,omitempty"`

	Held      int      `json:"held"`
	Waiting   int      `json:"waiting"`
	Watermark *int64   `json:"watermark"`
	Senders   []Sender `json:"senders"`
	Position  Mark     `json:"position"`
}

// pattern answers why a pattern has not fired for a key yet: what is open, what that waits for, and how far time is.
// A key of which nothing is open is none that is not known: it has no row because nothing is.
func (h *Handler) pattern(w http.ResponseWriter, r *http.Request, pattern, key string) error {
	q, err := parseQuery(r, "table", "min_position", "wait")
	if err != nil {
		return err
	}
	table, err := h.tableOf(pattern, key, q.text("table"))
	if err != nil {
		return err
	}
	asked, err := h.freshness(q, table.Info())
	if err != nil {
		return err
	}
	partition := table.PartitionOf(key)
	asked.position = asked.position.of(partition)
	offsets, err := h.await(w, r, table, asked)
	if err != nil {
		return err
	}
	answer := patternAnswer{Pattern: pattern, Key: key, Table: table.Info().Name, Open: []patternRun{}, Senders: []Sender{}, Position: markOf(offsets, partition)}
	if err := answer.read(table, partition); err != nil {
		return h.unreadable(table, err)
	}
	w.Header().Set(positionHeader, answer.Position.String())
	return writeJSON(w, http.StatusOK, answer)
}

// tableOf is the table that holds a pattern's partial matches. Without a name there must be one only.
func (h *Handler) tableOf(pattern, key, name string) (Table, error) {
	var held []string
	for _, n := range h.names {
		for _, p := range h.tables[n].Info().Patterns {
			if p == pattern && (name == "" || name == n) {
				held = append(held, n)
			}
		}
	}
	switch len(held) {
	case 1:
		return h.tables[held[0]], nil
	case 0:
		return h.ruledTable(pattern, key, name)
	}
	return nil, badRequest("pattern %q is in the tables %s: say which with table", pattern, strings.Join(held, ", "))
}

// unreadable is an error in reading a table, which is logged, or a failure.
func (h *Handler) unreadable(table Table, err error) error {
	if problem, is := err.(*failure); is {
		return problem
	}
	h.config.Log.Error("reading a table failed", "table", table.Info().Name, "route", routePattern, "error", err)
	return readFailed(table.Info().Name)
}

func (a *patternAnswer) read(table Table, partition int32) error {
	if err := a.readClock(table, partition); err != nil {
		return err
	}
	var err error
	if a.Versions, err = versionsOf(table, a.Pattern, a.Key); err != nil {
		return err
	}
	row, found, err := table.Get(a.Key)
	if err != nil {
		return err
	}
	if !found {
		return a.readTrace(table)
	}
	var stored patternRow
	if err := json.Unmarshal(row.Value, &stored); err != nil {
		return fmt.Errorf("the row of key %q is not one of partial matches: %w", a.Key, err)
	}
	if a.LastEnd = stored.lastEnd(a.Pattern); a.LastEnd == nil {
		if err := a.readTrace(table); err != nil {
			return err
		}
	}
	a.Waiting = stored.Waiting
	for _, rule := range stored.Open {
		if rule.Name != a.Pattern {
			continue
		}
		if !rule.Known && rule.Version > 0 {
			continue // of a version that is gone: the next event of the key drops it
		}
		if !rule.Known {
			return fail(http.StatusConflict, codeOtherPattern, "key %q has partial matches of pattern %q with the fingerprint %s, and this program knows another one: give it the same patterns as the processor", a.Key, a.Pattern, rule.Fingerprint)
		}
		a.Held += rule.Held
		for _, run := range rule.Runs {
			a.Open = append(a.Open, run.at(a.Watermark))
		}
	}
	return nil
}

// readTrace takes the last end from what an earlier row of the key has left.
func (a *patternAnswer) readTrace(table Table) error {
	traced, is := table.(Traced)
	if !is {
		return nil
	}
	row, found, err := traced.Left(a.Key)
	if err != nil || !found {
		return err
	}
	var left patternRow
	if err := json.Unmarshal(row.Value, &left); err != nil {
		return fmt.Errorf("the trace of key %q is not one of partial matches: %w", a.Key, err)
	}
	a.LastEnd = left.lastEnd(a.Pattern)
	return nil
}

func (r patternRow) lastEnd(pattern string) *patternEnd {
	for _, e := range r.Ended {
		if e.Name == pattern {
			return &e.patternEnd
		}
	}
	return nil
}

func (a *patternAnswer) readClock(table Table, partition int32) error {
	clocked, is := table.(Clocked)
	if !is {
		return nil
	}
	clock, found, err := clocked.Clock(partition)
	if err != nil || !found {
		return err
	}
	a.Watermark, a.Senders = clock.Watermark, append(a.Senders, clock.Senders...)
	return nil
}

// at adds the event time that is left until the run times out.
func (r patternRun) at(watermark *int64) patternRun {
	if r.TimesOut != nil && watermark != nil {
		left := max(0, *r.TimesOut-*watermark)
		r.Left = &left
	}
	return r
}
