package sqlsink

import (
	"slices"

	"github.com/IBM/sarama"
)

// change is a record on its way into the table.
type change struct {
	record  *sarama.ConsumerMessage
	row     row
	deleted bool
	older   *change // the one of the same key before it in the batch, or nil
}

// batch is what one transaction takes in: some records of a lane, in the order in which they came.
type batch struct {
	records []*sarama.ConsumerMessage
	next    map[int32]int64 // per partition the offset behind its last record

	// Of prepare:
	prepared   bool
	last       []*change
	unreadable []refusal
}

// prepare works out what is to be written, once.
func (b *batch) prepare(t *target) {
	if !b.prepared {
		b.last, b.unreadable = b.changes(t)
		b.prepared = true
	}
}

func (b *batch) add(m *sarama.ConsumerMessage) {
	b.records = append(b.records, m)
	b.next[m.Partition] = m.Offset + 1
}

func newBatch() *batch { return &batch{next: map[int32]int64{}} }

// refusal is a change that can't be written, and why.
type refusal struct {
	change *change
	reason error
}

// changes are the last changes of all keys that can be read, ordered by primary key, and those that can't be read. Of
// a key whose last change is refused the one before it counts, as if they had come one by one; those before the last
// are not looked at otherwise.
func (b *batch) changes(t *target) (last []*change, refused []refusal) {
	newest := make(map[string]*change, len(b.records))
	for _, m := range b.records {
		c, k := &change{record: m}, string(m.Key)
		if t.Events { // whose key is in the value
			var err error
			if c.row, _, err = t.decode(m.Key, m.Value); err != nil {
				refused = append(refused, refusal{c, err})
				continue
			}
			h := t.hash(c.row)
			k = string(h[:])
		}
		c.older = newest[k]
		newest[k] = c
	}
	last = make([]*change, 0, len(newest))
	for _, c := range newest {
		c, refused = c.readable(t, refused)
		if c != nil {
			last = append(last, c)
		}
	}
	slices.SortFunc(last, func(a, b *change) int { return t.compare(a.row, b.row) })
	return last, refused
}

// readable is the newest of a key's changes that can be read, or nil.
func (c *change) readable(t *target, refused []refusal) (*change, []refusal) {
	for ; c != nil; c = c.older {
		if c.row != nil {
			return c, refused
		}
		var err error
		if c.row, c.deleted, err = t.decode(c.record.Key, c.record.Value); err == nil {
			return c, refused
		}
		refused = append(refused, refusal{c, err})
	}
	return nil, refused
}

// split tells upserts from deletes.
func split(changes []*change) (upserts, deletes []*change) {
	for _, c := range changes {
		if c.deleted {
			deletes = append(deletes, c)
		} else {
			upserts = append(upserts, c)
		}
	}
	return upserts, deletes
}

func rows(changes []*change) []row {
	all := make([]row, len(changes))
	for i, c := range changes {
		all[i] = c.row
	}
	return all
}
