package integration_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/golden"
)

// engines run every case of TestGolden. Without a Kafka the last one skips its cases.
var engines = []golden.Engine{
	golden.Memory{},
	golden.OnBroker{Label: "embedded", Cluster: brokers.Embedded},
	golden.OnBroker{Label: "kafka", Cluster: brokers.Real},
}

// TestMain lets more tests wait beside each other than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8")
	}
	os.Exit(m.Run())
}

// partitions are those with which each case is run. Inputs are keyed by what the topology keys them by, so
// that the versions of an order keep their order.
var partitions = []int{1, 4}

// TestGolden compares with Flink's answers: the cases of the repository and those in the folders that the
// environment variable TRIBUTARY_GOLDEN lists, separated as in PATH.
func TestGolden(t *testing.T) {
	t.Run("archive", func(t *testing.T) { runAll(t, archived(t)) })
	for _, dir := range filepath.SplitList(os.Getenv("TRIBUTARY_GOLDEN")) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cases, err := golden.Load(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			if patterns, err := golden.LoadCEP(os.DirFS(dir)); err == nil && len(cases) == 0 && len(patterns) > 0 {
				t.Skip("a folder of patterns: see TestGoldenCEP")
			}
			if len(cases) == 0 {
				t.Fatalf("%s holds no cases: TRIBUTARY_GOLDEN lists folders of <use case>/<case>/case.json", dir)
			}
			runAll(t, cases)
		})
	}
}

func archived(t *testing.T) []golden.Case {
	t.Helper()
	cases, err := golden.Archived()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func runAll(t *testing.T, cases []golden.Case) {
	for _, c := range cases {
		for _, e := range engines {
			for _, n := range partitions {
				t.Run(fmt.Sprintf("%s/%s/%s-%d", c.UseCase, c.Name, e.Name(), n), func(t *testing.T) {
					t.Parallel() // most of the time of a case on a broker is waiting
					if _, known := golden.UseCases[c.UseCase]; !known {
						t.Skipf("use case %s has no topology yet", c.UseCase)
					}
					if testing.Short() && len(c.Inputs) > 1000 {
						t.Skip("a large case")
					}
					golden.Check(t, e, c, golden.Options{Partitions: n, Start: arrival})
				})
			}
		}
	}
}

// arrival is when all inputs arrive. Nothing that is compared depends on it.
var arrival = time.Date(2021, 3, 25, 12, 3, 0, 0, time.UTC)

func TestTheArchiveHoldsAllCasesOfTheReference(t *testing.T) {
	got := map[string]int{}
	for _, c := range archived(t) {
		got[c.UseCase]++
	}
	if want := map[string]int{"000": 21, "001": 26, "001d": 14, "002a": 19, "002b": 13, "002c": 13}; !maps.Equal(got, want) {
		t.Errorf("cases per use case: %v, want %v", got, want)
	}
}

func TestEveryExceptionNamesACase(t *testing.T) {
	names := map[string]bool{}
	for _, c := range archived(t) {
		names[c.UseCase+"/"+c.Name] = true
	}
	for name, x := range golden.Exceptions {
		if !names[name] || x.Reason == "" {
			t.Errorf("exception %s: there is no such case, or no reason", name)
		}
	}
}
