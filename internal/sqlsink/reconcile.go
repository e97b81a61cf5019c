package sqlsink

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/codecs"
)

// doReconcile makes the table right after deletes may have been missed: it catches up, and then deletes the rows that
// the topic does not have. It keeps 16 bytes in memory for each key of the topic.
func (f *feed) doReconcile(ctx context.Context, from map[int32]int64) error {
	f.log.Warn("deletes may have been missed: the table is compared with the whole topic", "table", f.target.Table, "topic", f.source.topic)
	at := time.Now()
	ends, err := f.source.ends(ctx, f.partitions)
	if err != nil {
		return err
	}
	if err := f.fill(ctx, from, ends, nil); err != nil {
		return err
	}
	live, err := f.liveKeys(ctx)
	if err != nil {
		return fmt.Errorf("read topic %s as a whole: %w", f.source.topic, err)
	}
	deleted, err := f.sweep(ctx, live)
	if err != nil {
		return f.told("delete what the topic does not have from table "+f.target.Table, err)
	}
	f.log.Info("the table has been compared with the whole topic", "table", f.target.Table, "keys", len(live), "deleted", deleted)
	return f.noteComplete(ctx, f.every(), at)
}

// keyHash stands for a primary key.
type keyHash [16]byte

func (t *target) hash(r row) (h keyHash) {
	var b []byte
	for _, k := range t.keys {
		b = binary.AppendUvarint(b, uint64(len(r[k].V)))
		b = append(b, r[k].V...)
	}
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

// liveKeys are the keys whose rows belong into the table. One that was deleted in a record that lanes have still to
// read is among them: they will delete it.
func (f *feed) liveKeys(ctx context.Context) (map[keyHash]bool, error) {
	starts, err := f.source.admin.StartOffsets(ctx, f.source.topic)
	if err != nil {
		return nil, err
	}
	live := map[keyHash]bool{}
	// Twice: while the first goes on, the cleaner may drop a record for the sake of one that comes behind its end.
	for range 2 {
		ends, err := f.source.ends(ctx, f.partitions)
		if err != nil {
			return nil, err
		}
		if err := f.source.read(ctx, starts, ends, func(m *sarama.ConsumerMessage) { f.noteLive(live, m) }); err != nil {
			return nil, err
		}
		for p, end := range ends {
			starts[p] = max(starts[p], end)
		}
	}
	return live, nil
}

func (f *feed) noteLive(live map[keyHash]bool, m *sarama.ConsumerMessage) {
	r := make(row, len(f.target.Columns))
	if f.target.decodeKey(string(m.Key), r) != nil {
		return // it is no row of the table
	}
	h := f.target.hash(r)
	switch {
	case len(m.Value) > 0:
		live[h] = true
	case m.Offset < f.committed[m.Partition].Load():
		delete(live, h)
	}
}

// read reads partitions from their offsets to their ends.
func (s source) read(ctx context.Context, from, ends map[int32]int64, each func(*sarama.ConsumerMessage)) error {
	consumer, err := s.open()
	if err != nil {
		return err
	}
	defer consumer.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel(nil)
	in := make(chan *sarama.ConsumerMessage, maxRecords)
	left := 0
	for p, end := range ends {
		if from[p] >= end {
			continue
		}
		left++
		readers.Go(func() { cancel(s.follow(ctx, consumer, p, from[p], in)) })
	}
	done := map[int32]bool{}
	for len(done) < left {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m := <-in:
			if m.Offset < ends[m.Partition] {
				each(m)
			}
			if m.Offset+1 >= ends[m.Partition] {
				done[m.Partition] = true
			}
		}
	}
	return nil
}

// sweepRows is how many rows are looked at in one go, and deleted in one transaction at most.
const sweepRows = 5000

// sweep deletes the rows whose keys are not live.
func (f *feed) sweep(ctx context.Context, live map[keyHash]bool) (deleted int, err error) {
	err = f.once(ctx, func(c conn) error {
		if err := c.bind(ctx, f.target, f.schema); err != nil {
			return err
		}
		var after row
		for {
			page, err := f.page(ctx, c, after)
			if err != nil || len(page) == 0 {
				return err
			}
			after = page[len(page)-1]
			dead := page[:0:0]
			for _, r := range page {
				if !live[f.target.hash(r)] {
					dead = append(dead, r)
				}
			}
			if err := f.bury(ctx, c, dead); err != nil {
				return err
			}
			deleted += len(dead)
		}
	})
	return deleted, err
}

// page is the next rows of the table in the order of the primary key, of which only that is read.
func (f *feed) page(ctx context.Context, c conn, after row) ([]row, error) {
	t := f.target
	keys := list(f.dialect, t.columns(t.keys), ", ", nil)
	statement := fmt.Sprintf("SELECT %s FROM %s", keys, f.dialect.quote(t.Table))
	var args []any
	if after != nil {
		condition, values := f.behind(after, 0)
		statement, args = statement+" WHERE "+condition, values
	}
	found, err := c.query(ctx, fmt.Sprintf("%s ORDER BY %s LIMIT %d", statement, keys, sweepRows), args...)
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(found))
	for i, texts := range found {
		rows[i] = make(row, len(t.Columns))
		for j, k := range t.keys {
			rows[i][k] = codecs.NotNull(texts[j].V)
		}
	}
	return rows, nil
}

// behind is the condition of coming after a row, from a column of the primary key on, in a form for which every database
// uses the index: a >= 1 AND (a > 1 OR (b > 2)).
func (f *feed) behind(after row, from int) (condition string, args []any) {
	k := f.target.keys[from]
	name, value := f.dialect.quote(f.target.Columns[k].Name), typed(f.target.Columns[k].Type, after[k])
	if from == len(f.target.keys)-1 {
		return name + " > ?", []any{value}
	}
	rest, values := f.behind(after, from+1)
	return strings.Join([]string{name + " >= ? AND (" + name + " > ? OR (" + rest + "))"}, ""), append([]any{value, value}, values...)
}

// bury deletes rows, as long as the table is ours.
func (f *feed) bury(ctx context.Context, c conn, dead []row) error {
	if len(dead) == 0 {
		return nil
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	defer c.rollback(ctx) // after a commit it does nothing
	if err := holdEpoch(ctx, f.dialect, c, f.target.Table, f.epoch); err != nil {
		return err
	}
	for size := f.dialect.rowsPerStatement(); len(dead) > 0; {
		n := min(size, len(dead))
		if err := c.remove(ctx, dead[:n]); err != nil {
			return err
		}
		f.metrics.reconciled.WithLabelValues(f.target.Table).Add(float64(n))
		dead = dead[n:]
	}
	return c.commit(ctx)
}
