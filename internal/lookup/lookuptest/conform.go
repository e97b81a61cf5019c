package lookuptest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tributary-go/tributary/internal/lookup"
)

// Opened is a table to be checked, empty and ready, with at least two
// partitions, and how to change it. Put and Delete return at once; the change
// comes to the table later.
type Opened struct {
	Table  lookup.Table
	Put    func(key, value string)
	Delete func(key string)
}

// Check checks what the look-up relies on in a table, in an order that uses up
// the table, and returns every breach. patience bounds the wait for a change.
func Check(open Opened, patience time.Duration) error {
	c := &checker{Opened: open, patience: patience, newest: map[int32]int64{}}
	stop := c.Table.Watch(c.see)
	c.empty()
	c.write()
	c.scans()
	c.positions()
	c.deletes()
	stop()
	c.stopped()
	return errors.Join(c.breaches...)
}

type checker struct {
	Opened
	patience time.Duration
	breaches []error

	mu      sync.Mutex
	seen    []lookup.Change
	newest  map[int32]int64
	ordered []error // breaches found by see
}

func (c *checker) breach(format string, args ...any) {
	c.breaches = append(c.breaches, fmt.Errorf(format, args...))
}

// see is the watch: offsets of a partition rise.
func (c *checker) see(change lookup.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, found := c.newest[change.Partition]
	if found && change.Offset <= last {
		c.ordered = append(c.ordered, fmt.Errorf("watch: partition %d went from offset %d to %d", change.Partition, last, change.Offset))
	}
	c.newest[change.Partition] = change.Offset
	c.seen = append(c.seen, change)
}

// await polls until the watch has seen n changes, and returns them.
func (c *checker) await(n int) []lookup.Change {
	for deadline := time.Now().Add(c.patience); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		seen := append([]lookup.Change(nil), c.seen...)
		c.mu.Unlock()
		if len(seen) >= n {
			return seen
		}
		if time.Now().After(deadline) {
			c.breach("watch: saw %d changes of %d within %s", len(seen), n, c.patience)
			return seen
		}
	}
}

func (c *checker) empty() {
	info := c.Table.Info()
	if info.Name == "" || info.Topic == "" || info.Partitions < 2 {
		c.breach("info: %+v has no name, no topic, or fewer than two partitions", info)
	}
	if !c.Table.Ready() {
		c.breach("ready: the table is not")
	}
	if n := len(c.Table.Position()); n != info.Partitions {
		c.breach("position: %d partitions, info has %d", n, info.Partitions)
	}
	if _, found, err := c.Table.Get("none"); found || err != nil {
		c.breach("get: a key that was never written: found %t, error %v", found, err)
	}
}

// written are the keys in the order of their bytes.
var written = []string{"a", "a/b", "ab", "a|1", "b", "b c", "b|\u00e9", "c", "\U0001f642"}

func (c *checker) write() {
	for i := len(written) - 1; i >= 0; i-- {
		c.Put(written[i], `{"version":1}`)
	}
	for i, key := range written {
		c.Put(key, fmt.Sprintf(`{"n":%d}`, i))
	}
	c.await(2 * len(written))
	for i, key := range written {
		row, found, err := c.Table.Get(key)
		if want := fmt.Sprintf(`{"n":%d}`, i); err != nil || !found || row.Key != key || string(row.Value) != want {
			c.breach("get %q: %+v, found %t, error %v; want %s", key, row, found, err, want)
		}
		if row.Partition != c.Table.PartitionOf(key) {
			c.breach("get %q: partition %d, PartitionOf says %d", key, row.Partition, c.Table.PartitionOf(key))
		}
	}
}

func (c *checker) scans() {
	for _, s := range []struct {
		prefix, after string
		limit         int
	}{{"", "", 100}, {"", "", 3}, {"", "ab", 100}, {"a", "", 100}, {"a", "a/b", 1}, {"b", "b|\u00e9", 9}, {"x", "", 9}, {"b", "a", 9}} {
		rows, err := c.Table.Scan(s.prefix, s.after, s.limit)
		var got, want []string
		for _, row := range rows {
			got = append(got, row.Key)
		}
		for _, key := range written {
			if strings.HasPrefix(key, s.prefix) && key > s.after && len(want) < s.limit {
				want = append(want, key)
			}
		}
		if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			c.breach("scan %q after %q, %d rows: %q (error %v), want %q", s.prefix, s.after, s.limit, got, err, want)
		}
	}
}

// positions: what Get shows lies below the position, and a watch tells what
// was shown.
func (c *checker) positions() {
	position := c.Table.Position()
	told := map[string]int64{}
	for _, change := range c.await(0) {
		told[change.Key] = change.Offset
	}
	for _, key := range written {
		row, _, err := c.Table.Get(key)
		if err != nil || row.Offset >= position[row.Partition] || row.Offset != told[key] {
			c.breach("get %q: offset %d (error %v), the position is %d and the watch told %d", key, row.Offset, err, position[row.Partition], told[key])
		}
	}
	position[0] = -7
	if c.Table.Position()[0] == -7 {
		c.breach("position: the slice is shared with the table")
	}
}

func (c *checker) deletes() {
	before := len(c.await(0))
	c.Delete(written[0])
	for _, change := range c.await(before + 1)[before:] {
		if change.Key != written[0] || !change.Deleted || len(change.Value) > 0 {
			c.breach("watch: a delete came as %+v", change)
		}
	}
	if _, found, err := c.Table.Get(written[0]); found || err != nil {
		c.breach("get: a deleted key: found %t, error %v", found, err)
	}
}

// stopped: a second watch shows that a change came which the stopped one was
// not told of.
func (c *checker) stopped() {
	before := len(c.await(0))
	told := make(chan struct{}, 1)
	stop := c.Table.Watch(func(lookup.Change) {
		select {
		case told <- struct{}{}:
		default:
		}
	})
	defer stop()
	c.Put("late", "1")
	select {
	case <-told:
	case <-time.After(c.patience):
		c.breach("watch: a second one saw no change within %s", c.patience)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) != before {
		c.breach("watch: told of a change after its stop")
	}
	c.breaches = append(c.breaches, c.ordered...)
}
