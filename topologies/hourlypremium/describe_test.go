package hourlypremium_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

var update = flag.Bool("update", false, "write the files in testdata instead of comparing with them")

func TestTheTopologyIsTheOneInTestdata(t *testing.T) {
	topology, err := hourlypremium.Topology(hourlypremium.Config{Retain: hourlypremium.DefaultRetain})
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

func TestAnUnknownIdentityIsRefused(t *testing.T) {
	_, err := hourlypremium.Topology(hourlypremium.Config{Identity: "customer_tel"})
	if err == nil || !strings.Contains(err.Error(), `"customer_tel": it must be id or order_no`) {
		t.Errorf("error %v", err)
	}
}
