package task

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"unsafe"
)

// DB is the local store of one task: an ordered map that survives the process (or, in memory, doesn't).
// Its content never is newer than what has been committed.
type DB interface {
	Get(key []byte) ([]byte, error) // nil: no such key
	// Range calls f for the keys from lo on and below hi, nil: to the end, until it returns false.
	Range(lo, hi []byte, reverse bool, f func(key, value []byte) bool) error
}

// Write is a change of the local store; a nil value deletes.
type Write struct {
	Key   string
	Value []byte
}

// entry is a key of the store in memory: a row (decoded) or a sub-row, task record or timer (bytes).
type entry struct {
	key  string
	rank uint64 // of the task's own: see rankOf
	row  any    // rows: decoded, never changed in place; nil: absent
	meta rowMeta
	val  []byte // others: never changed in place; nil: absent

	subs   *family // rows: the sub-rows in memory; nil: none
	parent *entry  // sub-rows: the row; nil: the task's own
	isRow  bool
	whole  bool // rows: the local store has no sub-row that is not in memory. Then it need not be asked.

	dirty     bool // changed since the last cut; the task's lock
	used      bool // since the last eviction; the task's lock
	written   bool // the log may have a value, or will: its deletion must be written, too; the task's lock
	unflushed bool // committed, not in the DB yet; the committed side's lock
	flushing  bool
	dropped   bool // it is not in memory any more; the task's lock
	pending   int  // cuts under way that hold it; the committed side's lock

	committed []byte // the committed form, until it is flushed
}

// there tells whether the entry has a value.
func (e *entry) there() bool { return e.row != nil || e.val != nil }

// busy entries are needed in memory: the DB does not know what they know. The caller holds both locks.
func (e *entry) busy() bool { return e.dirty || e.pending > 0 || e.unflushed || e.flushing }

// store holds the keys that a task works on over its DB. Reads see what was written last; nothing reaches
// the DB before it was committed.
type store struct {
	db    DB
	codec RowCodec
	limit int // entries kept in memory; 0: no bound

	rows    map[string]*entry
	own     *family // the task's records and timers
	lack    string  // the first timer that may be in the DB and not in memory; timersEnd: there is none
	portion int     // timers that are read from the DB at once
	size    int     // entries in memory
	dirty   []*entry
	undo    []undo
	gets    int64

	mu        sync.Mutex // the committed side
	unflushed []*entry
	offset    int64 // changelog offset that the committed side stands at; -1: nothing committed in this life
}

type undo struct {
	e        *entry
	row      any
	meta     rowMeta
	val      []byte
	wasDirty bool
}

func newStore(db DB, codec RowCodec, limit int) *store {
	return &store{
		db: db, codec: codec, limit: limit, offset: -1,
		rows: map[string]*entry{}, own: &family{}, lack: timerKey, portion: 1024,
	}
}

func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// StringOf is b as a string without a copy: for look-ups only, while b does not change.
func StringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// row finds the row of key, from memory or the DB.
func (s *store) row(key string) (*entry, error) {
	if e := s.rows[key]; e != nil {
		e.used = true
		return e, nil
	}
	e := &entry{key: strings.Clone(key), isRow: true, used: true}
	b, err := s.get(e.key)
	if err != nil {
		return nil, err
	}
	if b != nil {
		if e.row, e.meta, err = s.decode(b); err != nil {
			return nil, &storeError{fmt.Errorf("row of key %q: %w", key, err)}
		}
	}
	e.written, e.whole = b != nil, b == nil // a row that is not there has no sub-rows
	s.rows[e.key] = e
	s.size++
	return e, nil
}

func (s *store) decode(b []byte) (any, rowMeta, error) {
	m, payload, err := parseRow(b)
	if err != nil {
		return nil, m, err
	}
	row, err := s.codec.Decode(payload)
	return row, m, err
}

// sub finds a sub-row of row. key may change after the call.
func (s *store) sub(row *entry, key string) (*entry, error) {
	if e := row.subs.find(key); e != nil {
		e.used = true
		return e, nil
	}
	e := &entry{key: strings.Clone(key), parent: row, used: true}
	if !row.whole {
		var err error
		if e.val, err = s.get(e.key); err != nil {
			return nil, err
		}
		e.written = e.val != nil
	}
	if row.subs == nil {
		row.subs = &family{}
	}
	row.subs.add(e)
	s.size++
	return e, nil
}

