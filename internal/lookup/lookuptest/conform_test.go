package lookuptest

import (
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/internal/lookup"
)

func opened(t *Table, as lookup.Table) Opened {
	return Opened{
		Table:  as,
		Put:    func(key, value string) { t.Put(key, value) },
		Delete: func(key string) { t.Delete(key) },
	}
}

func TestTheTableInMemoryConforms(t *testing.T) {
	table := New("t", 3)
	if err := Check(opened(table, table), time.Minute); err != nil {
		t.Error(err)
	}
}

type unordered struct{ *Table }

func (u unordered) Scan(prefix, after string, limit int) ([]lookup.Row, error) {
	rows, err := u.Table.Scan(prefix, after, limit)
	if len(rows) > 1 {
		rows[0], rows[1] = rows[1], rows[0]
	}
	return rows, err
}

type late struct{ *Table }

func (l late) Position() []int64 {
	position := l.Table.Position()
	for p := range position {
		position[p]--
	}
	return position
}

type repeating struct{ *Table }

func (r repeating) Watch(f func(lookup.Change)) func() {
	return r.Table.Watch(func(c lookup.Change) { f(c); f(c) })
}

func TestATableThatDoesNotConformIsFound(t *testing.T) {
	for want, spoil := range map[string]func(*Table) lookup.Table{
		"scan ":            func(t *Table) lookup.Table { return unordered{t} },
		"the position is":  func(t *Table) lookup.Table { return late{t} },
		"went from offset": func(t *Table) lookup.Table { return repeating{t} },
	} {
		table := New("t", 3)
		if err := Check(opened(table, spoil(table)), time.Minute); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
