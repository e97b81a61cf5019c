package faults_test

import (
	"cmp"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/faults"
)

// TestSoak runs for as long as TRIBUTARY_SOAK says, with TRIBUTARY_SOAK_KILLS kills (100), on the use case
// TRIBUTARY_SOAK_CASE (channelgmv), at TRIBUTARY_SOAK_RATE records per second (70 % of what the machine can do).
func TestSoak(t *testing.T) {
	if os.Getenv("TRIBUTARY_SOAK") == "" {
		t.Skip("runs for long: make soak, or set TRIBUTARY_SOAK to a duration")
	}
	d, err := time.ParseDuration(os.Getenv("TRIBUTARY_SOAK"))
	if err != nil {
		t.Fatalf("TRIBUTARY_SOAK: %v", err)
	}
	k := faults.PlaySoak(t, cluster(t), faults.Named(t, cmp.Or(os.Getenv("TRIBUTARY_SOAK_CASE"), "channelgmv")), faults.SoakPlan{
		Duration: d, Kills: number(t, "TRIBUTARY_SOAK_KILLS", 100), Rate: number(t, "TRIBUTARY_SOAK_RATE", 0),
	})
	t.Log(k)
	if faults.Reporting() {
		if err := faults.RecordText("soak", k.String()); err != nil {
			t.Error(err)
		}
	}
	if !k.Verdict.Exact() {
		t.Errorf("not exactly once: %v", k.Verdict)
	}
	for _, l := range k.Levels {
		if !l.Flat() {
			t.Errorf("it rises: %v", l)
		}
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
