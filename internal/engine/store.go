package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/syndtr/goleveldb/leveldb"
	ldberrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

// Keys that only the local store has.
const (
	offsetKey = "__offset"      // goka's: offset of the last changelog record applied
	aboutKey  = "\x00\x00about" // about, as JSON
)

// about says which changelog a store is a copy of, and how fresh it is.
type about struct {
	TopicID  string    `json:"topic_id"`
	Complete time.Time `json:"complete"` // when it held all that the changelog held
}

func (a about) encode() ([]byte, error) { return json.Marshal(a) }

// localStore is the LevelDB of one partition. Its content never is newer than the changelog's committed
// records; offset says how far it is.
type localStore struct {
	db      *leveldb.DB
	dir     string
	topicID string
	rec     map[string][]byte // recovery: the newest value of each key not yet written
	recOff  int64
	// recBytes is how much was read to recover: keys and values.
	recBytes int64

	keys   known
	lesson *lesson // in which it learns them; nil: there was none

	complete atomic.Int64 // see about; Unix time in ms
	damaged  atomic.Bool  // found out while it was used
}

// completeAt notes that the store and the commits that wait to be flushed made up the whole table then.
func (s *localStore) completeAt(t time.Time) { s.complete.Store(t.UnixMilli()) }

// openStore opens the store of a changelog. Without one that can be believed it returns nil, and why it removed
// what was there: damaged, of another topic, or away for so long that compaction may have dropped tombstones it
// never saw.
func openStore(dir, topicID string) (*localStore, string, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	s, err := openDB(dir, topicID)
	if errors.Is(err, errDamaged) {
		return nil, err.Error(), os.RemoveAll(dir)
	}
	if err != nil {
		return nil, "", err
	}
	why, err := s.stale()
	if ldberrors.IsCorrupted(err) {
		why, err = errDamaged.Error(), nil
	}
	if err != nil {
		return nil, "", errors.Join(err, s.close())
	}
	if why != "" {
		return nil, why, s.remove()
	}
	return s, "", nil
}

// writeBuffer is LevelDB's memory per partition, of which it may hold two. Rows are written behind, sorted and
// in large batches: a larger one gains nothing.
const writeBuffer = 2 << 20

var errDamaged = errors.New("it is damaged")

func dbOptions() *opt.Options {
	// A journal that lost a part of its middle would be an older offset's rows under a newer offset: better none.
	const strict = opt.DefaultStrict | opt.StrictJournal | opt.StrictManifest
	return &opt.Options{WriteBuffer: writeBuffer, Filter: filter.NewBloomFilter(10), Strict: strict}
}

