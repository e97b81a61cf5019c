// Package nfa matches patterns over events: a pattern becomes an automaton, whose runs are values.
//
// [Compile] checks a pattern and makes an immutable [Automaton] of it. [Automaton.Process] and
// [Automaton.Advance] are pure functions: from runs and an event, or a time, to other runs, and what was found.
// Who keeps the runs of a key, and in which order events come, is up to the caller.
//
// The language and its semantics are FlinkCEP's: the same events give the same matches and the same partial
// matches that timed out, in the same order.
package nfa

import "time"

// Pattern describes what to look for: steps that events must take in turn.
type Pattern[E any] struct {
	Steps []Step[E]
	Skip  Skip
	Limit Limit
}

// Step is one step of a pattern: events that satisfy a condition, or a group of steps in place of one.
type Step[E any] struct {
	// Name is unique in the pattern. Groups have none.
	Name string
	// Group stands in place of Name and Where: a sequence of steps that is quantified as a whole.
	Group []Step[E]
	// Contiguity says what may lie between this step and the one before it. The first step of a pattern or a
	// group must have Begin.
	Contiguity Contiguity
	// Where says which events this step takes. It can't be nil: a step for every event says so.
	Where Condition[E]
	// Times is how often the step is taken; zero: once.
	Times Times
	// Inside says what may lie between the events of a step that is taken several times.
	Inside Inside
	// Optional: the step may be left out.
	Optional bool
	// Greedy: a run goes on to the next step only with events that this step does not take.
	Greedy bool
	// Until ends a loop: the event for which it is true and all after it don't belong to the loop.
	Until Condition[E]
	// Within bounds the time from the first to the last event of a match, exclusively. The smallest of all
	// steps counts; but that of the last step of a group does not, as in Flink. 0: no bound.
	Within time.Duration
	// WithinPrevious bounds the time from the event before this step to the step's own, exclusively. As in
	// Flink it says nothing about a step that has Times; see Times.Gap. 0: no bound.
	WithinPrevious time.Duration
}

// Condition says whether a step takes e. m is what the run has taken so far, without e; steps that were not
// taken, and negated ones, have no events there. It must be a pure function.
type Condition[E any] func(e E, m Match[E]) bool

// Contiguity says what may lie between a step and the one before it.
type Contiguity uint8

// The contiguities, by the names that Flink gives them.
const (
	Begin         Contiguity = iota // first step of a pattern or group
	Next                            // nothing
	FollowedBy                      // events that the step does not take
	FollowedByAny                   // any events, also those that the step could take
	NotNext                         // negated: the next event is none of these
	NotFollowedBy                   // negated: none of these until the step after it, or until the window closes
)

func (c Contiguity) String() string {
	return [...]string{"begin", "next", "followedBy", "followedByAny", "notNext", "notFollowedBy"}[c]
}

func (c Contiguity) negated() bool { return c == NotNext || c == NotFollowedBy }

// Times is how often a step is taken. The zero value is once.
type Times struct {
	Min, Max int // Max is Unbounded for loops
	// Gap bounds, as in Flink, the time between the first and the second event only, and nothing in a loop
	// that begins with one event. It is here for patterns written for Flink. 0: no bound.
	Gap time.Duration
}

// Unbounded is the Max of a loop.
const Unbounded = -1

func (t Times) once() bool { return t == Times{} }
func (t Times) loop() bool { return t.Max == Unbounded }

// Inside says what may lie between the events of one step.
type Inside uint8

// What may lie inside a step that is taken several times.
const (
	Relaxed           Inside = iota // events that the step does not take; the default
	Consecutive                     // nothing
	AllowCombinations               // any events, also those that the step could take
)

func (i Inside) String() string { return [...]string{"relaxed", "consecutive", "allowCombinations"}[i] }

// Skip says which runs a match ends.
type Skip struct {
	Strategy SkipStrategy
	Step     string // of SkipToFirst and SkipToLast
	// MissFails makes SkipToFirst and SkipToLast fail on a match in which the step took no event, or whose
	// first event is the one to skip to. Otherwise such a match skips nothing.
	MissFails bool
}

// SkipStrategy is what happens to other runs when there is a match.
type SkipStrategy uint8

// The strategies. With any but NoSkip a match waits until no run that began earlier is open.
const (
	NoSkip      SkipStrategy = iota // nothing: every match is found
	SkipToNext                      // runs that began with the same event end
	SkipPast                        // runs that began up to the match's last event end
	SkipToFirst                     // runs that began before the first event of Step end
	SkipToLast                      // runs that began before the last event of Step end
)

func (s SkipStrategy) String() string {
	return [...]string{"noSkip", "skipToNext", "skipPastLast", "skipToFirst", "skipToLast"}[s]
}

// Limit bounds the runs that are open for a key. What it drops is neither a match nor a time-out; it is
// counted in Outcome.Dropped.
type Limit struct {
	Runs int // 0: no bound
	Drop Drop
}

// Drop says which runs have to go.
type Drop uint8

// The runs that go when there are too many.
const (
	DropOldest Drop = iota // those that began first
	DropNewest             // those that began last
)

func (d Drop) String() string { return [...]string{"dropOldest", "dropNewest"}[d] }
