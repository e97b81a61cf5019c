package main

import (
	"bytes"

	"github.com/tidwall/btree"

	"github.com/tributary-go/tributary/internal/task"
)

// memory is a local store that no disk holds.
type memory struct{ rows btree.Map[string, []byte] }

var _ task.DB = (*memory)(nil)

// Get implements task.DB.
func (m *memory) Get(key []byte) ([]byte, error) {
	v, _ := m.rows.Get(string(key))
	return v, nil
}

// Range implements task.DB.
func (m *memory) Range(lo, hi []byte, reverse bool, f func(key, value []byte) bool) error {
	from, to := string(lo), string(hi)
	if reverse {
		m.rows.Descend(to, func(k string, v []byte) bool {
			return k == to || k >= from && f([]byte(k), v)
		})
		return nil
	}
	m.rows.Ascend(from, func(k string, v []byte) bool { return (hi == nil || k < to) && f([]byte(k), v) })
	return nil
}

func (m *memory) write(ws []task.Write, _ int64) error {
	for _, w := range ws {
		if w.Value == nil {
			m.rows.Delete(w.Key)
			continue
		}
		m.rows.Set(w.Key, bytes.Clone(w.Value))
	}
	return nil
}
