package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka/storage"
)

// changelog is one partition of a table's changelog, and the folder of its local store.
type changelog struct {
	topic     string
	partition int32
	id        string // of the topic
	dir       string
	barrier   int64 // offset of the recovery barrier
}

// gokaStore is the local store as goka sees it: complete when it is opened, and then left alone, since our
// handlers never call goka's SetValue.
type gokaStore struct {
	*localStore
	life      *life
	partition int32
	session   sarama.ConsumerGroupSession // in which it was opened; life.mu

	mu     sync.Mutex // goka may still mark it recovered when it closes already
	closed bool
	worker *worker
}

// buildStorage is goka's storage builder: it is where we learn that a partition becomes ours. The store is
// recovered here, in whole, and goka finds nothing left to recover.
func (l *life) buildStorage(topic string, partition int32) (storage.Storage, error) {
	g := l.group
	id, err := g.e.admin.TopicID(l.ctx, topic)
	if err != nil {
		return nil, err
	}
	g.recovery.begin(time.Now())
	c := changelog{topic: topic, partition: partition, id: id, dir: filepath.Join(g.e.lock.path, fmt.Sprintf("%s.%d", topic, partition))}
	ctx := l.sessionContext()
	if c.barrier, err = l.barrierWriter.write(ctx, topic, partition); err != nil {
		return nil, err
	}
	s, err := l.recoverStore(ctx, c)
	if err == nil {
		if err = s.learn(learnAfter); err != nil {
			err = errors.Join(err, s.close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("recover the local store of topic %s, partition %d: %w", topic, partition, err)
	}
	l.setBarrier(partition, c.barrier)
	gs := &gokaStore{localStore: s, life: l, partition: partition}
	l.opened(gs)
	return gs, nil
}

// recoverStore returns a store that holds what the changelog holds up to its barrier.
func (l *life) recoverStore(ctx context.Context, c changelog) (*localStore, error) {
	s, why, err := openStore(c.dir, c.id)
	if err == nil && s != nil {
		s, why, err = s.unlessAhead(c.barrier)
	}
	if err != nil {
		return nil, err
	}
	if why != "" {
		l.group.e.cfg.Log.Warn("the local store is rebuilt from the changelog", "topic", c.topic, "partition", c.partition, "because", why)
	}
	if s == nil {
		return l.rebuild(ctx, c)
	}
	if err := s.catchUp(ctx, l.group.e.admin, c); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
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

// Set implements storage.Storage; goka would call it for changelog records only.
func (s *gokaStore) Set(string, []byte) error { return errRecovered }

// Delete implements storage.Storage.
func (s *gokaStore) Delete(string) error { return errRecovered }

// SetOffset implements storage.Storage.
func (s *gokaStore) SetOffset(int64) error { return errRecovered }

var errRecovered = errors.New("goka recovers a record behind the recovery barrier")

// GetOffset implements storage.Storage: that of the barrier, which is where goka is told the changelog ends.
func (s *gokaStore) GetOffset(int64) (int64, error) { return s.recOff, nil }

// MarkRecovered implements storage.Storage: everything committed is in the store, so the task can begin. goka
// calls it too when the session ended before that.
func (s *gokaStore) MarkRecovered() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := s.life.recovering(s)
	if s.closed || session.Context().Err() != nil {
		return nil
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
