package engine

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka/storage"
)

// gokaStore is the local store as goka sees it: it recovers into it and then leaves it alone, since our
// handlers never call goka's SetValue.
type gokaStore struct {
	*localStore
	life      *life
	partition int32
	session   sarama.ConsumerGroupSession // in which it was opened; life.mu
	opened    int64                       // the offset at which recovery found it

	mu     sync.Mutex // goka may still recover when it closes already
	closed bool
	worker *worker
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
	g.recovery.begin(time.Now())
	if err := s.catchUp(l.sessionContext(), g.e.admin, topic, partition); err != nil {
		return nil, errors.Join(err, s.close())
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
	at, err := s.storedOffset()
	if err != nil || at < 0 {
		return def, err
	}
	s.opened = at
	return at, nil
}

// SetOffset implements storage.Storage; goka calls it after the record it belongs to.
func (s *gokaStore) SetOffset(offset int64) error {
	s.recOff = offset
	return nil
}

// MarkRecovered implements storage.Storage: everything committed is in the store, so the task can begin. goka
// calls it too when the session ended before that.
func (s *gokaStore) MarkRecovered() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, barrier := s.life.recovering(s)
	if s.closed || session.Context().Err() != nil {
		return nil
	}
	if s.opened > barrier {
		err := fmt.Errorf("the changelog has lost records that the local store %s holds", s.dir)
		return s.fail(errors.Join(err, s.void(err.Error())))
	}
	if s.recOff < barrier {
		return nil // another partition's failure has ended the recovery of all
	}
	if err := s.flushRecovery(); err != nil {
		return s.fail(err)
	}
	w, err := s.life.newWorker(s.partition, s.localStore, "")
	if err != nil {
		return s.fail(err)
	}
	s.completeAt(w.checked)
	if s.life.addWorker(session, w) {
		s.worker = w
		s.life.group.recovery.end(s.recBytes, time.Now())
	}
	return nil
}

func (s *gokaStore) fail(err error) error {
	s.life.fail(err)
	return err
}

// Iterator implements storage.Storage.
func (s *gokaStore) Iterator() (storage.Iterator, error) { return nil, errNoIterator }

// IteratorWithRange implements storage.Storage.
func (s *gokaStore) IteratorWithRange(_, _ []byte) (storage.Iterator, error) {
	return nil, errNoIterator
}

var errNoIterator = fmt.Errorf("rows of a processor are read through a view")

// Close implements storage.Storage: goka calls it in Cleanup, after our last commit.
func (s *gokaStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.life.forget(s)
	var err error
	if s.worker != nil {
		if err = s.worker.retire(); err != nil {
			err = fmt.Errorf("last flush: %w", err)
		}
	}
	return errors.Join(err, s.close())
}
