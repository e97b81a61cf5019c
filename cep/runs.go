package cep

import (
	"encoding/json"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/tables"
)

// Runs is the row of a key: how far each rule has come with its events. The events themselves are sub-rows.
type Runs struct{ s *runsState }

// runsState is never changed once a row has it.
type runsState struct {
	seq     uint64 // of the event processed last
	arrived uint64 // events that were put to wait so far
	waiting int    // events that wait for the watermark
	timer   int64  // when the first window closes, ms; noTimer: none is open
	stored  int    // events stored for runs, some of them for runs that have ended
	swept   int    // those that were left when the others were deleted last
	rules   []ruleRuns
	ended   []lastEnd // of each rule that ever ended one while the key had a row
	warm    any       // *warm[E]; nil: as it was read from the store
	explain explainer
	show    func(event []byte) json.RawMessage
}

// explainer says what stored runs wait for, how many matches are held back, and whether their pattern is known.
type explainer func(ruleRuns) (open []nfa.Waiting, held int, known bool, err error)

// ruleRuns are the runs of a rule.
type ruleRuns struct {
	name        string
	fingerprint string
	stored      []byte // as package nfa encodes them
}

const noTimer int64 = -1 << 63

// NewRuns declares the table of a Detect. The name is stored. A key has a row while a rule has partial matches
// of it, or an event waits for the watermark. With Retain, what a key has is forgotten some time after its
// latest event: for patterns without a window.
func NewRuns[K tables.Key](name string, opts ...tables.Option) tables.Table[K, Runs] {
	return tables.New[K](name, runsCodec{}, opts...)
}

// Waiting is how many events wait for the watermark.
func (r Runs) Waiting() int {
	if r.s == nil {
		return 0
	}
	return r.s.waiting
}

// Open are the names of the rules that have partial matches, in the order of the rules.
func (r Runs) Open() (rules []string) {
	if r.s == nil {
		return nil
	}
	for _, x := range r.s.rules {
		if name, _ := ruleOf(x.name); !slices.Contains(rules, name) {
			rules = append(rules, name)
		}
	}
	return rules
}
