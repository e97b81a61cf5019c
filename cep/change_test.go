package cep_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// slow is bought with another window.
func slow(c cep.Changed[click]) cep.Rule[click, string] {
	r := bought()
	r.Pattern = r.Pattern.Within(time.Hour)
	r.Changed = c
	return r
}

func TestAChangedPatternRefusesToRunUnlessDeclaredOtherwise(t *testing.T) {
	f := &failure{T: t}
	d := streamtest.New(f, build(t, detected, bought()), now)
	send(t, d, "1 ann cart 0, 9 eve view 10")
	d.Run()
	d.Replace(build(t, detected, slow(cep.Changed[click]{})))
	send(t, d, "2 ann purchase 20, 9 eve view 30")
	f.expect(d.Run)
	says := fmt.Sprintf(`rule "cart" has partial matches of pattern %s, and is pattern %s now`, bought().Pattern.Fingerprint(), slow(cep.Changed[click]{}).Pattern.Fingerprint())
	if !strings.Contains(f.told, says) {
		t.Errorf("it says %q, want %s", f.told, says)
	}
}

// failure is a test that remembers why it should have ended.
type failure struct {
	*testing.T
	told string
}

func (f *failure) Fatalf(format string, args ...any) {
	f.told = fmt.Sprintf(format, args...)
	panic(f)
}

// expect runs what is to fail.
func (f *failure) expect(run func()) {
	defer func() {
		if p := recover(); p != any(f) {
			f.Errorf("it did not fail: %v", p)
		}
	}()
	run()
}

func TestPartialMatchesOfAChangedPatternDrain(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 0, 2 bob cart 0, 9 eve view 10")
	d.Run()
	d.Replace(build(t, detected, slow(cep.Changed[click]{Drain: []cep.Pattern[click]{bought().Pattern}})))
	send(t, d, "3 ann cart 20, 4 ann purchase 30, 5 bob cart 40, 6 eve view 1000") // the old window closes at 600
	want(t, d, "ann: bought 3 4 at 30, ann: bought 1 4 at 30, bob: abandoned 2 at 600")
	send(t, d, "7 bob purchase 1010, 8 eve view 1100")
	want(t, d, "bob: bought 5 7 at 1010")
	if n := d.Counters("shop-runs").Dropped; n != 0 {
		t.Errorf("%d dropped", n)
	}
}

func TestPartialMatchesOfAChangedPatternAreDiscarded(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 0, 9 eve view 10")
	d.Run()
	d.Replace(build(t, detected, slow(cep.Changed[click]{Discard: true})))
	send(t, d, "3 ann cart 20, 4 ann purchase 30, 6 eve view 1000")
	want(t, d, "ann: bought 3 4 at 30")
	if n := d.Counters("shop-runs").Dropped; n != 1 {
		t.Errorf("%d dropped", n)
	}
}

func TestAPatternThatIsAsBeforeGoesOn(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 0, 9 eve view 10")
	d.Run()
	other := bought()
	other.Name = "another"
	d.Replace(build(t, detected, other, bought()))
	send(t, d, "4 ann purchase 30, 6 eve view 1000")
	want(t, d, "ann: bought 1 4 at 30")
}

func TestTheFingerprintChangesWithAnythingThatRunsDependOn(t *testing.T) {
	base := cep.Begin("a", is("a")).FollowedBy("b", is("b")).OneOrMore().Within(time.Minute)
	prints := map[string]string{base.Fingerprint(): "the pattern itself"}
	for name, p := range map[string]cep.Pattern[click]{
		"another name":     cep.Begin("a", is("a")).FollowedBy("c", is("b")).OneOrMore().Within(time.Minute),
		"contiguity":       cep.Begin("a", is("a")).Next("b", is("b")).OneOrMore().Within(time.Minute),
		"times":            base.TimesOrMore(2),
		"optional":         base.Optional(),
		"greedy":           base.Greedy(),
		"consecutive":      base.Consecutive(),
		"combinations":     base.AllowCombinations(),
		"until":            base.Until(is("c")),
		"window":           base.Within(time.Hour),
		"previous window":  base.WithinPrevious(time.Second),
		"skip":             base.SkipPastLastEvent(),
		"skip to":          base.SkipToFirst("b"),
		"skip to another":  base.SkipToFirst("a"),
		"one more step":    base.Next("c", is("c")),
		"a group":          cep.Begin("a", is("a")).FollowedByGroup(cep.Begin("b", is("b"))).OneOrMore().Within(time.Minute),
		"a negated step":   cep.Begin("a", is("a")).NotFollowedBy("b", is("b")).Within(time.Minute),
		"a negated step 2": cep.Begin("a", is("a")).NotNext("b", is("b")).Within(time.Minute),
	} {
		print := p.Fingerprint()
		if other, twice := prints[print]; twice || print == "" {
			t.Errorf("%s: fingerprint %q is that of %s", name, print, other)
		}
		prints[print] = name
	}
	if base.MaxRuns(5, cep.DropOldest).Fingerprint() != base.Fingerprint() {
		t.Error("a limit changes it")
	}
}

func TestTheFingerprintOfAPatternStaysWhatItWas(t *testing.T) {
	if got := bought().Pattern.Fingerprint(); got != "4e9842b090561576" {
		t.Errorf("fingerprint %s: with it stored runs are refused", got)
	}
}
