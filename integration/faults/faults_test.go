package faults_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/faults"
)

func TestMain(m *testing.M) { os.Exit(faults.Main(m)) }

// real reports whether the faults happen on a Kafka, not on the broker in memory.
func real() bool { return os.Getenv("TRIBUTARY_KAFKA") != "" }

// TestFaults brings faults to use cases. Which ones: see choose.
func TestFaults(t *testing.T) {
	for _, f := range faults.All() {
		t.Run(f.Name, func(t *testing.T) {
			sideBySide(t)
			for _, c := range faults.Cases() {
				if f.Cases == nil || slices.Contains(f.Cases, c.Name) {
					t.Run(c.Name, func(t *testing.T) { play(t, f, c) })
				}
			}
		})
	}
}

func play(t *testing.T, f faults.Fault, c faults.Case) {
	p, ok := choose(f.Name, c.Name)
	if !ok {
		t.Skip("left out here: name it with -run, or set TRIBUTARY_FAULTS=all")
	}
	sideBySide(t)
	r := faults.Observe(t, cluster(t), f, c, p)
	if faults.Reporting() {
		if err := faults.Record(r); err != nil {
			t.Error(err)
		}
	}
	if !r.Verdict.Exact() {
		t.Errorf("not exactly once: %v", r.Verdict)
	}
}

// sideBySide lets cells run at the same time where each has a broker of its own. Times suffer, so not for the report.
func sideBySide(t *testing.T) {
	if !real() && !faults.Reporting() {
		t.Parallel()
	}
}

func cluster(t *testing.T) brokers.Cluster {
	if !real() {
		return brokers.Embedded(t)
	}
	c := brokers.Real(t)
	if len(c.IDs()) == 0 {
		t.Skip("topics are deleted, which is only done on brokers that this process has started: set TRIBUTARY_KAFKA=local, local3, containers or containers3")
	}
	return c
}

// few are played by go test: faults, and the use cases that they happen to.
var few = map[string][]string{
	"killed":             {"countsum", "coupon", "premiumdrop"},
	"suspended":          {"channelgmv"},
	"state deleted":      {"hourlypremium"},
	"torn files":         {"lastpage"},
	"flipped bytes":      {"channelgmv"},
	"two join and leave": {"lastpage"},
}

// more are played on a Kafka: every use case is killed ten times, and other faults happen to one each.
var more = map[string][]string{
	"killed":              nil, // all
	"dead for long":       {"coupon"},
	"suspended":           {"countsum"},
	"state deleted":       {"hourlypremium"},
	"torn files":          {"channelgmv"},
	"flipped bytes":       {"lastpage"},
	"disk full":           {"channelgmv"},
	"four join and leave": {"lastpage"},
	"rolling upgrade":     {"hourlypremium"},
	"broker killed":       {"premiumdrop"},
	"broker restarted":    {"channelgmv"},
	"leaders moved":       {"clickalerts"},
	"connections reset":   {"countsum"},
}

// choose says how a cell is played, and whether it is at all: those that -run names, all with TRIBUTARY_FAULTS=all, and
// otherwise a few.
func choose(fault, useCase string) (faults.Plan, bool) {
	set, p := few, faults.Plan{Times: 2, Session: 2 * time.Second, Pause: time.Second, Warm: time.Second}
	if real() {
		set, p = more, faults.Plan{Times: 1, Session: 3 * time.Second, Pause: time.Second}
	}
	if all := strings.Contains(flag.Lookup("test.run").Value.String(), "/") || os.Getenv("TRIBUTARY_FAULTS") == "all"; all || real() {
		if fault == "killed" {
			p.Times = 10
		} else if all {
			p.Times = 3
		}
		if all {
			return p, true
		}
	}
	cases, ok := set[fault]
	return p, ok && (cases == nil || slices.Contains(cases, useCase))
}
