package lookup

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// heldTable is a table whose calls to a watcher come when the test says so:
// the gap between an application and its call is where changes could be lost.
type heldTable struct {
	rows     map[string]Row
	position []int64
	held     [][]Change // per partition, applied and not yet told
	watcher  func(Change)
}

func newHeldTable(partitions int) *heldTable {
	return &heldTable{
		rows:     map[string]Row{},
		position: make([]int64, partitions),
		held:     make([][]Change, partitions),
	}
}

func (h *heldTable) Info() Info        { return Info{Name: "held", Partitions: len(h.position)} }
func (h *heldTable) Ready() bool       { return true }
func (h *heldTable) Position() []int64 { return slices.Clone(h.position) }
func (h *heldTable) PartitionOf(key string) int32 {
	return int32(int(key[len(key)-1]) % len(h.position))
}
func (h *heldTable) Watch(f func(Change)) func() { h.watcher = f; return func() { h.watcher = nil } }

func (h *heldTable) Get(key string) (Row, bool, error) {
	row, found := h.rows[key]
	return row, found, nil
}

func (h *heldTable) Scan(prefix, after string, limit int) ([]Row, error) {
	var rows []Row
	for _, key := range slices.Sorted(maps.Keys(h.rows)) {
		if strings.HasPrefix(key, prefix) && key > after && len(rows) < limit {
			rows = append(rows, h.rows[key])
		}
	}
	return rows, nil
}

func (h *heldTable) write(key string, deleted bool) {
	p := h.PartitionOf(key)
	if len(h.held[p]) > 0 {
		h.tell(p) // a partition's record is told of before its next one is applied
	}
	c := Change{Row: Row{Key: key, Partition: p, Offset: h.position[p]}, Deleted: deleted}
	h.rows[key] = c.Row
	if deleted {
		delete(h.rows, key)
	} else {
		c.Value = fmt.Appendf(nil, "%d", c.Offset)
		h.rows[key] = c.Row
	}
	h.position[p]++
	h.held[p] = append(h.held[p], c)
}

func (h *heldTable) tell(p int32) {
	held := h.held[p]
	h.held[p] = nil
	if h.watcher == nil {
		return
	}
	for _, c := range held {
		h.watcher(c)
	}
}

// mirror is a reader that applies events.
type mirror struct {
	rows    map[string]int64 // key -> offset of its row
	newest  map[string]int64 // key -> offset of its last event
	readies int
}

func (m *mirror) apply(t *rapid.T, events []event) {
	for _, e := range events {
		if e.ready {
			m.readies++
			continue
		}
		c := e.change
		if last, seen := m.newest[c.Key]; seen && c.Offset <= last {
			t.Fatalf("key %s went from offset %d to %d", c.Key, last, c.Offset)
		}
		m.newest[c.Key] = c.Offset
		m.rows[c.Key] = c.Offset
		if c.Deleted {
			delete(m.rows, c.Key)
		}
	}
}

func TestFollowingAWatchReproducesTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := newHeldTable(rapid.IntRange(1, 3).Draw(t, "partitions"))
		key := rapid.StringMatching(`[ab][a-h]`)
		for range rapid.IntRange(0, 20).Draw(t, "writes before") {
			table.write(key.Draw(t, "key"), rapid.Bool().Draw(t, "deleted"))
		}
		selected := rapid.SampledFrom([]selection{{}, {prefix: "a"}, {prefix: "x"}, {key: "ab"}}).Draw(t, "selected")
		rows := follow(table, selected, 1<<20, rapid.IntRange(1, 4).Draw(t, "page"))
		reader := &mirror{rows: map[string]int64{}, newest: map[string]int64{}}
		step := func() int {
			events, err := rows.next(nil)
			if err != nil {
				t.Fatal(err)
			}
			reader.apply(t, events)
			return len(events)
		}
		t.Repeat(map[string]func(*rapid.T){
			"write":  func(t *rapid.T) { table.write(key.Draw(t, "key"), false) },
			"delete": func(t *rapid.T) { table.write(key.Draw(t, "key"), true) },
			"tell":   func(t *rapid.T) { table.tell(int32(rapid.IntRange(0, len(table.held)-1).Draw(t, "p"))) },
			"next":   func(*rapid.T) { step() },
		})
		for p := range table.held {
			table.tell(int32(p))
		}
		for !rows.ready || step() > 0 {
			step()
		}
		want := map[string]int64{}
		for k, row := range table.rows {
			if selected.wants(k) {
				want[k] = row.Offset
			}
		}
		if !maps.Equal(reader.rows, want) || reader.readies != 1 {
			t.Fatalf("the reader has %v (ready %d times), the table %v", reader.rows, reader.readies, want)
		}
	})
}

func TestAFirstPassOverABusyTableDoesNotFillTheBuffer(t *testing.T) {
	table := newHeldTable(1)
	for i := range 1000 {
		table.write(fmt.Sprintf("k%04d", i), false)
	}
	table.tell(0)
	rows := follow(table, selection{}, 10, 10)
	for !rows.ready {
		for i := range 9 { // nearly as many changes to a page as the buffer holds
			table.write(fmt.Sprintf("k%04d", i*100), false)
		}
		table.tell(0)
		if _, err := rows.next(nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullFeedStaysClosed(t *testing.T) {
	f := newFeed(2, func(key string) bool { return key != "unwanted" })
	for _, key := range []string{"a", "unwanted", "b"} {
		f.add(Change{Row: Row{Key: key}})
	}
	changes, full := f.take(nil)
	if len(changes) != 2 || full {
		t.Fatalf("%d changes, full %t", len(changes), full)
	}
	for range 3 {
		f.add(Change{Row: Row{Key: "c"}})
	}
	for range 2 {
		if changes, full = f.take(changes); len(changes) != 0 || !full {
			t.Fatalf("%d changes, full %t", len(changes), full)
		}
		f.add(Change{Row: Row{Key: "d"}})
	}
}

func TestAFollowerThatIsTooSlowIsTold(t *testing.T) {
	table := newHeldTable(1)
	rows := follow(table, selection{}, 1, 10)
	table.write("aa", false)
	table.write("ab", false)
	table.tell(0)
	if _, err := rows.next(nil); !errors.Is(err, errTooSlow) {
		t.Fatalf("got %v", err)
	}
}
