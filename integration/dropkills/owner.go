// Package dropkills proves that premium drops are told exactly once by processes that are killed.
//
// A dimension lies full in its topic and events wait when the first process starts. While processes are killed its
// owner changes rows, deletes them, makes them anew, and passes on what the topology tells it: our own updates come
// back through the dimension's topic.
//
// The verifier shares no code with the topology; order.go says how it knows in which order the topology has met rows
// and events. owner.go and feed.go write, collect.go reads, verify.go judges.
package dropkills

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Row is a record of the dimension's topic. No value: the row is deleted.
type Row struct{ Key, Value string }

// Owner owns the dimension. It keeps a table, as a database would.
type Owner struct {
	IDs     int // in the dimension at the start
	Touched int // the first so many are changed after the start, too
	Rand    *rand.Rand
	table   map[string]*owned
	written int
}

// owned is a row of the owner's table. Of a deleted one the version is remembered.
type owned struct {
	version int64
	live    bool
}

// premiums lie 15 % apart, or a hundredth more: what is exactly at the ratio must not alert.
var premiums = []string{"400", "340", "339.99", "289", "288.99", "245.65", "100", "85", "84.99", "72.25", "61.41"}

// leap is by how much a row that is made anew is ahead of all updates of the deleted one that may still be under way.
const leap = 1_000_000

// Fill is the dimension at the start: first an old row of every id, which no event of Feed's first round falls
// below, then the ones that count, then deletions, and some rows again. Whoever stops reading early is wrong
// about most of them.
func (o *Owner) Fill() []Row {
	o.table = map[string]*owned{}
	var all []Row
	for id := range o.IDs {
		all = append(all, o.upsert(key(id), "1", 1))
	}
	for id := range o.IDs {
		all = append(all, o.upsert(key(id), premiums[o.Rand.IntN(4)], 1))
	}
	for id := range o.IDs {
		if o.Rand.IntN(20) == 0 {
			all = append(all, o.remove(key(id)))
		}
	}
	for id := range o.IDs {
		if !o.table[key(id)].live && o.Rand.IntN(2) == 0 {
			all = append(all, o.upsert(key(id), "400", leap))
		}
	}
	return all
}

func key(id int) string { return strconv.Itoa(id) }

// Change does something to one of the rows that are changed after the start. Its version may be one that the
// topology has already given to another content; then the topology keeps its own.
func (o *Owner) Change() Row {
	k := key(o.Rand.IntN(o.Touched))
	switch row := o.table[k]; {
	case !row.live:
		return o.upsert(k, o.premium(), leap)
	case o.Rand.IntN(5) == 0:
		return o.remove(k)
	default:
		return o.upsert(k, o.premium(), 1+o.Rand.Int64N(3))
	}
}

func (o *Owner) premium() string { return premiums[o.Rand.IntN(len(premiums))] }

func (o *Owner) upsert(k, premium string, by int64) Row {
	if o.table[k] == nil {
		o.table[k] = &owned{}
	}
	row := o.table[k]
	row.live = true
	row.version += by
	o.written++
	return Row{k, fmt.Sprintf(`{"id":%s,"raw_premium":%q,"raw_info":"row %d","version":%d}`, k, premium, o.written, row.version)}
}

func (o *Owner) remove(k string) Row {
	o.table[k].live = false
	return Row{Key: k}
}

// Echo is how the owner passes on an update, word for word; false: its own row is as new, or deleted.
func (o *Owner) Echo(k, value string) (Row, bool) {
	var update struct {
		Version int64 `json:"version"`
	}
	row := o.table[k]
	if err := json.Unmarshal([]byte(value), &update); err != nil || row == nil || !row.live || update.Version <= row.version {
		return Row{}, false
	}
	row.version = update.Version
	return Row{k, value}, true
}
