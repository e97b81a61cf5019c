package task

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A trace is what a row leaves when it goes, for those who look it up: nothing that is computed depends on it. A
// partition keeps at most 1,024, each at the place that its key has; another key with the same place takes it over.
// So however many rows come and go, what is left of them is bounded, and is in the changelog as all else is.

const (
	traceKey   = "\x00e"
	traceBits  = 10 // 1,024 places
	traceBytes = 1  // version of the value: byte 1; uvarint length of the key; key; then a row as it is stored
)

// TraceOf is the place of a key's trace in the store. The partitioner takes the lowest bits of the same hash: the
// places are taken from all others.
func TraceOf(key string) string {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	place := h * 0x9e3779b1 >> (32 - traceBits)
	return traceKey + string([]byte{byte(place >> 8), byte(place)})
}

// IsTrace tells the keys of traces.
func IsTrace(key string) bool { return len(key) == len(traceKey)+2 && key[:len(traceKey)] == traceKey }

// LeaveTrace keeps row as the trace of the record's key, in the same cut. It does not touch the key's row.
func (c *Context) LeaveTrace(row any) error {
	t := c.Task
	n, _ := t.Group.Table.Rows.Bound(row)
	b := append(make([]byte, 0, rowOverhead+len(c.Key)+n), traceBytes)
	b = append(binary.AppendUvarint(b, uint64(len(c.Key))), c.Key...)
	m := rowMeta{at: c.Event, ingest: c.Ingest}
	b, err := t.Group.Table.Rows.Append(m.append(b), row)
	if err != nil {
		return fmt.Errorf("encode the trace of key %q: %w", c.Key, err)
	}
	if err := t.checkSize(t.Group.Table.Topic(), len(traceKey)+2+len(b)); err != nil {
		return err
	}
	return t.store.setRecord(TraceOf(c.Key), b)
}

var errTrace = errors.New("a damaged trace")

// ParseTrace takes a trace apart: whose it is, and the row as it is stored.
func ParseTrace(b []byte) (key string, row []byte, err error) {
	if len(b) == 0 || b[0] != traceBytes {
		return "", nil, errTrace
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 || n > uint64(len(b)-1-size) {
		return "", nil, errTrace
	}
	b = b[1+size:]
	return string(b[:n]), b[n:], nil
}
