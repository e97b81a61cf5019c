package view

import (
	"encoding/json"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
)

// Specs are the tables of a topology that can be read: its compacted results, and the state of its groups.
func Specs(t *task.Topology) []Spec {
	var all []Spec
	groups := map[uint32]string{}
	for _, g := range t.Groups {
		groups[task.SenderID(g.Name)] = g.Name
	}
	for _, x := range t.Topics {
		if x.Kind == task.Result && x.Compacted {
			all = append(all, Spec{
				Info: lookup.Info{Name: x.Name, Topic: x.Name, Key: "key of the topic", Doc: "Result of topology " + t.Name + "."},
				JSON: func(b []byte) (json.RawMessage, error) { return b, nil },
			})
		}
	}
	for _, g := range t.Groups {
		if g.Table != nil {
			all = append(all, Spec{
				Info: lookup.Info{Name: g.Table.Name, Topic: g.Table.Topic(), Key: "key of the table", Doc: "State of topology " + t.Name + ".", Patterns: g.Table.Patterns},
				JSON: stateJSON(g.Table), Groups: groups, Rules: g.Table.Rules,
			})
		}
	}
	return all
}

func stateJSON(t *task.Table) func([]byte) (json.RawMessage, error) {
	return func(b []byte) (json.RawMessage, error) {
		_, _, payload, err := task.ParseRow(b)
		if err != nil {
			return nil, err
		}
		row, err := t.Rows.Decode(payload)
		if err != nil {
			return nil, err
		}
		return t.Rows.JSON(row)
	}
}
