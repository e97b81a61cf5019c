package streamtest

import (
	"time"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Rows returns the rows of a table, of all partitions.
func Rows[K stream.Key, A any](d *Driver, tbl tables.Table[K, A]) map[K]tables.Row[K, A] {
	d.tb.Helper()
	rows := map[K]tables.Row[K, A]{}
	d.eachKey(tbl.Name, func(key string, stored []byte) bool {
		if !task.IsRow(key) {
			return true
		}
		at, ingest, b, err := task.ParseRow(stored)
		var a A
		if err == nil {
			a, err = tbl.Codec.Decode(b)
		}
		if err != nil {
			d.tb.Fatalf("table %s, key %q: %v", tbl.Name, key, err)
			return false
		}
		rows[K(key)] = tables.Row[K, A]{Key: K(key), Value: a, EventTime: task.TimeOf(at), UpdatedAt: task.TimeOf(ingest)}
		return true
	})
	return rows
}

// StateKeys returns all keys of a table's stores, sub-rows and timers included, partition by partition in
// their stored order. It leaves out what a store always has, its clock and version: a table that has
// forgotten everything has no keys.
func (d *Driver) StateKeys(table string) []string {
	d.tb.Helper()
	var keys []string
	d.eachKey(table, func(key string, _ []byte) bool {
		if !task.IsHousekeeping(key) {
			keys = append(keys, key)
		}
		return true
	})
	return keys
}

func (d *Driver) eachKey(table string, f func(key string, value []byte) bool) {
	d.tb.Helper()
	found := false
	for _, r := range d.runs {
		if r.store == nil || r.group.Table.Name != table {
			continue
		}
		found = true
		r.store.rows.Scan(f)
	}
	if !found {
		d.tb.Fatalf("topology %s has no table %s", d.plan.Name, table)
	}
}

// Counters count what a group did since New or the last Restart.
type Counters struct {
	Records     int64 // taken in
	DeadLetters int64
	Late        int64 // dead letters because they were too late
	Behind      int64 // events behind time that had gone on without records
	Skipped     int64 // without effect: ErrSkip, tombstones in a topic of events
	Expired     int64 // rows forgotten after the table's retention
	Timers      int64 // fired
	Orphans     int64 // retractions of what the table no longer held
	Dropped     int64 // pieces of state that a declared limit ended
}

// Counters returns what a group has counted.
func (d *Driver) Counters(group string) Counters {
	d.tb.Helper()
	g := d.group(group)
	if g == nil {
		return Counters{}
	}
	c := g.counters
	return Counters{
		c.Records.Load(), c.DeadLetters.Load(), c.Late.Load(), c.Behind.Load(), c.Skipped.Load(), c.Expired.Load(), c.Timers.Load(), c.Orphans.Load(), c.Dropped.Load(),
	}
}

// Watermark is how far event time has come for a task. Zero: it has not heard of all its senders yet.
func (d *Driver) Watermark(group string, partition int) time.Time {
	d.tb.Helper()
	for _, r := range d.runs {
		if r.group.Name == group && int(r.Partition) == partition {
			at, _ := r.Watermark()
			return task.TimeOf(at)
		}
	}
	d.tb.Fatalf("there is no group %s with a partition %d", group, partition)
	return time.Time{}
}

// Rules are the versions of rules that came as data which a task of a table has, as look-ups see them.
func Rules(d *Driver, table string, partition int) ([]stream.RuleVersion, error) {
	d.tb.Helper()
	for _, r := range d.runs {
		if r.store == nil || r.group.Table.Name != table || int(r.Partition) != partition || r.group.Table.Rules == nil {
			continue
		}
		values := map[string][]byte{}
		r.store.rows.Scan(func(key string, value []byte) bool {
			if name, ok := task.SharedName(key); ok {
				values[name] = value
			}
			return true
		})
		return r.group.Table.Rules(func(name string) []byte { return values[name] })
	}
	d.tb.Fatalf("no task %d of a table %s has rules that come as data", partition, table)
	return nil, nil
}
