package task

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// RuleVersion is a version of a rule that came as data, as those see it who look it up.
type RuleVersion struct {
	Rule     string
	Version  int    // 0: the rule is part of the program
	State    string // active, shadow or paused
	From     int64  // event time from which it looks at events, ms; NoTime: always
	Until    int64  // event time from which it only goes on with what it has begun, ms; EndOfTime: it is the one in force
	Matches  int64  // results of matches that it gave in this partition, or would have
	Timeouts int64  // the same of partial matches that timed out
}

// FoundBy says who found something: for counters.
type FoundBy struct {
	Rule    string
	Version int
	State   string
}

// Found counts what the versions of rules found. The zero value is ready.
type Found struct {
	mu sync.Mutex
	by map[FoundBy]int64
}

// Add counts n results.
func (f *Found) Add(by FoundBy, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[FoundBy]int64{}
	}
	f.by[by] += int64(n)
}

// Each calls f for all counts, in the order of rules and versions.
func (f *Found) Each(each func(by FoundBy, n int64)) {
	f.mu.Lock()
	counts := maps.Clone(f.by)
	f.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b FoundBy) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Version, b.Version), cmp.Compare(a.State, b.State))
	})
	for _, k := range keys {
		each(k, counts[k])
	}
}
