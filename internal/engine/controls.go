package engine

import (
	"errors"

	"github.com/tributary-go/tributary/internal/engine/txn"
	"github.com/tributary-go/tributary/internal/task"
)

// Controls break guarantees on purpose. Only tests set them, to see that they notice.
type Controls struct {
	NoFencing  bool // offsets are committed without the group's generation
	WriteEarly bool // the local store is written before the commit
	// EmitOutside sends the first output of each cut before its transaction, and not in it.
	EmitOutside bool
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
	if c.EmitOutside {
		if err := l.emitOutside(cuts); err != nil {
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

// emitOutside is the defect of a record that is sent past its transaction: an abort leaves it, and it is sent again.
func (l *life) emitOutside(cuts []*task.Cut) error {
	conf, err := l.config()
	if err != nil {
		return err
	}
	past, err := txn.New(l.ctx, txn.Config{Client: conf, Brokers: l.group.e.cfg.Connection.Brokers, TransactionalID: l.group.id, WithoutTransactions: true})
	if err != nil {
		return err
	}
	b := newBuilder(cuts)
	for _, c := range cuts {
		takeFirst(b, c)
	}
	return errors.Join(past.Commit(l.ctx, &txn.Transaction{Batches: b.batches}), past.Close())
}

// takeFirst moves the first output of a cut to b.
func takeFirst(b *builder, c *task.Cut) {
	for _, o := range c.Outputs {
		for p, outs := range o.Parts {
			if len(outs) > 0 {
				b.add(o.Topic.Name, int32(p), outs[:1])
				o.Parts[p] = outs[1:]
				return
			}
		}
	}
}
