package faults_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/faults"
)

// TestHowLongPartitionsAreSilent measures and does not judge.
func TestHowLongPartitionsAreSilent(t *testing.T) {
	if os.Getenv("TRIBUTARY_FAULTS") != "all" && !strings.Contains(flag.Lookup("test.run").Value.String(), "HowLong") {
		t.Skip("takes a minute: name it with -run, or set TRIBUTARY_FAULTS=all")
	}
	text := faults.Figures(t, cluster(t), 5)
	t.Logf("\n%s", text)
	if faults.Reporting() {
		if err := faults.RecordText("figures", text); err != nil {
			t.Error(err)
		}
	}
}
