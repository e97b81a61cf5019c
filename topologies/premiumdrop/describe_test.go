package premiumdrop_test

import (
	"flag"
	"os"
	"testing"

	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

var update = flag.Bool("update", false, "write the files in testdata instead of comparing with them")

func TestTheTopologyIsTheOneInTestdata(t *testing.T) {
	topology, err := premiumdrop.Topology(premiumdrop.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"testdata/describe.txt": topology.Describe(), "testdata/mermaid.txt": topology.Mermaid()} {
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is no longer right; if the change is meant, run the tests with -update\ngot:\n%s\nwant:\n%s", file, got, want)
		}
	}
}
