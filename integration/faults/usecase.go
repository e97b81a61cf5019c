package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tributary-go/tributary/integration/kills"
)

// Case is a use case: a program, its input, and how its results are judged.
type Case struct {
	// Name is that of the column in the report and of the test.
	Name string
	// Program is the folder of the binary in the module.
	Program string
	// Inputs are the topics that are fed.
	Inputs []string
	// Outputs are topics whose records show that it goes on.
	Outputs []string
	// Others are topics that the program writes beside Outputs and those whose names begin with Name and a dash. A run
	// deletes them all before it begins.
	Others []string
	// View is a result table that a look-up follows all the while, and must show as the topic has it. Empty: none.
	View string
	// Rate is how many records are fed per second.
	Rate int
	// Partition is where a key goes, of n partitions. Nil: where Java's producer puts it.
	Partition func(key []byte, n int) int
	// Flags are the program's own. Those that all programs have are given to it anyway, unless Bare is set: then these
	// are all that it gets.
	Flags func(s *Stage) []string
	Bare  bool
	// Feed makes records, the same for the same random source. Keys are so few that a run of seconds changes each of them
	// often.
	Feed func(r *rand.Rand) Source
	// Prepare is called before the processes start. It must create the inputs. Nil: they are created.
	Prepare func(s *Stage) error
	// Settled reports whether the input has come to its end: no more than the feed is expected. Nil: it has.
	Settled func(s *Stage) error
	// Verify recomputes the results from the input topics and compares them with what was written.
	Verify func(s *Stage) (Verdict, error)
}

// Source makes the records of a use case, on and on.
type Source interface {
	// Next makes one or more records.
	Next() []Entry
	// Last makes the records that end the input: what is waited for comes with them.
	Last() []Entry
}

// Entry is a record of an input topic.
type Entry struct{ Topic, Key, Value string }

// Verdict is what a verifier found. All zero: everything is as the recount has it.
type Verdict struct {
	Records int // of the input
	Results int // that were compared
	// Lost: results or contributions that are missing. Duplicated: those that are there more than once. Wrong: all
	// other differences; verifiers that do not tell the kinds apart count everything here.
	Lost, Duplicated, Wrong int
	// Examples describe the first differences.
	Examples []string
}

// Exact reports whether nothing was found.
func (v Verdict) Exact() bool { return v.Lost == 0 && v.Duplicated == 0 && v.Wrong == 0 }

func (v Verdict) String() string {
	s := fmt.Sprintf("%d records, %d results compared: %d lost, %d duplicated, %d wrong", v.Records, v.Results, v.Lost, v.Duplicated, v.Wrong)
	for _, e := range v.Examples {
		s += "\n" + e
	}
	return s
}

func (v *Verdict) lost(n int, format string, args ...any) { v.Lost += n; v.example(format, args...) }
func (v *Verdict) duplicated(n int, format string, args ...any) {
	v.Duplicated += n
	v.example(format, args...)
}
func (v *Verdict) wrong(format string, args ...any) { v.Wrong++; v.example(format, args...) }

func (v *Verdict) example(format string, args ...any) {
	if len(v.Examples) < 10 {
		v.Examples = append(v.Examples, fmt.Sprintf(format, args...))
	}
}

// found takes over what a verifier found that does not tell kinds apart.
func (v *Verdict) found(f kills.Found) {
	v.Wrong += f.Differences
	for _, e := range f.Examples {
		v.example("%s", e)
	}
}

// compareCounts judges a count of contributions: fewer than the recount has are lost, more are duplicated.
func (v *Verdict) compareCounts(what string, got, want int64) bool {
	switch {
	case got < want:
		v.lost(int(want-got), "%s: %d, the recount has %d", what, got, want)
	case got > want:
		v.duplicated(int(got-want), "%s: %d, the recount has %d", what, got, want)
	}
	return got == want
}

// Cases are the use cases, in the order of the report.
func Cases() []Case {
	return []Case{countSum(), channelGMV(), hourlyPremium(), coupon(), premiumDrop(), lastPage(), clickAlerts()}
}

// Named is a new use case of that name.
func Named(t testing.TB, name string) Case {
	t.Helper()
	for _, c := range Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no use case %s", name)
	return Case{}
}

func (c Case) binary(t testing.TB) string {
	t.Helper()
	return Build(t, c.Program)
}
