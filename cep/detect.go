package cep

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Rule is a pattern and what is made of it.
type Rule[E, R any] struct {
	// Name is stored, and unique in a Detect.
	Name    string
	Pattern Pattern[E]
	// OnMatch makes results of a match. at is when it was complete: the time of an event, or of the end of a
	// window. nil: nothing.
	OnMatch func(m Match[E], at time.Time) []R
	// OnTimeout makes results of a partial match whose window has closed, at that time. nil: nothing. A loop
	// may time out in several states with the same events, as in Flink.
	OnTimeout func(m Match[E], at time.Time) []R
	// Changed says what becomes of partial matches of another pattern, which the rule had before. The default
	// refuses to run.
	Changed Changed[E]
}

// Changed says what becomes of the partial matches that are stored when the structure of a pattern (its
// Fingerprint) is another one. Changes in the code of conditions are not seen.
type Changed[E any] struct {
	// Drain are patterns that the rule had before: their partial matches go on, and none begins.
	Drain []Pattern[E]
	// Discard drops partial matches of all other patterns. They are counted.
	Discard bool
}

// Detection says how Detect handles events.
type Detection[K tables.Key, E any] struct {
	// Runs is the table of partial matches: see NewRuns.
	Runs tables.Table[K, Runs]
	// Events stores events until no partial match needs them.
	Events codecs.Codec[E]
	// Less orders events of a key with equal times. nil: as they arrived.
	Less func(a, b E) bool
	// Late takes events whose time the watermark has reached before they came. Without a name, the default,
	// they are dead letters.
	Late stream.Topic[K, E]
}

// Detect looks for patterns in a stream, in the events of each key by themselves. What flows out are the
// results of the rules: for each event in the order of the rules.
//
// Events of a key wait until the watermark has reached their time, and are processed in the order of event
// time. A partial match times out at the moment at which its window closes, also if the key has no further
// event: as soon as the watermark has passed.
func Detect[K tables.Key, E, R any](s stream.Stream[K, E], d Detection[K, E], rules ...Rule[E, R]) stream.Stream[K, R] {
	_, out := (&detector[K, E, R]{d: d}).build(s, rules)
	return out
}

// build makes the group of the table, with its steps.
func (x *detector[K, E, R]) build(s stream.Stream[K, E], rules []Rule[E, R]) (stream.Processor[K, Runs], stream.Stream[K, R]) {
	d := x.d
	err := x.compile(rules)
	table := d.Runs
	table.Codec = runsCodec{accept: x.accept, explain: x.explain, show: x.showEvent}
	p := stream.ProcessorOf(s, table)
	if err != nil {
		p.Mistake(err)
	}
	for _, r := range x.rules {
		p.Pattern(r.Name)
		p.Describe(fmt.Sprintf("detect %s, pattern %s", r.Name, r.now.a.Fingerprint()))
	}
	stream.WithSubs(p, waitingSubs, eventSubs)
	if d.Late.Name != "" {
		x.late = stream.OutputOf(p, d.Late)
	}
	stream.On(p, s, x.arrive)
	due := stream.OnTimer(p, dueTimer, x.due)
	return p, due.Merge(stream.OnTimer(p, windowTimer, x.closed))
}

// The names of what is stored: sub-rows and timers.
const (
	waitingSubs = "waiting" // events that wait for the watermark, by time and arrival
	eventSubs   = "events"  // events that runs hold, by Seq
	dueTimer    = "due"     // events of this time wait
	windowTimer = "window"  // the first window closes
)

// detector is a Detect.
type detector[K tables.Key, E, R any] struct {
	d     Detection[K, E]
	rules []*rule[E, R] // of the program
	late  stream.Output[K, E]

	static   []running[E, R] // those of rules
	live     *Live[E, R]     // nil: no rules come as data
	versions stream.Shared[*liveRules[E, R]]
	counts   stream.Shared[foundCounts]
	known    sync.Map // name under which runs are stored -> machine of a version, for look-ups
}

