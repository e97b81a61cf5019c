package lookup

import "encoding/json"

// Table is a readable copy of one keyed table. Implementations are safe for
// concurrent use.
//
// For each partition an implementation does three things for every record, and
// all three before the next record of that partition: it applies the record so
// that Get and Scan show it, it advances Position past it, and it calls the
// functions given to Watch. Partitions may do so at the same time.
type Table interface {
	// Info describes the table and never changes.
	Info() Info

	// Ready says whether the copy has caught up since its last start. A table
	// that is not ready is not read.
	Ready() bool

	// Get returns the row of a key, or false if there is none.
	Get(key string) (Row, bool, error)

	// Scan returns up to limit rows whose key is greater than after and starts
	// with prefix, ordered by the bytes of their keys. Either may be empty.
	Scan(prefix, after string, limit int) ([]Row, error)

	// Position returns, for each partition, the offset after the last applied
	// record, or -1 if none was applied yet. Get and Scan reflect at least the
	// position returned before they were called. The caller owns the slice.
	Position() []int64

	// PartitionOf returns the partition that a key belongs to, whether or not
	// the table holds it.
	PartitionOf(key string) int32

	// Watch calls f for every change after the call. Calls for one partition
	// come in the order of application; calls for different partitions may be
	// concurrent. f does not block and does not call the table. After stop has
	// returned f is not called any more, except by a call already under way.
	Watch(f func(Change)) (stop func())
}

// Info describes a table to its readers.
type Info struct {
	Name       string `json:"name"`       // as it stands in a path; not empty, without '/'
	Topic      string `json:"topic"`      // the topic that the copy is made from
	Key        string `json:"key"`        // how a key is written, such as "begin_time|channel_code"
	Partitions int    `json:"partitions"` // of the topic, at least 1
	Doc        string `json:"doc"`        // one sentence

	Patterns []string `json:"patterns,omitempty"` // whose partial matches the rows are; see pattern.go
}

// Row is one row as it stands. Nobody changes its Value any more.
type Row struct {
	Key       string
	Value     json.RawMessage // one valid JSON value
	Partition int32

	// Offset is that of the record which made the row. It may be -1 for a row
	// whose offset is no longer known, provided that the record was applied
	// before the table was last ready.
	Offset int64
}

// Change is a row that was written, or deleted: then it has no Value.
type Change struct {
	Row
	Deleted bool
}
