package coupon_test

import (
	"flag"
	"os"
	"testing"

	"github.com/tributary-go/tributary/topologies/coupon"
)

var update = flag.Bool("update", false, "write the files in testdata instead of comparing with them")

func TestTheTopologyIsTheOneInTestdata(t *testing.T) {
	for suffix, c := range map[string]coupon.Config{
		"":         {Retain: coupon.DefaultRetain},
		"-coupons": {Retain: coupon.DefaultRetain, Campaigns: []coupon.Campaign{}},
	} {
		topology, err := coupon.Topology(c)
		if err != nil {
			t.Fatal(err)
		}
		isGolden(t, "testdata/describe"+suffix+".txt", topology.Describe())
		isGolden(t, "testdata/mermaid"+suffix+".txt", topology.Mermaid())
	}
}

func isGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is no longer right; if the change is meant, run the tests with -update\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}
