package cdc

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

const logFile = "binlog.000001"

// database is a table, its log, and how much of the log a select can see: a reader of the log may be ahead of it.
type database struct {
	log     []Unit
	states  []map[int]string // states[i]: the table after i transactions
	visible int
}

func newDatabase(rows map[int]string) *database { return &database{states: []map[int]string{rows}} }

// write adds a transaction: rows by id, "" deletes.
func (d *database) write(changes map[int]string) {
	table := maps.Clone(d.states[len(d.log)])
	u := Unit{Step: Step{File: logFile, Offset: uint32(len(d.log) + 1)}}
	for id, v := range changes {
		row := Row{Key: []byte(strconv.Itoa(id)), Value: []byte(v)}
		if v == "" {
			row.Value = nil
			delete(table, id)
		} else {
			table[id] = v
		}
		u.Rows = append(u.Rows, row)
	}
	d.log = append(d.log, u)
	d.states = append(d.states, table)
}

// read is a select, followed by a look at how far the log has come.
func (d *database) read(s Snapshot, limit int) Chunk {
	c := Chunk{High: Offset(logFile, uint32(d.visible)), End: true}
	after, until := -1, -1
	if len(s.After) > 0 {
		after, _ = strconv.Atoi(s.After[0])
	}
	if len(s.Until) > 0 {
		until, _ = strconv.Atoi(s.Until[0])
	}
	for id := after + 1; id <= until; id++ {
		v, there := d.states[d.visible][id]
		if !there {
			continue
		}
		if len(c.Rows) == limit {
			c.End = false
			break
		}
		c.Rows = append(c.Rows, Row{Key: []byte(strconv.Itoa(id)), Value: []byte(v)})
		c.Last = []string{strconv.Itoa(id)}
	}
	return c
}

// copying is a capture that may die at any time. Its topic and position are what it committed.
type copying struct {
	*database
	topic     map[int]string
	committed Position

	merge     *merge
	delivered int
	settled   At
}

func (c *copying) start() {
	b, err := json.Marshal(c.committed) // what is stored is what counts
	if err == nil {
		err = json.Unmarshal(b, &c.committed)
	}
	if err != nil {
		panic(err)
	}
	c.merge = newMerge(c.committed)
	_, offset := c.committed.At.File()
	c.delivered = int(offset)
}

func (c *copying) commit() {
	rows, p := c.merge.take()
	for _, row := range rows {
		id, _ := strconv.Atoi(string(row.Key))
		if row.Value == nil {
			delete(c.topic, id)
			continue
		}
		c.topic[id] = string(row.Value)
	}
	c.committed = p
}

func (c *copying) deliver() {
	if c.delivered < len(c.log) {
		c.merge.change(c.log[c.delivered])
		c.delivered++
	}
}

func (c *copying) open() {
	if !c.merge.position.Snapshot.Done && c.merge.window == nil {
		c.settled = c.merge.open()
	}
}

// read reads the chunk of the open window if what was delivered before can be seen.
func (c *copying) readChunk(limit int) {
	w := c.merge.window
	if w == nil || w.chunk != nil || !Offset(logFile, uint32(c.visible)).Reached(c.settled) {
		return
	}
	c.merge.chunk(c.read(c.merge.position.Snapshot, limit))
}

func (c *copying) finish(t *rapid.T) {
	c.visible = len(c.log)
	for range 1000 {
		for c.delivered < len(c.log) {
			c.deliver()
		}
		c.open()
		c.readChunk(3)
		c.commit()
		if c.committed.Snapshot.Done {
			return
		}
	}
	t.Fatal("the snapshot does not end")
}

func TestTheTopicEqualsTheTableHoweverChangesAndChunksMeetAndWheneverTheCaptureDies(t *testing.T) {
	ids := rapid.IntRange(0, 7)
	rapid.Check(t, func(t *rapid.T) {
		rows := map[int]string{}
		for id := range 8 {
			if rapid.Bool().Draw(t, "there") {
				rows[id] = "at first"
			}
		}
		c := &copying{database: newDatabase(rows), topic: map[int]string{}}
		c.committed = Position{At: Offset(logFile, 0), Snapshot: Snapshot{Until: []string{"7"}}}
		c.start()
		written := 0
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				changes := map[int]string{}
				for range rapid.IntRange(1, 3).Draw(t, "rows") {
					written++
					changes[ids.Draw(t, "id")] = rapid.SampledFrom([]string{"", fmt.Sprint("version ", written)}).Draw(t, "value")
				}
				c.write(changes)
			},
			"show":    func(*rapid.T) { c.visible = min(c.visible+1, len(c.log)) },
			"deliver": func(*rapid.T) { c.deliver() },
			"open":    func(*rapid.T) { c.open() },
			"read":    func(t *rapid.T) { c.readChunk(rapid.IntRange(1, 4).Draw(t, "limit")) },
			"commit":  func(*rapid.T) { c.commit() },
			"die":     func(*rapid.T) { c.start() },
		})
		c.finish(t)
		if want := c.states[len(c.log)]; !maps.Equal(c.topic, want) {
			t.Fatalf("the topic holds %v, the table %v", c.topic, want)
		}
	})
}

func TestARowThatChangedWhileItsChunkWasReadIsWrittenByTheChangeOnly(t *testing.T) {
	d := newDatabase(map[int]string{1: "old", 2: "still"})
	m := newMerge(Position{At: Offset(logFile, 0), Snapshot: Snapshot{Until: []string{"2"}}})
	m.open()
	chunk := d.read(m.position.Snapshot, 10) // before the change, and shown after it
	d.write(map[int]string{1: "new"})
	m.change(d.log[0])
	m.chunk(chunk)
	rows, p := m.take()
	if len(rows) != 2 || string(rows[0].Value) != "new" || string(rows[1].Value) != "still" {
		t.Errorf("rows are %v", rows)
	}
	if !p.Snapshot.Done || p.Snapshot.Rows != 1 {
		t.Errorf("the snapshot is %+v", p.Snapshot)
	}
}

func TestAChunkWaitsUntilTheChangesHaveReachedItsHighMark(t *testing.T) {
	d := newDatabase(map[int]string{1: "a"})
	d.write(map[int]string{2: "b"})
	d.write(map[int]string{2: "c"})
	d.visible = 2
	m := newMerge(Position{At: Offset(logFile, 0), Snapshot: Snapshot{Until: []string{"2"}}})
	m.open()
	m.chunk(d.read(m.position.Snapshot, 10))
	m.change(d.log[0])
	if rows, p := m.take(); len(rows) != 1 || p.Snapshot.Done {
		t.Errorf("before the high mark: %v, %+v", rows, p.Snapshot)
	}
	m.change(d.log[1])
	if rows, p := m.take(); len(rows) != 2 || string(rows[0].Value) != "c" || string(rows[1].Value) != "a" || !p.Snapshot.Done {
		t.Errorf("at the high mark: %v, %+v", rows, p.Snapshot)
	}
}
