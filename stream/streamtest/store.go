package streamtest

import (
	"github.com/tidwall/btree"

	"github.com/tributary-go/tributary/internal/task"
)

// store is the local store of one task: it survives Restart. Values in it never change.
type store struct {
	rows   btree.Map[string, []byte]
	offset int64 // of the changelog record up to which it has been written; -1: none
}

var _ task.DB = (*store)(nil)

// Get implements task.DB.
func (s *store) Get(key []byte) ([]byte, error) {
	v, _ := s.rows.Get(string(key))
	return v, nil
}

// Range implements task.DB.
func (s *store) Range(lo, hi []byte, reverse bool, f func(key, value []byte) bool) error {
	from, to := string(lo), string(hi)
	if reverse {
		s.rows.Descend(to, func(k string, v []byte) bool {
			return k == to || k >= from && f([]byte(k), v)
		})
		return nil
	}
	s.rows.Ascend(from, func(k string, v []byte) bool { return (hi == nil || k < to) && f([]byte(k), v) })
	return nil
}

func (s *store) write(ws []task.Write, offset int64) error {
	for _, w := range ws {
		s.put(w.Key, w.Value)
	}
	s.offset = offset
	return nil
}

func (s *store) put(key string, value []byte) {
	if value == nil {
		s.rows.Delete(key)
		return
	}
	s.rows.Set(key, append([]byte{}, value...))
}
