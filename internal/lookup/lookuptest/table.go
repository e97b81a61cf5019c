// Package lookuptest has a table in memory, and the checks that every table
// behind the look-up passes.
package lookuptest

import (
	"encoding/json"
	"hash/fnv"
	"strings"
	"sync"

	"github.com/tidwall/btree"

	"github.com/tributary-go/tributary/internal/lookup"
)

// Table is a table in memory that is written by Put and Delete. It is safe for
// concurrent use and ready from the start.
type Table struct {
	info lookup.Info

	mu       sync.RWMutex
	rows     btree.Map[string, lookup.Row]
	position []int64
	busy     bool
	fault    error

	feeding  []sync.Mutex // per partition: held from an application to the end of its calls
	watchers map[int]func(lookup.Change)
	next     int
}

// New returns an empty table of a name, described as one in memory.
func New(name string, partitions int) *Table {
	return Described(lookup.Info{
		Name: name, Topic: name + "-table", Key: "any text",
		Partitions: partitions, Doc: "A table in memory.",
	})
}

// Described returns an empty table that describes itself as told.
func Described(info lookup.Info) *Table {
	t := &Table{
		info:     info,
		position: make([]int64, info.Partitions),
		feeding:  make([]sync.Mutex, info.Partitions),
		watchers: map[int]func(lookup.Change){},
	}
	for p := range t.position {
		t.position[p] = -1
	}
	return t
}

// Info describes the table.
func (t *Table) Info() lookup.Info { return t.info }

// Put writes a row and returns the position that has it. The value is JSON.
func (t *Table) Put(key, value string) lookup.Mark {
	return t.apply(lookup.Change{Row: lookup.Row{Key: key, Value: json.RawMessage(value)}})
}

// Delete deletes a row, which need not exist, and returns the position without it.
func (t *Table) Delete(key string) lookup.Mark {
	return t.apply(lookup.Change{Row: lookup.Row{Key: key}, Deleted: true})
}

func (t *Table) apply(c lookup.Change) lookup.Mark {
	c.Partition = t.PartitionOf(c.Key)
	t.feeding[c.Partition].Lock()
	defer t.feeding[c.Partition].Unlock()
	c, watchers := t.store(c)
	for _, f := range watchers {
		f(c)
	}
	return lookup.Mark{Partition: c.Partition, Offset: c.Offset + 1}
}

// store applies a change and says who is to be told of it.
func (t *Table) store(c lookup.Change) (lookup.Change, []func(lookup.Change)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.Offset = max(0, t.position[c.Partition])
	if c.Deleted {
		t.rows.Delete(c.Key)
	} else {
		t.rows.Set(c.Key, c.Row)
	}
	t.position[c.Partition] = c.Offset + 1
	watchers := make([]func(lookup.Change), 0, len(t.watchers))
	for _, f := range t.watchers {
		watchers = append(watchers, f)
	}
	return c, watchers
}

// SetReady says what Ready answers.
func (t *Table) SetReady(ready bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = !ready
}

// Fail makes Get and Scan return an error, until nil is given.
func (t *Table) Fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fault = err
}

// Ready is true unless SetReady has said otherwise.
func (t *Table) Ready() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return !t.busy
}

// Get returns the row of a key.
func (t *Table) Get(key string) (lookup.Row, bool, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	row, found := t.rows.Get(key)
	return row, found, t.fault
}

// Scan returns rows in key order.
func (t *Table) Scan(prefix, after string, limit int) ([]lookup.Row, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var rows []lookup.Row
	t.rows.Ascend(max(prefix, after), func(key string, row lookup.Row) bool {
		if !strings.HasPrefix(key, prefix) || len(rows) == limit {
			return false
		}
		if key > after {
			rows = append(rows, row)
		}
		return true
	})
	return rows, t.fault
}

// Position returns the offset after the last change of each partition.
func (t *Table) Position() []int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return append([]int64(nil), t.position...)
}

// PartitionOf spreads keys by their FNV-1a hash.
func (t *Table) PartitionOf(key string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int32(h.Sum32() % uint32(t.info.Partitions))
}

// Watch calls f for every change from now on.
func (t *Table) Watch(f func(lookup.Change)) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := t.next
	t.next++
	t.watchers[id] = f
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.watchers, id)
	}
}

// Watchers is the number of functions that are told of changes.
func (t *Table) Watchers() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.watchers)
}