func openDB(dir, topicID string) (*localStore, error) {
	db, err := leveldb.OpenFile(dir, dbOptions())
	if ldberrors.IsCorrupted(err) {
		return nil, fmt.Errorf("%w: %v", errDamaged, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the local store %s: %w", dir, advised(err))
	}
	return &localStore{db: db, dir: dir, topicID: topicID, recOff: -1}, nil
}

// close also removes a store that turned out to be damaged: the next life rebuilds it.
func (s *localStore) close() error {
	s.lesson.end()
	err := s.db.Close()
	if s.damaged.Load() {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// failure is err, of which the store takes note. LevelDB checks the sum of a block when it reads it, which may
// be long after it was opened.
func (s *localStore) failure(err error) error {
	if ldberrors.IsCorrupted(err) {
		s.damaged.Store(true)
	}
	return err
}

func (s *localStore) stale() (string, error) {
	b, err := s.Get([]byte(aboutKey))
	if err != nil {
		return "", err
	}
	if b == nil {
		return "it is not complete", nil
	}
	var a about
	if err := json.Unmarshal(b, &a); err != nil {
		return "its description is damaged", nil
	}
	away := time.Since(a.Complete)
	switch {
	case s.topicID != "" && a.TopicID != "" && a.TopicID != s.topicID:
		return "its changelog was deleted and created again", nil
	case away > keepTombstones*time.Millisecond/2:
		return fmt.Sprintf("it was up to date %s ago, and deletions since may have been forgotten", away.Round(time.Hour)), nil
	}
	s.completeAt(a.Complete)
	return "", nil
}

// Get implements task.DB.
func (s *localStore) Get(key []byte) ([]byte, error) {
	if !s.keys.may(key) {
		return nil, nil
	}
	b, err := s.db.Get(key, nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, nil
	}
	return b, s.failure(err)
}

// Range implements task.DB. A nil hi is the end.
func (s *localStore) Range(lo, hi []byte, reverse bool, f func(k, v []byte) bool) error {
	it := s.db.NewIterator(&util.Range{Start: lo, Limit: hi}, nil)
	defer it.Release()
	if reverse {
		for ok := it.Last(); ok && f(it.Key(), it.Value()); ok = it.Prev() {
		}
		return s.failure(it.Error())
	}
	for it.Next() && f(it.Key(), it.Value()) {
	}
	return s.failure(it.Error())
}

// batchRecords bounds a LevelDB batch: the cost of growing one rises with the square of its records.
const batchRecords = 2000

// write applies committed changes and then the changelog offset they stand for. A crash in between leaves rows
// that are newer than the offset: recovery reads the changelog from there to its end, and ends with the same.
func (s *localStore) write(ws []task.Write, offset int64) error {
	if s.keys.isFull() {
		if err := s.learn(0); err != nil {
			return err
		}
	}
	b := new(leveldb.Batch)
	for _, w := range ws {
		if b.Len() == batchRecords {
			if err := s.apply(b); err != nil {
				return err
			}
			b.Reset()
		}
		if key := unsafe.Slice(unsafe.StringData(w.Key), len(w.Key)); w.Value == nil { // the batch copies it
			b.Delete(key)
		} else {
			s.keys.add(key)
			b.Put(key, w.Value)
		}
	}
	if offset >= 0 {
		s.keys.add([]byte(offsetKey))
		b.Put([]byte(offsetKey), strconv.AppendInt(nil, offset, 10))
	}
	return s.put(b)
}

func (s *localStore) apply(b *leveldb.Batch) error {
	if err := s.failure(s.db.Write(b, nil)); err != nil {
		return fmt.Errorf("write the local store %s: %w", s.dir, advised(err))
	}
	return nil
}

// advised says what to do about a full disk. Nothing is lost: the next life goes on where there is room.
func advised(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: make room on its file system, or set --state-dir to one that has some; it is tried again until then", err)
	}
	return err
}

func (s *localStore) put(b *leveldb.Batch) error {
	a, err := about{TopicID: s.topicID, Complete: time.UnixMilli(s.complete.Load()).UTC()}.encode()
	if err != nil {
		return err
	}
	s.keys.add([]byte(aboutKey))
	b.Put([]byte(aboutKey), a)
	return s.apply(b)
}

// storedOffset is that of the last changelog record applied; -1: none.
func (s *localStore) storedOffset() (int64, error) {
	b, err := s.Get([]byte(offsetKey))
	if err != nil || b == nil {
		return -1, err
	}
	return strconv.ParseInt(string(b), 10, 64)
}

// unlessAhead closes and removes a store that holds more than its changelog: then the changelog was cut off.
func (s *localStore) unlessAhead(barrier int64) (*localStore, string, error) {
	at, err := s.storedOffset()
	switch s.recOff = at; {
	case err != nil:
		return nil, "", errors.Join(err, s.close())
	case at < 0:
		return nil, "it does not say how far it is", s.remove()
	case at >= barrier:
		return nil, "the changelog has lost records that it holds", s.remove()
	}
	return s, "", nil
}

// catchUp reads the changelog from where the store stands to the recovery barrier. ctx is the session's.
func (s *localStore) catchUp(ctx context.Context, admin *client.Admin, c changelog) error {
	err := admin.ScanThrough(ctx, c.topic, c.partition, s.recOff+1, c.barrier, func(key, value []byte, offset int64) error {
		err := s.recover(string(key), value)
		s.recOff = offset
		return err
	})
	if err != nil {
		return err
	}
	s.recOff = c.barrier
	return s.flushRecovery()
}

// recoveryBatch bounds the keys collected before they are written: one write per record is what recovery
// costs most.
const recoveryBatch = 50_000

func (s *localStore) recover(key string, value []byte) error {
	if key == task.BarrierKey {
		return nil
	}
	s.recBytes += int64(len(key) + len(value))
	if s.rec == nil {
		s.rec = make(map[string][]byte, recoveryBatch)
	}
	s.rec[key] = bytes.Clone(value)
	if len(s.rec) < recoveryBatch {
		return nil
	}
	return s.flushRecovery()
}

// flushRecovery writes what was collected, sorted. The offset is that of the record before the last one at
// least: too low a value only replays some.
func (s *localStore) flushRecovery() error {
	ws := make([]task.Write, 0, len(s.rec))
	for k, v := range s.rec {
		ws = append(ws, task.Write{Key: k, Value: v})
	}
	slices.SortFunc(ws, func(a, b task.Write) int { return strings.Compare(a.Key, b.Key) })
	s.rec = nil
	return s.write(ws, s.recOff)
}
