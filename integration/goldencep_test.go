package integration_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/tributary-go/tributary/integration/golden"
)

// TestGoldenCEP compares with FlinkCEP's answers: the cases of the repository, and those in the folders that
// the environment variable TRIBUTARY_GOLDEN lists (suite/*.json, business/*.json, random.jsonl).
func TestGoldenCEP(t *testing.T) {
	t.Run("archive", func(t *testing.T) { checkPatterns(t, archivedPatterns(t)) })
	for _, dir := range filepath.SplitList(os.Getenv("TRIBUTARY_GOLDEN")) {
		cases, err := golden.LoadCEP(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		if len(cases) > 0 {
			t.Run(filepath.Base(dir), func(t *testing.T) { checkPatterns(t, cases) })
		}
	}
}

func archivedPatterns(t *testing.T) []golden.CEPCase {
	t.Helper()
	cases, err := golden.ArchivedCEP()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func checkPatterns(t *testing.T, cases []golden.CEPCase) {
	for i := range cases {
		t.Run(cases[i].Family+"/"+cases[i].Name, func(t *testing.T) { golden.CheckCEP(t, &cases[i]) })
	}
}

func TestTheArchiveHoldsAllPatternsOfTheReference(t *testing.T) {
	got := map[string]int{}
	for _, c := range archivedPatterns(t) {
		got[c.Family]++
	}
	if want := map[string]int{"suite": 204, "random": 200, "business": 25}; !maps.Equal(got, want) {
		t.Errorf("cases per family: %v, want %v", got, want)
	}
}

func TestEveryExceptionOfDetectNamesACase(t *testing.T) {
	names := map[string]bool{}
	for _, c := range archivedPatterns(t) {
		names[c.Name] = true
	}
	for name, x := range golden.DetectExceptions {
		if !names[name] || x.Reason == "" || len(x.More)+len(x.Less) == 0 {
			t.Errorf("exception %s: there is no such case, no reason, or nothing that differs", name)
		}
	}
}

// TestDetectFindsWhatFlinkFinds runs the same cases through cep.Detect.
func TestDetectFindsWhatFlinkFinds(t *testing.T) {
	for _, c := range archivedPatterns(t) {
		t.Run(c.Family+"/"+c.Name, func(t *testing.T) {
			if c.Error != "" {
				t.Skip("Flink's job failed")
			}
			golden.CheckDetectCEP(t, &c)
		})
	}
}

// TestClickAlertsAreThoseOfTheReference runs the click streams through the topology. With several partitions
// others may be late than Flink saw, and clicks of one time don't keep the order in which they arrived: there it
// runs those without late clicks, and without two of a session or user at one time.
func TestClickAlertsAreThoseOfTheReference(t *testing.T) {
	for _, c := range archivedPatterns(t) {
		if c.Family != "business" {
			continue
		}
		for _, e := range engines {
			for _, n := range partitions {
				t.Run(fmt.Sprintf("%s/%s-%d", c.Name, e.Name(), n), func(t *testing.T) {
					t.Parallel()
					if n > 1 && (len(c.Late) > 0 || c.Ties()) {
						t.Skip("some clicks are late, or come at one time")
					}
					golden.CheckClickAlerts(t, e, &c, golden.Options{Partitions: n, Start: arrival})
				})
			}
		}
	}
}