// rule is a Rule with its automata.
type rule[E, R any] struct {
	Rule[E, R]
	now      machine[E]
	drained  *nfa.Automaton[E] // now's, once another rule took its place
	machines []machine[E]      // all
	live     *liveRule[E, R]   // that it is of; nil: the program's
}

// machine is an automaton with the names under which runs and events are stored for it.
type machine[E any] struct {
	a      *nfa.Automaton[E]
	stored string
	id     uint32
}

var errRule = errors.New("rule")

func (x *detector[K, E, R]) compile(rules []Rule[E, R]) error {
	var mistakes []error
	if x.d.Events == nil {
		mistakes = append(mistakes, errors.New("no codec for events that wait"))
	}
	if len(rules) == 0 && x.live == nil {
		mistakes = append(mistakes, errors.New("nothing to detect: no rules"))
	}
	ids := map[uint32]bool{}
	for _, r := range rules {
		c, err := newRule(r)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("rule %q: %w", r.Name, err))
			continue
		}
		for _, m := range c.machines {
			if ids[m.id] {
				mistakes = append(mistakes, fmt.Errorf("rule %q: it is there twice, or drains a pattern twice", r.Name))
			}
			ids[m.id] = true
			x.static = append(x.static, running[E, R]{c, m})
		}
		x.rules = append(x.rules, c)
	}
	return errors.Join(mistakes...)
}

func newRule[E, R any](r Rule[E, R]) (*rule[E, R], error) {
	c := &rule[E, R]{Rule: r}
	if r.Name == "" {
		return nil, errors.New("it needs a name")
	}
	a, err := r.Pattern.compile()
	if err != nil {
		return nil, err
	}
	if r.Pattern.skip.MissFails {
		return nil, errors.New("a skip strategy that fails on a miss would end the processing of a key: leave MissFails out")
	}
	if _, version := ruleOf(r.Name); version > 0 {
		return nil, errors.New("its name is like those under which versions that come as data are stored")
	}
	c.now, c.drained = newMachine(r.Name, a), a.Draining()
	c.machines = []machine[E]{c.now}
	for _, old := range r.Changed.Drain {
		a, err := old.compile()
		if err != nil {
			return nil, fmt.Errorf("a pattern to drain: %w", err)
		}
		c.machines = append(c.machines, newMachine(r.Name, a.Draining()))
	}
	return c, nil
}

func newMachine[E any](rule string, a *nfa.Automaton[E]) machine[E] {
	return machine[E]{a, rule, machineID(rule, a)}
}

// accept refuses runs that no rule goes on with. The state of the table can't be used then.
func (x *detector[K, E, R]) accept(stored ruleRuns) error {
	r, m := x.find(stored)
	switch {
	case m != nil || r != nil && r.Changed.Discard:
		return nil
	case x.live != nil && isVersion(stored.name):
		return nil // the task knows it, or drops it
	case r == nil:
		return fmt.Errorf("%w %q has partial matches, and is not there any more: let it drain or discard them first", errRule, stored.name)
	}
	return fmt.Errorf("%w %q has partial matches of pattern %s, and is pattern %s now: declare in Changed whether they drain or are discarded",
		errRule, stored.name, stored.fingerprint, r.now.a.Fingerprint())
}

// explain is what stored runs wait for; known is false if they are those of a pattern that is not here.
func (x *detector[K, E, R]) explain(stored ruleRuns) (open []nfa.Waiting, held int, known bool, err error) {
	_, m := x.find(stored)
	if live, ok := x.known.Load(stored.name); ok {
		now := live.(machine[E])
		m = &now
	}
	if m == nil {
		return nil, 0, false, nil
	}
	open, held, err = m.a.Waiting(stored.stored)
	return open, held, true, err
}

// find is the rule and the automaton for stored runs; nil: there is none.
func (x *detector[K, E, R]) find(stored ruleRuns) (*rule[E, R], *machine[E]) {
	for _, r := range x.rules {
		if r.Name != stored.name {
			continue
		}
		for i := range r.machines {
			if r.machines[i].a.Fingerprint() == stored.fingerprint {
				return r, &r.machines[i]
			}
		}
		return r, nil
	}
	return nil, nil
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// instant is a time in ms as package stream has it.
func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
