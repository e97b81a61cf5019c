package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// tableOutcome is one result table, named like its topic.
type tableOutcome[R comparable] struct {
	*table[R]
	read func([]byte) (R, error) // nil: as JSON
}

func newTableOutcome[R comparable](topic string, want map[string]R, read func([]byte) (R, error)) outcome {
	return tableOutcome[R]{newTable(topic, want), read}
}

func (o tableOutcome[R]) topics() []string { return []string{o.name} }

func (o tableOutcome[R]) again() outcome {
	return newTableOutcome(o.name, o.want, o.read)
}

func (o tableOutcome[R]) take(r *kgo.Record) error {
	if o.read == nil || r.Value == nil {
		return o.table.take(r)
	}
	row, err := o.read(r.Value)
	if err != nil {
		return fmt.Errorf("topic %s, partition %d, offset %d: %q: %w", r.Topic, r.Partition, r.Offset, r.Value, err)
	}
	o.set(string(r.Key), row)
	return nil
}
