package task

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// rowMeta is what the engine keeps with every row. Stored form, version 1: byte version, varint business
// time (ms), varint ingest time - business time, uvarint members; then the row as its codec writes it.
type rowMeta struct {
	at      int64 // business time of the latest version, ms
	ingest  int64 // newest ingest time of what made the row, ms
	members int64 // records that an aggregate's row consists of
}

const rowVersion = 1

var errRow = errors.New("the stored row is damaged")

func (m *rowMeta) append(b []byte) []byte {
	b = append(b, rowVersion)
	b = binary.AppendVarint(b, m.at)
	b = binary.AppendVarint(b, m.ingest-m.at)
	return binary.AppendUvarint(b, uint64(m.members))
}

func parseRow(b []byte) (m rowMeta, payload []byte, err error) {
	if len(b) == 0 {
		return m, nil, errRow
	}
	if b[0] > rowVersion {
		return m, nil, fmt.Errorf("the stored row has format %d, this program reads up to %d: run the newer program", b[0], rowVersion)
	}
	r := reader{b: b[1:]}
	m.at = r.varint()
	m.ingest = m.at + r.varint()
	m.members = int64(r.uvarint())
	if r.bad {
		return m, nil, errRow
	}
	return m, r.b, nil
}

// ParseRow takes a stored row apart for a view: its times and the bytes that the table's codec reads.
func ParseRow(b []byte) (at, ingest int64, payload []byte, err error) {
	m, payload, err := parseRow(b)
	return m.at, m.ingest, payload, err
}
