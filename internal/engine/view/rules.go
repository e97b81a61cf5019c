package view

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
)

// keep keeps a value of a task's own. The caller holds the lock.
func (v *View) keep(partition int32, key string, value []byte) {
	name, ok := task.SharedName(key)
	if !ok {
		return
	}
	if value == nil {
		delete(v.shared, place{partition, name})
		return
	}
	v.shared[place{partition, name}] = value
}

// Rules implements lookup.Ruled.
func (v *View) Rules(partition int32) ([]lookup.RuleVersion, bool, error) {
	if v.spec.Rules == nil {
		return nil, false, nil
	}
	all, err := v.spec.Rules(func(name string) []byte {
		v.mu.RLock()
		defer v.mu.RUnlock()
		return v.shared[place{partition, name}]
	})
	if err != nil {
		return nil, true, fmt.Errorf("table %s, partition %d: rules: %w", v.spec.Info.Name, partition, err)
	}
	rules := []lookup.RuleVersion{}
	for _, r := range all {
		x := lookup.RuleVersion{Rule: r.Rule, State: r.State, From: known(r.From), Matches: r.Matches, Timeouts: r.Timeouts}
		if r.Version > 0 {
			x.Version = &r.Version
		}
		if r.Until != task.EndOfTime {
			x.Until = &r.Until
		}
		rules = append(rules, x)
	}
	return rules, true, nil
}
