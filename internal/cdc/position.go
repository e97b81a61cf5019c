package cdc

import (
	"encoding/json"
	"fmt"
	"time"
)

// positionVersion is that of the JSON. A newer one is refused.
const positionVersion = 1

// Position is how far a capture has come. It is committed together with the rows that lead to it.
type Position struct {
	// At: the rows of all transactions before it are in the topic.
	At At
	// Server is the server_uuid where At is an offset, which means nothing elsewhere. "" with GTIDs.
	Server string
	// Shape of the records, see Layout.
	Shape string
	// Key and Columns of the record, as they were when the capture began. A capture that names none keeps these,
	// whatever the table gets later.
	Key, Columns []string
	// Partitions of the topic. With another number, keys would change their places.
	Partitions int32
	// Snapshot is how far the table has been read.
	Snapshot Snapshot
	// Time up to which the table has been captured: when the last transaction was committed in the source, or when the
	// source last said that there is none.
	Time time.Time
}

// Snapshot is how far the first reading of the table has come.
type Snapshot struct {
	// Done: the topic holds every row of the table.
	Done bool `json:"done"`
	// Rows that the chunks have brought. Rows that changes brought before their chunk came are not among them.
	Rows int64 `json:"rows"`
	// By are the columns of the primary key when the snapshot began.
	By []string `json:"by,omitempty"`
	// After is the primary key behind which the next chunk begins, as plain text by column. None: at the start.
	After []string `json:"after,omitempty"`
	// Until is the largest primary key at the time when the snapshot began. Rows beyond it come as changes.
	Until []string `json:"until,omitempty"`
}

// wire is the JSON of a position: what is stored, and what programs downstream may read.
type wire struct {
	Version    int      `json:"version"`
	GTIDs      *string  `json:"gtids,omitempty"`
	File       string   `json:"file,omitempty"`
	Offset     uint32   `json:"offset,omitempty"`
	Server     string   `json:"server,omitempty"`
	Time       int64    `json:"time"` // ms
	Snapshot   Snapshot `json:"snapshot"`
	Partitions int32    `json:"partitions"`
	Shape      string   `json:"shape"`
	Key        []string `json:"key,omitempty"`
	Columns    []string `json:"columns,omitempty"`
}

// MarshalJSON writes the stored form.
func (p Position) MarshalJSON() ([]byte, error) {
	w := wire{
		Version: positionVersion, Server: p.Server, Time: p.Time.UnixMilli(), Snapshot: p.Snapshot,
		Partitions: p.Partitions, Shape: p.Shape, Key: p.Key, Columns: p.Columns,
	}
	if p.At.ByGTID() {
		set := p.At.String()
		w.GTIDs = &set
	} else {
		w.File, w.Offset = p.At.File()
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads the stored form.
func (p *Position) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return fmt.Errorf("read a position: %w", err)
	}
	if w.Version < 1 || w.Version > positionVersion {
		return fmt.Errorf("the position has version %d, this program knows %d: start the newer program", w.Version, positionVersion)
	}
	at := Offset(w.File, w.Offset)
	if w.GTIDs != nil {
		var err error
		if at, err = GTIDs(*w.GTIDs); err != nil {
			return err
		}
	} else if w.File == "" {
		return fmt.Errorf("the position has neither GTIDs nor a file: %.200s", b)
	}
	*p = Position{
		At: at, Server: w.Server, Time: time.UnixMilli(w.Time).UTC(), Snapshot: w.Snapshot,
		Partitions: w.Partitions, Shape: w.Shape, Key: w.Key, Columns: w.Columns,
	}
	return nil
}
