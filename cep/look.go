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
}

// ruleJSON is a rule that has partial matches, or matches that are held back.
type ruleJSON struct {
	Name        string    `json:"name"`
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

// MarshalJSON is for look-ups: what each rule has open, and what that waits for.
func (r Runs) MarshalJSON() ([]byte, error) {
	doc := runsJSON{Open: []ruleJSON{}}
	if r.s == nil {
		return json.Marshal(doc)
	}
	doc.Processed, doc.Waiting, doc.Stored = r.s.seq, r.s.waiting, r.s.stored
	for _, x := range r.s.rules {
		open := ruleJSON{Name: x.name, Fingerprint: x.fingerprint, Runs: []runJSON{}}
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
