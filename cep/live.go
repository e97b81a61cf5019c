package cep

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// RuleName is the key of rules that come as data.
type RuleName string

// Live says how rules come as data while the program runs: they are added, replaced, paused and removed by name.
type Live[E, R any] struct {
	// Changes are the documents, which every task is told: see stream.BroadcastFrom.
	Changes stream.Broadcast[RuleName, []byte]
	// Read makes a version of a document. It is called again for each document at a start, and must go on reading
	// what it has read once. An error refuses the document.
	Read func(document []byte) (Version[E, R], error)
}

// Version is a rule that came as data.
type Version[E, R any] struct {
	// Rule is named as its document's key. Changed has no meaning in it.
	Rule[E, R]
	// Number goes up with every change but those of State and From.
	Number int
	// Content tells versions with the same number apart, whatever their State and From.
	Content string
	State   State
	// From is the event time from which it looks at events, or the watermark at which the document comes in if that
	// is later.
	From time.Time
	// Drain is how long partial matches go on once the version was replaced, in event time. 0: as long as the
	// pattern's window; a pattern without a window must say it.
	Drain time.Duration
	// Elsewhere: it looks at other keys. Here it only takes the place of its predecessor.
	Elsewhere bool
}

// State is what a version does.
type State uint8

// The states of a version.
const (
	Active State = iota // finds, and gives results
	Shadow              // finds; what it gives is counted and goes nowhere
	Paused              // begins nothing
)

func (s State) String() string { return [...]string{"active", "shadow", "paused"}[s] }

// DetectLive is Detect with rules that change while the program runs. A change holds from one place of each partition
// of s on, between two events: for events later than the watermark there, so that reading the partition again gives the
// same results. What the version before has begun goes on under that; a version that is removed or paused has no
// successor, and all else is as with one that is replaced. Rules that are given here are in force until a document of
// their name comes, or its removal. A document that is refused becomes a dead letter, and changes nothing.
func DetectLive[K tables.Key, E, R any](s stream.Stream[K, E], d Detection[K, E], live Live[E, R], rules ...Rule[E, R]) stream.Stream[K, R] {
	x := &detector[K, E, R]{d: d, live: &live}
	p, out := x.build(s, rules)
	x.versions = stream.SharedOf(p, versionsValue, liveCodec[K, E, R]{x})
	x.counts = stream.SharedOf(p, countsValue, countsCodec)
	stream.OnBroadcast(p, s, live.Changes, x.change)
	p.Rules(x.report)
	p.Describe("rules that come as data")
	return out
}

// always and never bound the time of versions, in ms.
const (
	always int64 = math.MinInt64
	never  int64 = math.MaxInt64
)

// liveRule is a version as a task has it.
type liveRule[E, R any] struct {
	version  Version[E, R]
	stored   storedVersion
	rule     *rule[E, R] // nil: it is paused
	draining machine[E]
	drain    int64 // ms
}

// liveRules are the versions that a task has, in the order in which they came.
type liveRules[E, R any] struct {
	serial   int64 // of the version that came last
	versions []*liveRule[E, R]
	ended    map[string]int64 // rules of the program that were replaced: from when, ms

	list   []running[E, R] // as of list.from, until list.until
	from   int64
	until  int64
	listed bool
}

// running is an automaton that takes events now.
type running[E, R any] struct {
	rule *rule[E, R]
	machine[E]
}

// ruleOf takes a name under which runs are stored apart: the rule, and its version if it came as data. See
// storedVersion.runs.
func ruleOf(stored string) (rule string, version int) {
	parts := versionRuns.FindStringSubmatch(stored)
	if parts == nil {
		return stored, 0
	}
	version, err := strconv.Atoi(parts[2])
	if err != nil {
		return stored, 0
	}
	return parts[1], version
}

func isVersion(stored string) bool {
	_, version := ruleOf(stored)
	return version > 0
}

var versionRuns = regexp.MustCompile(`^(.+)#(\d+)\.[0-9a-f]{8}$`)

