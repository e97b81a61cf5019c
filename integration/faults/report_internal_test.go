package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestACellThatIsPlayedAgainReplacesTheOldOneAndLeavesTheOthers(t *testing.T) {
	faults, cases := []string{"killed", "stopped", "never"}, []string{"a", "b", "unplayed"}
	m := parseMatrix("")
	m.set("stopped", "b", Result{Took: []time.Duration{3 * time.Second, 100 * time.Millisecond, 200 * time.Millisecond}}.cell())
	m.set("killed", "a", "old")
	m = parseMatrix(m.markdown(faults, cases))
	m.set("killed", "a", Result{Took: []time.Duration{time.Second}, Verdict: Verdict{Lost: 1, Duplicated: 2, Wrong: 3}}.cell())
	const want = "| fault | a | b |\n|---|---|---|\n| killed | 1, 2, 3; 1.0 s (1) |  |\n| stopped |  | 0, 0, 0; 0.2 s (3) |\n"
	if got := m.markdown(faults, cases); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAPartOfTheReportIsReplacedAndNothingElse(t *testing.T) {
	const report = "# Title\n<!-- a -->\nold\n<!-- end -->\nbetween\n<!-- b -->\n<!-- end -->\nafter\n"
	got, err := replacePart(report, "a", func(old string) string { return strings.ToUpper(old) + "new" })
	if want := strings.Replace(report, "old\n", "OLD\nnew\n", 1); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	got, err = replacePart(report, "b", func(string) string { return "x\n" })
	if want := strings.Replace(report, "<!-- b -->\n", "<!-- b -->\nx\n", 1); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := replacePart(report, "c", func(string) string { return "" }); err == nil {
		t.Error("a part that is not there was replaced")
	}
}

// With TRIBUTARY_RELIABILITY=write the list is renewed instead.
func TestTheReportListsTheFaultsThatThereAre(t *testing.T) {
	if Reporting() {
		if err := edit("faults", func(string) string { return describeFaults() }); err != nil {
			t.Fatal(err)
		}
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, reportPath))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := replacePart(string(text), "faults", func(string) string { return describeFaults() })
	if err != nil {
		t.Fatal(err)
	}
	if changed != string(text) {
		t.Errorf("%s does not list the faults as they are; this test renews it with TRIBUTARY_RELIABILITY=write:\n%s", reportPath, describeFaults())
	}
}
