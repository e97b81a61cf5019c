package topologies_test

import (
	"testing"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/topologies"
)

func TestEachTableTakesACompactedResultOfATopology(t *testing.T) {
	results := map[string]bool{}
	for _, e := range topologies.All() {
		topology, err := e.New(topologies.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range topology.Plan().Topics {
			results[x.Name] = x.Kind == task.Result && x.Compacted
		}
	}
	seen := map[string]bool{}
	for _, p := range topologies.Tables() {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		if !results[p.Topic] {
			t.Errorf("table %s takes topic %s, which is no compacted result", p.Table, p.Topic)
		}
		if seen[p.Table] {
			t.Errorf("table %s is declared twice", p.Table)
		}
		seen[p.Table] = true
	}
}
