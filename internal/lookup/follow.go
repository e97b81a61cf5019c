package lookup

import (
	"errors"
	"strings"
)

// errTooSlow ends a watch whose reader did not keep up with the changes.
var errTooSlow = errors.New("more changes are waiting for the watcher than may")

// selection is what a watch shows: one key, or the keys with a prefix.
type selection struct {
	key    string // "": all with the prefix
	prefix string
}

func (s selection) wants(key string) bool {
	if s.key != "" {
		return key == s.key
	}
	return strings.HasPrefix(key, s.prefix)
}

// event is a step of a watch. Exactly one of ready and change counts.
type event struct {
	ready  bool
	change Change
	marked bool // the change came after its row was shown, so its offset is a position
}

// follower turns a table into its rows and then their changes, so that whoever
// applies the events in order holds the table.
//
// It subscribes first. Then it shows the rows page by page, and between two
// pages the changes of those keys that were shown already: a change of a key
// still ahead is left to its page, which will show it or something newer. So
// changes never pile up however long the first pass takes, and nothing is kept
// of the rows but the offsets of those that were written during it.
type follower struct {
	table    Table
	selected selection
	feed     *feed
	pageSize int
	stop     func()

	start   []int64          // the position before the first page
	after   string           // the last key shown
	shown   bool             // all rows were shown
	ready   bool             // and the reader was told
	newer   map[string]int64 // shown rows with an offset from start on, until their next change
	changes []Change         // taken last, to be filled again
}

func follow(table Table, selected selection, buffer, pageSize int) *follower {
	f := &follower{table: table, selected: selected, pageSize: pageSize, newer: map[string]int64{}}
	f.feed = newFeed(buffer, selected.wants)
	f.stop = table.Watch(f.feed.add)
	f.start = table.Position()
	return f
}

// next appends the next events: a page of rows, the changes since the last
// call, or nothing. After nothing there is something once feed.wake has fired.
func (f *follower) next(events []event) ([]event, error) {
	if f.shown && !f.ready {
		f.ready = true
		return append(events, event{ready: true}), nil
	}
	events, err := f.drain(events)
	if err != nil || f.shown {
		return events, err
	}
	return f.page(events)
}

// page shows the next rows.
func (f *follower) page(events []event) ([]event, error) {
	rows, err := f.scan()
	if err != nil {
		return events, err
	}
	for _, row := range rows {
		events = append(events, event{change: Change{Row: row}})
		if row.Offset >= offsetAt(f.start, row.Partition) {
			f.newer[row.Key] = row.Offset
		}
		f.after = row.Key
	}
	f.shown = f.selected.key != "" || len(rows) < f.pageSize
	return events, nil
}

func (f *follower) scan() ([]Row, error) {
	if f.selected.key == "" {
		return f.table.Scan(f.selected.prefix, f.after, f.pageSize)
	}
	row, found, err := f.table.Get(f.selected.key)
	if err != nil || !found {
		return nil, err
	}
	return []Row{row}, nil
}

// drain shows the changes that came after what was shown.
func (f *follower) drain(events []event) ([]event, error) {
	changes, full := f.feed.take(f.changes)
	f.changes = changes
	if full {
		return events, errTooSlow
	}
	for _, c := range changes {
		if f.follows(c) {
			events = append(events, event{change: c, marked: true})
		}
	}
	clear(changes) // values are not kept alive by the buffer
	return events, nil
}

// follows says whether a change is newer than what was shown of its key.
func (f *follower) follows(c Change) bool {
	if c.Offset < offsetAt(f.start, c.Partition) {
		return false // applied before the first page, which has it or something newer
	}
	if !f.shown && (f.selected.key != "" || c.Key > f.after) {
		return false // still ahead
	}
	at, found := f.newer[c.Key]
	if found && c.Offset <= at {
		return false
	}
	delete(f.newer, c.Key)
	return true
}

func offsetAt(offsets []int64, partition int32) int64 {
	if int(partition) < len(offsets) {
		return offsets[partition]
	}
	return -1
}
