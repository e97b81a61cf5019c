package engine

import (
	"github.com/tributary-go/tributary/internal/task"
)

// writeEarly is the defect that a store written before the commit has: what an abort takes back from Kafka
// stays in it. Tests switch it on to see that they notice.
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
