package task

// A table that retains its rows for a while forgets one when the watermark has passed the business time of its
// latest version by that much. It emits nothing: results keep their history.
//
// From that moment on the row is not there for whoever asks for its key: it is deleted before the record is
// handled. Nobody may ask, so a sweep walks over the local store now and then and deletes what it finds. A timer
// for each row would do the same at the price of a second key for each: in the store, in the changelog, in memory.

// expired tells whether a row is forgotten at a time.
func (t *Task) expired(m *rowMeta, now int64) bool {
	retain := t.Group.Table.Retain.Milliseconds()
	return retain > 0 && now != NoTime && m.at != NoTime && m.at+retain <= now
}

// expire deletes the row of the context's key if it is forgotten. now is the watermark, or the time of the timer
// that fires: timers before it were to find the row.
func (t *Task) expire(c *Context, now int64) error {
	if t.store == nil || t.Group.Table.Retain == 0 {
		return nil
	}
	e, err := c.entry()
	if err != nil || e.row == nil || !t.expired(&e.meta, now) {
		return err
	}
	if err := c.DeleteRow(); err != nil {
		return err
	}
	t.env.Counters.Expired.Add(1)
	t.keep()
	return nil
}

// sweeper is the walk over the store.
type sweeper struct {
	under  bool   // way
	from   string // the key to go on from
	begun  int64  // watermark when the walk began, or the one before; NoTime: none did
	credit int    // keys that may be visited
}

const (
	// sweepPart: a walk begins when the watermark has gone on by this part of the retention, so that the store
	// holds little more than is remembered.
	sweepPart = 16
	// sweepLeast is how many keys are worth opening an iterator for; sweepMost is how many hold others up.
	sweepLeast, sweepMost = 512, 4096
	// firstRow is behind all task records.
	firstRow = "\x01"
)

// Sweep goes on with the walk by n keys, or starts one if it is time. n should grow with the records that were
// processed: a store that is filled faster than it is swept would grow without bound.
func (t *Task) Sweep(n int) error {
	if t.store == nil || t.Group.Table.Retain == 0 || !t.sweepable() {
		return nil
	}
	s := &t.sweep
	if s.credit = min(s.credit+n, sweepMost); s.credit < sweepLeast {
		return nil
	}
	n, s.credit = s.credit, 0
	if !s.under {
		if part := max(1, t.Group.Table.Retain.Milliseconds()/sweepPart); s.begun != NoTime && t.clock.now < s.begun+part {
			return nil
		}
		*s = sweeper{under: true, from: firstRow, begun: t.clock.now}
	}
	_, err := t.sweepOn(n)
	return err
}

// SweepAll walks over the whole store if the watermark has gone on since the last walk began, and tells whether
// a row was deleted.
func (t *Task) SweepAll() (bool, error) {
	if t.store == nil || t.Group.Table.Retain == 0 || !t.sweepable() || t.clock.now == t.sweep.begun && !t.sweep.under {
		return false, nil
	}
	t.sweep = sweeper{under: true, from: firstRow, begun: t.clock.now}
	n, err := t.sweepOn(int(^uint(0) >> 1))
	return n > 0, err
}

// sweepable: timers that are due come first, since they may have been set to find a row.
func (t *Task) sweepable() bool {
	return t.clock.now != NoTime && !t.firing && t.nextTimer > t.clock.now
}

// sweepOn visits n keys and deletes the rows among them that are forgotten.
func (t *Task) sweepOn(n int) (deleted int, err error) {
	keys, err := t.overdue(n)
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		t.ctx = Context{Task: t, Key: k, Event: t.clock.now, Ingest: NoTime}
		if err := t.expire(&t.ctx, t.clock.now); err != nil {
			return deleted, err
		}
		deleted++
	}
	return deleted, nil
}

// overdue finds forgotten rows among the next n keys of the local store. Rows that are in memory only are left to
// the next walk.
func (t *Task) overdue(n int) (keys []string, err error) {
	s := &t.sweep
	s.under = false // unless there is more than n
	err = t.store.db.Range(bytesOf(s.from), nil, false, func(k, v []byte) bool {
		if n == 0 {
			s.under, s.from = true, string(k)
			return false
		}
		n--
		if IsRow(StringOf(k)) && t.overdueRow(StringOf(k), v) {
			keys = append(keys, string(k))
		}
		return true
	})
	return keys, err
}

func (t *Task) overdueRow(key string, stored []byte) bool {
	if e := t.store.rows[key]; e != nil { // memory knows it better
		return e.row != nil && t.expired(&e.meta, t.clock.now)
	}
	m, _, err := parseRow(stored)
	return err == nil && t.expired(&m, t.clock.now) // what can't be read is found out by who asks for it
}
