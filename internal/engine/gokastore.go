package engine

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/lovoo/goka/storage"
)

// gokaStore is the local store as goka sees it: it recovers into it and then leaves it alone, since our
// handlers never call goka's SetValue.
type gokaStore struct {
	*localStore
	life      *life
	partition int32
	worker    *worker
}

// buildStorage is goka's storage builder: it is where we learn that a partition becomes ours.
func (l *life) buildStorage(topic string, partition int32) (storage.Storage, error) {
	g := l.group
	dir := filepath.Join(g.e.lock.path, fmt.Sprintf("%s.%d", topic, partition))
	id, err := g.e.admin.TopicID(l.ctx, topic)
	if err != nil {
		return nil, err
	}
	s, why, err := openStore(dir, id)
	if err != nil {
		return nil, err
	}
	if why != "" {
		g.e.cfg.Log.Warn("the local store is rebuilt from the changelog", "topic", topic, "partition", partition, "because", why)
	}
	gs := &gokaStore{localStore: s, life: l, partition: partition}
	l.opened(gs)
	return gs, nil
}

// Open implements storage.Storage: builders open themselves.
func (s *gokaStore) Open() error { return nil }

// Has implements storage.Storage.
func (s *gokaStore) Has(key string) (bool, error) {
	b, err := s.localStore.Get([]byte(key))
	return b != nil, err
}

// Get implements storage.Storage.
func (s *gokaStore) Get(key string) ([]byte, error) { return s.localStore.Get([]byte(key)) }

// Set implements storage.Storage; goka calls it for changelog records only.
func (s *gokaStore) Set(key string, value []byte) error { return s.recover(key, value) }

// Delete implements storage.Storage.
func (s *gokaStore) Delete(key string) error { return s.recover(key, nil) }

// GetOffset implements storage.Storage.
func (s *gokaStore) GetOffset(def int64) (int64, error) {
	b, err := s.localStore.Get([]byte(offsetKey))
	if err != nil || b == nil {
		return def, err
	}
	return strconv.ParseInt(string(b), 10, 64)
}

// SetOffset implements storage.Storage; goka calls it after the record it belongs to.
func (s *gokaStore) SetOffset(offset int64) error {
	s.recOff = offset
	return nil
}

// MarkRecovered implements storage.Storage: everything committed is in the store, so the task can begin.
func (s *gokaStore) MarkRecovered() error {
	if err := s.flushRecovery(); err != nil {
		return err
	}
	w, err := s.life.newWorker(s.partition, s.localStore, "")
	if err != nil {
		s.life.fail(err)
		return err
	}
	s.worker = w
	return nil
}

// Iterator implements storage.Storage.
func (s *gokaStore) Iterator() (storage.Iterator, error) { return nil, errNoIterator }

// IteratorWithRange implements storage.Storage.
func (s *gokaStore) IteratorWithRange(_, _ []byte) (storage.Iterator, error) {
	return nil, errNoIterator
}

var errNoIterator = fmt.Errorf("rows of a processor are read through a view")

// Close implements storage.Storage: goka calls it in Cleanup, after our last commit.
func (s *gokaStore) Close() error { return s.life.closeStore(s) }
