package task

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Keys of a store, in the order in which they lie there. Rows are stored under the record's key itself,
// which never contains 0x00 and never is empty.
//
//	0x00 'a'                                  how far the inputs are applied
//	0x00 'b'                                  recovery barrier (changelog only)
//	0x00 'c'                                  clock: watermark and senders
//	0x00 'e' place(2)                         trace of a row that is gone
//	0x00 'r' key                              broadcast (internal topics only)
//	0x00 's' name                             value of the task's own, see broadcast.go
//	0x00 't' time(8, sign flipped) name 0x00 key   timer; no value but 0x01
//	0x00 'v'                                  format and row versions
//	key                                       row
//	key 0x00 name 0x00 subkey                 sub-row
const (
	appliedKey = "\x00a"
	BarrierKey = "\x00b"
	clockKey   = "\x00c"
	timerKey   = "\x00t"
	timersEnd  = "\x00u"
	versionKey = "\x00v"
	// WatermarkKey is the key of watermark records in internal topics.
	WatermarkKey = "\x00w"
)

// IsRow tells rows from sub-rows and task records.
func IsRow(key string) bool { return strings.IndexByte(key, 0) < 0 }

// IsHousekeeping tells the keys that every store has, whatever it holds, and those of traces.
func IsHousekeeping(key string) bool {
	return key == appliedKey || key == BarrierKey || key == clockKey || key == versionKey || IsTrace(key)
}

// timerBudget bounds what one commit fires.
const timerBudget = 10_000

var timerValue = []byte{1}

func timerAt(at int64) string {
	return timerKey + string(binary.BigEndian.AppendUint64(nil, uint64(at)^1<<63))
}

func timerName(at int64, name, key string) string { return timerAt(at) + name + "\x00" + key }

func parseTimer(k string) (at int64, name, key string, err error) {
	const head = len(timerKey) + 8
	if len(k) < head {
		return 0, "", "", fmt.Errorf("damaged timer %q", k)
	}
	at = int64(binary.BigEndian.Uint64([]byte(k[len(timerKey):head])) ^ 1<<63)
	name, key, ok := strings.Cut(k[head:], "\x00")
	if !ok {
		return 0, "", "", fmt.Errorf("damaged timer %q", k)
	}
	return at, name, key, nil
}

// timerName in a buffer: for look-ups only.
func (t *Task) timerScratch(at int64, name, key string) string {
	b := append(t.scratch[:0], timerKey...)
	b = binary.BigEndian.AppendUint64(b, uint64(at)^1<<63)
	b = append(append(append(b, name...), 0), key...)
	t.scratch = b
	return StringOf(b)
}

func (t *Task) setTimer(at int64, name, key string) error {
	e, err := t.store.timer(t.timerScratch(at, name, key))
	if err != nil {
		return err
	}
	if e.val == nil {
		t.store.setSub(e, timerValue)
	}
	t.nextTimer = min(t.nextTimer, at)
	return nil
}

func (t *Task) deleteTimer(at int64, name, key string) error {
	e, err := t.store.timer(t.timerScratch(at, name, key))
	if err != nil {
		return err
	}
	if e.val != nil {
		t.store.setSub(e, nil)
	}
	return nil
}

// timer finds a timer. The local store is asked only for those that memory may lack.
func (s *store) timer(key string) (*entry, error) {
	if e := s.own.find(key); e != nil || key >= s.lack {
		return s.record(key)
	}
	return s.addOwn(key, nil, false), nil
}

// Fire runs the timers that are due, in the order of time, then key, until there are none or the cut's
// budget is spent: then the others wait for the next cut.
func (t *Task) Fire() error {
	for t.nextTimer <= t.clock.now {
		t.firing = true
		n := min(timerBatch, timerBudget-t.fill.timers)
		if n <= 0 {
			return nil
		}
		due, err := t.dueTimers(n)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			break
		}
		if err := t.fireAll(due); err != nil {
			return err
		}
	}
	t.firing, t.passed = false, max(t.passed, t.clock.now)
	return nil
}

// timerBatch is how many timers are looked up at once.
const timerBatch = 256

// fireAll fires timers in order, or up to one that sets another which comes before the rest.
func (t *Task) fireAll(due []*entry) error {
	for _, e := range due {
		at, name, key, err := parseTimer(e.key)
		if err != nil {
			return err
		}
		if t.nextTimer < at {
			return nil
		}
		if err := t.fireOne(e, at, name, key); err != nil {
			return err
		}
	}
	return nil
}

// dueTimers finds at most n timers that are due and sets nextTimer to the first that is not among them. It begins
// at nextTimer: those that have fired lie in memory, deleted, until the local store has learnt it, and there may be
// many.
func (t *Task) dueTimers(n int) (due []*entry, err error) {
	if err := t.loadTimers(); err != nil {
		return nil, err
	}
	w := t.store.own.from(timerAt(t.nextTimer))
	defer w.done()
	t.nextTimer = EndOfTime
	for ; w.ok && w.item().key < timersEnd; w.next() {
		e := w.item()
		if e.val == nil {
			continue
		}
		at, _, _, err := parseTimer(e.key)
		if err != nil {
			return nil, err
		}
		if at > t.clock.now || len(due) == n {
			t.nextTimer = at
			break
		}
		due = append(due, e)
	}
	if t.store.lack != timersEnd {
		at, _, _, err := parseTimer(t.store.lack)
		if err != nil {
			return nil, err
		}
		t.nextTimer = min(t.nextTimer, at)
	}
	return due, nil
}

// loadTimers reads timers into memory until those that are due are there, and the one after them.
func (t *Task) loadTimers() error {
	s, due := t.store, timerAt(t.clock.now)
	for s.lack != timersEnd && (s.lack == timerKey || s.lack[:min(len(s.lack), len(due))] <= due) {
		n, lack := 0, timersEnd
		if err := s.db.Range(bytesOf(s.lack), bytesOf(timersEnd), false, func(k, _ []byte) bool {
			if n++; n > s.portion {
				lack = string(k)
				return false
			}
			if s.own.find(StringOf(k)) == nil { // memory knows it better
				s.addOwn(StringOf(k), timerValue, true)
			}
			return true
		}); err != nil {
			return &storeError{fmt.Errorf("read timers from the local store: %w", err)}
		}
		s.lack = lack
	}
	return nil
}

func (t *Task) fireOne(e *entry, at int64, name, key string) error {
	if e.val == nil {
		return nil // deleted by one that fired before it
	}
	t.fill.timers++
	t.env.Counters.Timers.Add(1)
	t.passed = max(t.passed, at-1)
	t.ctx = Context{Task: t, Timer: name, Key: key, Event: at, Ingest: NoTime}
	t.ctx.rec = &Record{Topic: t.Group.Table.Topic(), Partition: t.Partition, Offset: -1, Key: []byte(key)}
	t.store.setSub(e, nil)
	t.store.keep() // a timer that fails is gone all the same
	h := t.Group.Timers[name]
	if h == nil {
		return fmt.Errorf("table %s: timer %q of key %q has no handler in this program", t.Group.Table.Name, name, key)
	}
	if err := t.expire(&t.ctx, at); err != nil {
		return err
	}
	return t.guard(h)
}
