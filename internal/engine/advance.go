package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

// advanceEvery is how often the time of quiet topics goes on; each step is a commit of the groups that hear of it.
const advanceEvery = time.Second

// silence is what a life knows of the quiet of its group's external inputs: of all their partitions, those of
// other instances too.
type silence struct {
	asked time.Time
	ends  map[string][]int64 // of the topics when asked last; nil: something was still to be read
	until time.Time          // wall clock up to which event time went on, or from which on it will
}

// lasts takes note that all was read up to these ends at a moment, and returns how far time goes on: not at all
// unless the ends are those of last time, and first of all stand still for after.
func (s *silence) lasts(at time.Time, ends map[string][]int64, after time.Duration) time.Duration {
	if !s.same(ends) {
		s.ends, s.until = ends, at.Add(after)
		return 0
	}
	by := at.Sub(s.until)
	if by <= 0 {
		return 0
	}
	s.until = at
	return by
}

func (s *silence) same(ends map[string][]int64) bool {
	return s.ends != nil && maps.EqualFunc(s.ends, ends, slices.Equal[[]int64])
}

// advance lets the event time of topics go on that declare it, while all external inputs of the group are read to
// their ends, as the brokers confirm each time.
func (l *life) advance() {
	quiet, all := l.group.external()
	if len(quiet) == 0 || time.Since(l.silence.asked) < advanceEvery {
		return
	}
	l.silence.asked = time.Now()
	by, ok := l.quietFor(all)
	if !ok {
		l.silence.ends = nil
		return
	}
	for _, w := range l.all() {
		w.advance(quiet, by)
	}
}

// quietFor is by how much time goes on now; false: something is, or may be, still to be read.
func (l *life) quietFor(topics []string) (time.Duration, bool) {
	if !l.allIdle() {
		return 0, false
	}
	at := time.Now()
	ends, err := l.group.e.admin.EndOffsets(l.ctx, topics)
	if err != nil || !l.silence.same(ends) && !l.readToTheEnd(topics) {
		return 0, false // silence of the network is not silence of a topic
	}
	return l.silence.lasts(at, ends, l.group.e.cfg.IdleAfter), true
}

// external are the external inputs that declare that their time goes on without records, and all of them.
func (g *group) external() (quiet, all []string) {
	for _, in := range g.plan.Inputs {
		if in.Topic.Kind != task.External {
			continue
		}
		if all = append(all, in.Topic.Name); in.Topic.Advance > 0 {
			quiet = append(quiet, in.Topic.Name)
		}
	}
	return quiet, all
}

// allIdle tells whether all partitions of this instance have been declared idle.
func (l *life) allIdle() bool {
	workers := l.all()
	for _, w := range workers {
		if !w.idle() {
			return false
		}
	}
	return len(workers) > 0
}

func (w *worker) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.reached {
		if !p.idle {
			return false
		}
	}
	return !w.closed
}

// readToTheEnd tells whether the group has committed all that can be read from topics, whoever reads it.
func (l *life) readToTheEnd(topics []string) bool {
	ends := map[string]map[int32]int64{}
	for _, topic := range topics {
		if l.group.e.endOf(l.ctx, topic, ends) != nil {
			return false
		}
		committed, err := l.group.e.admin.CommittedOffsets(l.ctx, l.group.plan.Name, topic)
		if err != nil {
			return false
		}
		if _, all := reached(committed, ends[topic]); !all {
			return false
		}
	}
	return true
}

// advance lets the time of a partition go on, unless a record has come since it was found quiet.
func (w *worker) advance(topics []string, by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, topic := range topics {
		if by <= 0 || w.closed || !w.reached[topic].idle || !w.task.Advance(topic, by) {
			continue
		}
		if err := w.task.Fire(); err != nil {
			w.life.fail(err)
			return
		}
		w.life.kick()
	}
}
