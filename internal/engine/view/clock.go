package view

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
)

// Clock implements lookup.Clocked: changelogs carry the clock of each partition.
func (v *View) Clock(partition int32) (lookup.Clock, bool, error) {
	v.mu.RLock()
	b := v.clocks[partition]
	v.mu.RUnlock()
	if b == nil {
		return lookup.Clock{}, false, nil
	}
	watermark, held, senders, err := task.ParseClock(b)
	if err != nil {
		return lookup.Clock{}, false, fmt.Errorf("table %s, partition %d: %w", v.spec.Info.Name, partition, err)
	}
	c := lookup.Clock{Watermark: known(watermark)}
	for i, s := range senders {
		c.Senders = append(c.Senders, lookup.Sender{
			Topic: s.Topic, Group: v.spec.Groups[s.Group], Partition: s.Partition, Watermark: known(s.Watermark), Idle: s.Idle, Holds: held && i == 0,
		})
	}
	return c, true, nil
}

// known is a time in ms; nil for one that is not known.
func known(ms int64) *int64 {
	if ms == task.NoTime {
		return nil
	}
	return &ms
}
