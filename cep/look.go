package cep

import (
	"encoding/json"

	"github.com/tributary-go/tributary/cep/nfa"
)

// The row as look-ups show it.
type runsJSON struct {
	Processed uint64     `json:"processed"`
	Waiting   int        `json:"waiting"`
	Stored    int        `json:"stored_events"`
	Open      []ruleJSON `json:"open"`
	Ended     []lastJSON `json:"ended,omitempty"`
}

// ruleJSON is a rule that has partial matches, or matches that are held back.
type ruleJSON struct {
	Name        string    `json:"name"`
	Version     int       `json:"version,omitempty"` // 0: the rule is part of the program
	Fingerprint string    `json:"fingerprint"`
	Known       bool      `json:"known"` // the program that shows them has this pattern; if not there are no runs
	Held        int       `json:"held"`
	Runs        []runJSON `json:"runs"`
}

// runJSON is a partial match. Times are in ms: clients reckon with them.
type runJSON struct {
	Next     []string `json:"next"`
	Began    int64    `json:"began"`
	Latest   int64    `json:"latest"`
	TimesOut *int64   `json:"times_out"` // null: never
}

// lastJSON is what ended partial matches of a rule the last time that any ended.
type lastJSON struct {
	Name  string          `json:"name"`
	At    int64           `json:"at"`    // ms
	Event json.RawMessage `json:"event"` // null: time ended them, or it was not kept
	Ends  []endJSON       `json:"ends"`
}

// endJSON is a reason, how many partial matches ended for it, and the last of them.
type endJSON struct {
	Why   string   `json:"why"`
	Runs  int      `json:"runs"`
	Began int64    `json:"began"`
	Steps []string `json:"steps"`
}

// MarshalJSON is for look-ups: what each rule has open, and what that waits for.
func (r Runs) MarshalJSON() ([]byte, error) {
	doc := runsJSON{Open: []ruleJSON{}}
	if r.s == nil {
		return json.Marshal(doc)
	}
	doc.Processed, doc.Waiting, doc.Stored = r.s.seq, r.s.waiting, r.s.stored
	for _, x := range r.s.rules {
		name, version := ruleOf(x.name)
		open := ruleJSON{Name: name, Version: version, Fingerprint: x.fingerprint, Runs: []runJSON{}}
		if r.s.explain != nil {
			runs, held, known, err := r.s.explain(x)
			if err != nil {
				return nil, err
			}
			open.Known, open.Held = known, held
			open.add(runs)
		}
		doc.Open = append(doc.Open, open)
	}
	for _, e := range r.s.ended {
		doc.Ended = append(doc.Ended, e.json(r.s.show))
	}
	return json.Marshal(doc)
}

func (j *ruleJSON) add(runs []nfa.Waiting) {
	for _, w := range runs {
		r := runJSON{Next: append([]string{}, w.Next...), Began: w.Began, Latest: w.Latest}
		if w.Bounded {
			r.TimesOut = &w.Deadline
		}
		j.Runs = append(j.Runs, r)
	}
}

func (e lastEnd) json(show func([]byte) json.RawMessage) lastJSON {
	j := lastJSON{Name: e.name, Ends: []endJSON{}}
	if show != nil {
		j.Event = show(e.event)
	}
	for _, x := range e.ends {
		if len(j.Ends) == 0 || x.At > j.At {
			j.At = x.At // time may have closed several windows at once
		}
		j.Ends = append(j.Ends, endJSON{x.Why.String(), x.Runs, x.Began, append([]string{}, x.Steps...)})
	}
	return j
}
