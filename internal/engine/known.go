package engine

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/syndtr/goleveldb/leveldb"
)

// known is which keys a local store may hold. Most keys that a task asks for are new ones, and LevelDB needs
// microseconds to say that it does not have a key; known needs a fraction of one. It can only err by saying that a
// key may be there: a key is added before it is written, and none is ever taken out.
type known struct {
	state atomic.Int32

	mu    sync.RWMutex
	parts []*bloom.BloomFilter // each for more keys than the one before
	size  int                  // keys in them
	left  uint                 // keys that the last part still takes
	full  bool                 // it was whole until it had too many: those that are gone have to be left out
}

const (
	unknown  = iota // nothing is known, and nothing is added
	learning        // keys are added
	whole           // it has all keys of the store
)

const (
	knownMost   = 4 << 20 // keys, in 6 MB
	knownFirst  = 1 << 12 // keys of the first part
	knownGrowth = 4       // and how many times more of the next
	knownWrong  = 0.01    // share of the absent keys that a part says may be there
)

func (k *known) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.parts, k.size, k.left, k.full = nil, 0, 0, false
	k.state.Store(learning)
}

// end says that all keys of the store were added. With so many it would soon be full.
func (k *known) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state.Load() != learning {
		return
	}
	k.state.Store(whole)
	if k.size > knownMost/2 {
		k.drop()
	}
}

// forget gives up: LevelDB is asked.
func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.full = false
	k.drop()
}

// drop is called with the lock.
func (k *known) drop() {
	k.parts = nil
	k.state.Store(unknown)
}

func (k *known) isFull() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.full
}

func (k *known) add(key []byte) {
	if k.state.Load() == unknown {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.state.Load() == unknown || k.has(key):
		return
	case k.size == knownMost:
		k.full = k.state.Load() == whole
		k.drop()
		return
	case k.left == 0:
		k.grow()
	}
	k.parts[len(k.parts)-1].Add(key)
	k.size++
	k.left--
}

func (k *known) grow() {
	k.left = knownFirst
	for range k.parts {
		k.left *= knownGrowth
	}
	k.parts = append(k.parts, bloom.NewWithEstimates(k.left, knownWrong))
}

// may is false if the store does not have the key.
func (k *known) may(key []byte) bool {
	if k.state.Load() != whole {
		return true
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.state.Load() != whole || k.has(key)
}

// has is called with the lock. The parts ask for the same bits, each modulo its size.
func (k *known) has(key []byte) bool {
	if len(k.parts) == 0 {
		return false
	}
	bits := bloom.Locations(key, k.parts[0].K())
	for i := len(k.parts) - 1; i >= 0; i-- {
		if k.parts[i].TestLocations(bits) {
			return true
		}
	}
	return false
}

const (
	// learnBytes bounds the tables of a store whose keys are learnt: reading more would be felt.
	learnBytes = 64 << 20
	// learnAfter is how long a store waits before it learns its keys. There is enough to do after a start.
	learnAfter = 10 * time.Second
)

// lesson is a goroutine that reads all keys of a store once, while it is used.
type lesson struct {
	stop chan struct{}
	done chan struct{}
}

// learn makes the keys of an open store known: at once if the table has none, otherwise by and by. No write must be
// under way: it would be neither in the store yet, nor added.
func (s *localStore) learn(after time.Duration) error {
	if s.large() {
		s.keys.forget() // or each flush would look again
		return nil
	}
	s.lesson.end()
	s.lesson = nil
	s.keys.begin()
	if empty, err := s.empty(); err != nil || empty {
		return errors.Join(err, s.learnAll(nil))
	}
	l := &lesson{stop: make(chan struct{}), done: make(chan struct{})}
	s.lesson = l
	go func() {
		defer close(l.done)
		select {
		case <-l.stop:
		case <-time.After(after):
			_ = s.learnAll(l.stop) // whoever reads what cannot be read meets the error, too
		}
	}()
	return nil
}

// end waits for the goroutine: LevelDB must not be closed under an iterator.
func (l *lesson) end() {
	if l != nil {
		close(l.stop)
		<-l.done
	}
}

func (s *localStore) large() bool {
	var stats leveldb.DBStats
	if s.db.Stats(&stats) != nil {
		return true
	}
	size := int64(0)
	for _, level := range stats.LevelSizes {
		size += level
	}
	return size > learnBytes
}

// empty is true if there is nothing but what only a local store has.
func (s *localStore) empty() (bool, error) {
	empty := true
	err := s.Range(nil, nil, false, func(k, _ []byte) bool {
		empty = string(k) == aboutKey || string(k) == offsetKey
		return empty
	})
	return empty, err
}

// learnAll reads all keys. Those written after the iterator saw the store are added by write.
func (s *localStore) learnAll(stop <-chan struct{}) error {
	stopped := false
	err := s.Range(nil, nil, false, func(k, _ []byte) bool {
		select {
		case <-stop:
			stopped = true
		default:
			s.keys.add(k)
		}
		return !stopped
	})
	if err == nil && !stopped {
		s.keys.end()
	}
	return err
}
