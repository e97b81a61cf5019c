package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
)

// Found is an alert that a rule gave in a replay.
type Found[E any] struct {
	Key     string
	Timeout bool  // of a partial match; false: of a match
	At      int64 // when it was complete, or the window closed; ms
	Match   nfa.Match[E]
	Alert   Alert[E]
}

// Replayed is what came of a replay.
type Replayed[E any] struct {
	Found  []Found[E] // in the order of At; those of one time in that of their events
	Events int        // those with a key
	Keys   int
	Open   int   // partial matches that were open at the end
	Failed int   // events for which the rule's code failed: processing would make dead letters of them
	Err    error // the first of them; nil: none
}

// Replay runs the rule over events, in their order, which is that of at (ms): as Detect would if it had them all and
// none was late. Windows that close up to the time of the last event, of any key, are closed. The rule's state is
// not looked at: a paused one is replayed as if it were active.
func (r Rule[E]) Replay(events []E, at func(E) int64) Replayed[E] {
	keys := map[string]*replay[E]{}
	var order []*replay[E]
	var all Replayed[E]
	for _, e := range events {
		key := r.key(e)
		if key == "" {
			continue
		}
		k := keys[key]
		if k == nil {
			k = &replay[E]{r: r, key: key, out: &all}
			keys[key], order = k, append(order, k)
		}
		all.Events++
		k.until(at(e))
		k.process(e, at(e))
	}
	for _, k := range order {
		k.until(at(events[len(events)-1]))
		all.Open += k.runs.Open()
	}
	all.Keys = len(order)
	slices.SortStableFunc(all.Found, func(a, b Found[E]) int { return cmp.Compare(a.At, b.At) })
	return all
}

// replay is a key in a replay.
type replay[E any] struct {
	r    Rule[E]
	key  string
	seq  uint64
	runs nfa.Runs[E]
	out  *Replayed[E]
}

// until closes windows, each at its own time.
func (k *replay[E]) until(now int64) {
	for {
		at, ok := k.r.automaton.Deadline(k.runs)
		if !ok || at > now {
			return
		}
		if !k.step(at, func() (nfa.Runs[E], nfa.Outcome[E], error) { return k.r.automaton.Advance(k.runs, at) }) {
			return
		}
	}
}

func (k *replay[E]) process(e E, at int64) {
	k.seq++
	event := &nfa.Event[E]{Seq: k.seq, Time: at, Value: e}
	k.step(at, func() (nfa.Runs[E], nfa.Outcome[E], error) { return k.r.automaton.Process(k.runs, event) })
}

// step goes on with the runs, and tells whether they did. As in Detect a rule whose condition fails goes on as if it
// had not seen the event, and where an alert can't be made, those of the same event are missing.
func (k *replay[E]) step(at int64, f func() (nfa.Runs[E], nfa.Outcome[E], error)) (done bool) {
	defer func() {
		if p := recover(); p != nil {
			k.failed(at, fmt.Errorf("%v", p))
		}
	}()
	runs, out, err := f()
	if err != nil {
		k.failed(at, err)
		return false
	}
	k.runs, done = runs, true
	var all []Found[E]
	for _, m := range out.Matches {
		if a, ok := k.r.Matched(m); ok {
			all = append(all, Found[E]{k.key, false, at, m, a})
		}
	}
	for _, m := range out.TimedOut {
		if a, ok := k.r.TimedOut(m.Match); ok {
			all = append(all, Found[E]{k.key, true, m.At, m.Match, a})
		}
	}
	k.out.Found = append(k.out.Found, all...)
	return done
}

func (k *replay[E]) failed(at int64, err error) {
	k.out.Failed++
	if k.out.Err == nil {
		k.out.Err = fmt.Errorf("key %q at %d ms: %w", k.key, at, err)
	}
}
