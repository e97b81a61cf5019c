package stream

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

// ErrNoGroup is returned by the key function of GroupBy for rows that belong to no group.
var ErrNoGroup = errors.New("belongs to no group")

// ErrSkip is returned by functions on records for those that have no effect and are no dead letters. They
// are counted.
var ErrSkip = task.ErrSkip

var errChange = errors.New("the value is no change of a table, or one of another version: only Tributary writes this topic")

var errTombstone = errors.New("an empty value without a key: it does not say which row is deleted")

func putUint32(b []byte, n uint32) { binary.BigEndian.PutUint32(b, n) }
func getUint32(b []byte) uint32    { return binary.BigEndian.Uint32(b) }

// span is d as people write it: 168h0m0s is 7d.
func span(d time.Duration) string {
	switch {
	case d == 0:
		return "ever"
	case d%(24*time.Hour) == 0:
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	}
	return d.String()
}