// record finds a task record.
func (s *store) record(key string) (*entry, error) {
	if e := s.own.find(key); e != nil {
		return e, nil
	}
	b, err := s.get(key)
	if err != nil {
		return nil, err
	}
	return s.addOwn(key, b, b != nil), nil
}

func (s *store) addOwn(key string, val []byte, written bool) *entry {
	e := &entry{key: strings.Clone(key), rank: rankOf(key), val: val, written: written}
	s.own.add(e)
	s.size++
	return e
}

func (s *store) get(key string) ([]byte, error) {
	s.gets++
	b, err := s.db.Get(bytesOf(key))
	if err != nil {
		return nil, &storeError{fmt.Errorf("read %q from the local store: %w", key, err)}
	}
	return b, nil
}

func (s *store) remember(e *entry) {
	s.undo = append(s.undo, undo{e, e.row, e.meta, e.val, e.dirty})
	if !e.dirty {
		e.dirty = true
		s.dirty = append(s.dirty, e)
	}
}

func (s *store) setRow(e *entry, row any, m rowMeta) {
	s.remember(e)
	e.row, e.meta = row, m
}

// setSub changes a sub-row, task record or timer; val is kept and must not change any more.
func (s *store) setSub(e *entry, val []byte) {
	s.remember(e)
	e.val = val
}

func (s *store) setRecord(key string, val []byte) error {
	e, err := s.record(key)
	if err == nil {
		s.setSub(e, val)
	}
	return err
}

// keep forgets how to undo what was done so far.
func (s *store) keep() {
	clear(s.undo)
	s.undo = s.undo[:0]
}

// rollback undoes everything since the last keep.
func (s *store) rollback() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		u := &s.undo[i]
		u.e.row, u.e.meta, u.e.val = u.row, u.meta, u.val
		if !u.wasDirty {
			u.e.dirty = false
			s.dirty = s.dirty[:len(s.dirty)-1]
		}
	}
	s.keep()
}

// scan calls f for the sub-rows of row with lo <= key < hi, in order, until it returns false. f must not change the
// store.
func (s *store) scan(row *entry, lo, hi string, reverse bool, f func(key string, val []byte) bool) error {
	m := merge{lo: lo, hi: hi, reverse: reverse, more: true, f: f}
	if reverse {
		m.memory = row.subs.below(hi)
	} else {
		m.memory = row.subs.from(lo)
	}
	defer m.memory.done()
	if !row.whole {
		if err := s.db.Range(bytesOf(lo), bytesOf(hi), reverse, m.stored); err != nil {
			return &storeError{fmt.Errorf("scan %q of the local store: %w", lo, err)}
		}
	}
	for m.more && m.within() {
		m.yield()
	}
	return nil
}

// merge runs through memory and the local store side by side. Where both have a key, memory knows it better.
type merge struct {
	lo, hi  string
	reverse bool
	memory  walk
	more    bool // f wants to see more
	f       func(key string, val []byte) bool
}

func (m *merge) within() bool {
	return m.memory.ok && m.memory.item().key >= m.lo && m.memory.item().key < m.hi
}

// yield shows the entry that memory stands at, unless it is a deletion, and goes on.
func (m *merge) yield() {
	if e := m.memory.item(); e.val != nil {
		m.more = m.f(e.key, e.val)
	}
	if m.reverse {
		m.memory.prev()
	} else {
		m.memory.next()
	}
}

// stored takes in a key of the local store, after those in memory that come before it.
func (m *merge) stored(k, v []byte) bool {
	for m.more && m.within() {
		c := bytes.Compare(bytesOf(m.memory.item().key), k)
		if m.reverse {
			c = -c
		}
		if c > 0 {
			break
		}
		m.yield()
		if c == 0 {
			return m.more
		}
	}
	if m.more {
		m.more = m.f(string(k), bytes.Clone(v))
	}
	return m.more
}
