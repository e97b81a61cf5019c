package cdc

import (
	"fmt"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/google/uuid"
)

// At is a place in the log of a server: the transactions that lie before it. The zero value is no place.
//
// It is a set of GTIDs, which is true on every server of a replication, or else a file and an offset, which mean
// something on one server only.
type At struct {
	gtids  *mysql.MysqlGTIDSet // nil: file and offset count
	file   string
	offset uint32
}

// GTIDs is the place behind a set of transactions, written as MySQL writes it: "uuid:1-7,uuid:9". "" is the set that
// is empty.
func GTIDs(set string) (At, error) {
	parsed, err := mysql.ParseMysqlGTIDSet(set)
	if err != nil {
		return At{}, fmt.Errorf("GTID set %.200q: %w", set, err)
	}
	return At{gtids: parsed.(*mysql.MysqlGTIDSet)}, nil
}

// Offset is the place at an offset of a log file.
func Offset(file string, offset uint32) At { return At{file: file, offset: offset} }

// ByGTID reports whether the place is a set of GTIDs.
func (a At) ByGTID() bool { return a.gtids != nil }

// Set is a copy of the GTIDs for a reader that changes them; nil if the place is an offset.
func (a At) Set() mysql.GTIDSet {
	if a.gtids == nil {
		return nil
	}
	return a.gtids.Clone()
}

// File is the file and the offset; "" if the place is a set of GTIDs.
func (a At) File() (string, uint32) { return a.file, a.offset }

// String is the set, or file:offset.
func (a At) String() string {
	if a.gtids != nil {
		return a.gtids.String()
	}
	return fmt.Sprintf("%s:%d", a.file, a.offset)
}

// clone is a copy that advance does not change.
func (a At) clone() At {
	if a.gtids != nil {
		a.gtids = a.gtids.Clone().(*mysql.MysqlGTIDSet)
	}
	return a
}

// Reached reports whether everything before other lies before a. Both are of the same kind.
func (a At) Reached(other At) bool {
	if a.gtids != nil && other.gtids != nil {
		return a.gtids.Contain(other.gtids)
	}
	return a.position().Compare(other.position()) >= 0
}

func (a At) position() mysql.Position { return mysql.Position{Name: a.file, Pos: a.offset} }

// Step is what one transaction adds to a place.
type Step struct {
	// Server, Tag and Number are its GTID. Number 0: it has none.
	Server uuid.UUID
	Tag    string
	Number int64
	// File and Offset are its end. File "": unknown.
	File   string
	Offset uint32
}

// advance moves the place behind a transaction, in place.
func (a *At) advance(s Step) {
	if a.gtids == nil {
		if s.File != "" {
			a.file, a.offset = s.File, s.Offset
		}
		return
	}
	if s.Number > 0 {
		a.gtids.AddGTIDWithTag(s.Server, mysql.NewTag(s.Tag), s.Number)
	}
}
