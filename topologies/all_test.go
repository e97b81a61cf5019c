package topologies_test

import (
	"testing"
	"time"

	"github.com/tributary-go/tributary/topologies"
)

func TestEveryTopologyBuildsUnderItsNameWithAnySettings(t *testing.T) {
	for _, e := range topologies.All() {
		for _, s := range []topologies.Settings{{}, {Retain: e.Retain}, {Zone: time.UTC, From: time.Now(), Retain: time.Hour, RuleTopic: "rules"}} {
			topology, err := e.New(s)
			if err != nil {
				t.Errorf("%s with %+v: %v", e.Name, s, err)
				continue
			}
			if topology.Name() != e.Name || e.Doc == "" || e.Retain < 0 {
				t.Errorf("topology %s is listed as %+v", topology.Name(), e)
			}
		}
	}
}

func TestTopologiesAreFoundByName(t *testing.T) {
	for _, want := range topologies.All() {
		if got, ok := topologies.Named(want.Name); !ok || got.Name != want.Name {
			t.Errorf("%s: found %q, %v", want.Name, got.Name, ok)
		}
	}
	if e, ok := topologies.Named("nothing"); ok {
		t.Errorf("found %q", e.Name)
	}
}
