package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const (
	lookEvery = time.Second
	noteEvery = time.Hour // at most; less where tombstones are kept for less than a day
)

// monitor looks how far the lanes are behind, and notes when partitions are complete.
type monitor struct {
	feed      *feed
	keep      time.Duration
	from      map[int32]int64
	positions []position

	reached        map[int32]bool // once in this session
	ends, visibles map[int32]int64
}

func (m *monitor) run(ctx context.Context) error {
	m.reached, m.ends, m.visibles = map[int32]bool{}, map[int32]int64{}, map[int32]int64{}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := m.look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func (m *monitor) look(ctx context.Context) error {
	at := time.Now() // before the question: what comes after it is not in the answer
	if err := m.visible(ctx); err != nil {
		return err
	}
	var due []int32
	for p := range m.feed.partitions {
		behind := m.visibles[p] - max(m.feed.committed[p].Load(), m.from[p])
		m.feed.metrics.lag.WithLabelValues(m.feed.target.Table, strconv.Itoa(int(p))).Set(float64(max(behind, 0)))
		if behind > 0 {
			continue
		}
		m.reached[p] = true
		if tooLong(m.positions[p].completeAt, at, m.keep) { // it took too long to come here
			return fmt.Errorf("topic %s partition %d: %w", m.feed.source.topic, p, errMissed)
		}
		if at.Sub(m.positions[p].completeAt) > min(noteEvery, m.keep/16) {
			due = append(due, p)
		}
	}
	if len(m.reached) == int(m.feed.partitions) {
		m.feed.ready.Store(true)
	}
	if len(due) == 0 {
		return nil
	}
	if err := m.feed.noteComplete(ctx, due, at); err != nil {
		return err
	}
	for _, p := range due {
		m.positions[p].completeAt = at
	}
	return nil
}

// visible asks for the last visible records where partitions have grown.
func (m *monitor) visible(ctx context.Context) error {
	topic, admin := m.feed.source.topic, m.feed.source.admin
	if id, err := admin.TopicID(ctx, topic); err != nil || id != m.positions[0].topicID {
		return errors.Join(err, fmt.Errorf("topic %s is another than it was: its id is %q, it was %q", topic, id, m.positions[0].topicID))
	}
	ends, err := admin.EndOffsets(ctx, []string{topic})
	if err != nil {
		return err
	}
	if n := len(ends[topic]); n != int(m.feed.partitions) {
		return fmt.Errorf("topic %s has %d partitions now, it had %d", topic, n, m.feed.partitions)
	}
	for p := range m.feed.partitions {
		end := ends[topic][p]
		if known, ok := m.ends[p]; ok && known == end {
			continue
		}
		if m.visibles[p], err = admin.LastVisible(ctx, topic, p); err != nil {
			return err
		}
		m.ends[p] = end
	}
	return nil
}
