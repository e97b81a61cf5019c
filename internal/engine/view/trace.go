package view

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
)

// place is where a trace lies: a partition, and the key there.
type place struct {
	partition int32
	key       string
}

// Left implements lookup.Traced.
func (v *View) Left(key string) (lookup.Row, bool, error) {
	p := v.PartitionOf(key)
	v.mu.RLock()
	b := v.traces[place{p, task.TraceOf(key)}]
	v.mu.RUnlock()
	if b == nil {
		return lookup.Row{}, false, nil
	}
	whose, stored, err := task.ParseTrace(b)
	if err != nil {
		return lookup.Row{}, false, fmt.Errorf("table %s, partition %d, trace of key %q: %w", v.spec.Info.Name, p, key, err)
	}
	if whose != key {
		return lookup.Row{}, false, nil
	}
	shown, err := v.show(row{key: key, value: stored, partition: p})
	return shown, err == nil, err
}
