package engine

import (
	"github.com/tributary-go/tributary/internal/task"
)

// Controls break guarantees on purpose. Only tests set them, to see that they notice.
type Controls struct {
	NoFencing  bool // offsets are committed without the group's generation
	WriteEarly bool // the local store is written before the commit
	// WithoutTransactions writes records and offsets without transactions: at least once, and tables that count
	// twice after a failure. Only the benchmark sets it, to measure what transactions cost.
	WithoutTransactions bool
	// BeforeCommit is called before each transaction, when what it will say is fixed, with the number of input
	// records it stands for. Tests stop or kill the process there.
	BeforeCommit func(records int)
}

// disturb does what the controls say before a transaction.
func (l *life) disturb(cuts []*task.Cut) error {
	c := &l.group.e.cfg.Controls
	if c.WriteEarly {
		if err := l.writeEarly(cuts); err != nil {
			return err
		}
	}
	if c.BeforeCommit != nil {
		n := 0
		for _, cut := range cuts {
			n += cut.Records
		}
		c.BeforeCommit(n)
	}
	return nil
}

// writeEarly is the defect that a store written before the commit has: what an abort takes back from Kafka
// stays in it.
func (l *life) writeEarly(cuts []*task.Cut) error {
	for _, c := range cuts {
		w := l.worker(c.Task.Partition)
		if w == nil || w.store == nil {
			continue
		}
		var ws []task.Write
		for _, o := range c.Table {
			ws = append(ws, task.Write{Key: string(o.Key), Value: o.Value})
		}
		if err := w.store.write(ws, -1); err != nil {
			return err
		}
	}
	return nil
}