// newLive compiles a version.
func (x *detector[K, E, R]) newLive(s storedVersion) (*liveRule[E, R], error) {
	v, err := x.live.Read(s.Document)
	if err != nil {
		return nil, err
	}
	l := &liveRule[E, R]{version: v, stored: s}
	if v.Name != s.Name {
		return nil, fmt.Errorf("the document is that of rule %q, and its key is %q", v.Name, s.Name)
	}
	if v.Elsewhere {
		return l, nil
	}
	v.Changed = Changed[E]{}
	r, err := newRule(v.Rule)
	if err != nil {
		return nil, err
	}
	l.drain = max(v.Drain.Milliseconds(), r.now.a.Window())
	if l.drain == 0 {
		return nil, fmt.Errorf("its pattern has no window: it has to say for how long it drains once it is replaced")
	}
	if v.State == Paused {
		return l, nil
	}
	r.live = l
	r.now.stored = s.runs(v.Number)
	r.now.id = machineID(r.now.stored, r.now.a)
	l.rule, l.draining = r, r.now
	l.draining.a = r.now.a.Draining()
	x.known.Store(r.now.stored, r.now)
	return l, nil
}

func machineID[E any](stored string, a *nfa.Automaton[E]) uint32 {
	return hash(stored + "\x00" + a.Fingerprint())
}

// at are the automata that take an event of a time, or a window that closes then.
func (x *detector[K, E, R]) at(c stream.Emitter, now int64) ([]running[E, R], error) {
	if x.live == nil {
		return x.static, nil
	}
	l, ok, err := x.versions.Get(c)
	if err != nil || !ok {
		return x.static, err
	}
	if !l.listed || now < l.from || now >= l.until {
		l.arrange(x.rules, now)
	}
	return l.list, nil
}

// arrange makes the list of a time, which holds up to the next time at which something begins or ends.
func (l *liveRules[E, R]) arrange(program []*rule[E, R], now int64) {
	l.list, l.from, l.until, l.listed = nil, always, never, true
	bound := func(at int64) bool {
		if at <= now {
			l.from = max(l.from, at)
		} else {
			l.until = min(l.until, at)
		}
		return at <= now
	}
	for _, r := range program {
		at, replaced := l.ended[r.Name]
		over := replaced && bound(at)
		for i, m := range r.machines {
			if over && i == 0 {
				m.a = r.drained
			}
			l.list = append(l.list, running[E, R]{r, m})
		}
	}
	for _, v := range l.versions {
		if v.rule == nil || !bound(v.stored.From) {
			continue
		}
		m := v.rule.now
		if bound(v.stored.Until) {
			m = v.draining
			if bound(v.gone()) {
				continue
			}
		}
		l.list = append(l.list, running[E, R]{v.rule, m})
	}
}

// gone is the time from which nothing is left of a version.
func (l *liveRule[E, R]) gone() int64 {
	if l.stored.Until > never-l.drain {
		return never
	}
	return l.stored.Until + l.drain
}

// inForce is the version of a rule that came last, and has no end; nil: there is none.
func (l *liveRules[E, R]) inForce(name string) *liveRule[E, R] {
	for _, v := range slices.Backward(l.versions) {
		if v.stored.Name == name && v.stored.Until == never {
			return v
		}
	}
	return nil
}

// find is the automaton for stored runs; nil: nothing goes on with them.
func (k *key[K, E, R]) find(stored ruleRuns) *machine[E] {
	for i := range k.list {
		if m := &k.list[i].machine; m.stored == stored.name && m.a.Fingerprint() == stored.fingerprint {
			return m
		}
	}
	return nil
}

// leaveGone leaves the runs of versions that are gone behind.
func (k *key[K, E, R]) leaveGone() {
	if k.x.live == nil {
		return
	}
	for _, r := range slices.Clone(k.w.runs) {
		if !slices.ContainsFunc(k.list, func(x running[E, R]) bool { return x.id == r.id }) {
			k.w.set(r.id, nfa.Runs[E]{})
			k.c.Dropped(1)
		}
	}
}
