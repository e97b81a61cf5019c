package golden

import (
	"fmt"

	"github.com/tributary-go/tributary/internal/task"
)

// state is a table, read from its changelog.
type state struct {
	table *task.Table
	rows  map[string][]byte // as JSON
}

func newState(t *task.Table) *state { return &state{t, map[string][]byte{}} }

// apply takes in a changelog record. Sub-rows and task records are passed over.
func (s *state) apply(key, value []byte) error {
	if !task.IsRow(string(key)) {
		return nil
	}
	if len(value) == 0 {
		delete(s.rows, string(key))
		return nil
	}
	_, _, b, err := task.ParseRow(value)
	if err == nil {
		s.rows[string(key)], err = s.json(b)
	}
	return err
}

func (s *state) json(b []byte) ([]byte, error) {
	row, err := s.table.Rows.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", s.table.Name, err)
	}
	return s.table.Rows.JSON(row)
}
