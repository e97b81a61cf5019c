package engine

import "time"

// watchIdleness declares an external partition idle when it has been read to its end for a while. The end is
// asked of the broker each time, so that silence of the network never counts as silence of the topic.
func (w *worker) watchIdleness() {
	for topic, next := range w.quiet() {
		end, err := w.life.group.e.admin.LastVisible(w.life.ctx, topic, w.task.Partition)
		if err != nil {
			continue
		}
		w.settle(topic, next, end)
	}
}

// quiet finds the topics that brought nothing for a while.
func (w *worker) quiet() map[string]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	after := w.life.group.e.cfg.IdleAfter
	var topics map[string]int64
	for topic, p := range w.reached {
		if w.closed || p.idle || time.Since(p.since) < after {
			continue
		}
		if topics == nil {
			topics = map[string]int64{}
		}
		topics[topic] = p.next
		p.since = time.Now().Add(-after * 4 / 5) // not again at once
	}
	return topics
}

// settle declares idleness if nothing has come since and the end is where we stand.
func (w *worker) settle(topic string, next, end int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.reached[topic]
	if w.closed || p.next != next || next < end {
		return
	}
	p.idle = true
	w.task.SetIdle(topic, true)
	w.task.Bootstrap(topic, next, end) // the record that was last may be compacted away
	w.release()
	w.life.kick()
}
