package sqlsink

import (
	"errors"
	"reflect"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// A record is refused, or each column holds what its type can.
func FuzzRecord(f *testing.F) {
	x := newTarget(visits("topic"))
	for _, r := range [][2]string{
		{"a|1", `{"visitors":" 7 ","amount":1e3,"price":"12.50","remark":{"x": 1}}`},
		{`a\|b|+1`, `{"visitors":7,"name":true,"amount":"-0.5E-2"}`},
		{`\N|-1`, ""},
		{"a|1", `[{"visitors":1},{"visitors":2}]`},
	} {
		f.Add([]byte(r[0]), []byte(r[1]))
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		r, deleted, err := x.decode(key, value)
		if err != nil {
			return
		}
		if deleted != (len(value) == 0) || len(r) != len(x.Columns) {
			t.Fatalf("%q %q: deleted %v, %d columns", key, value, deleted, len(r))
		}
		for i, c := range x.Columns {
			if err := holds(c, r[i]); err != nil && (x.isKey(i) || !deleted) {
				t.Errorf("%q %q: column %s is %+v: %v", key, value, c.Name, r[i], err)
			}
		}
		if again, _, err := x.decode(key, value); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q %q is %v, and once more %v (%v)", key, value, r, again, err)
		}
	})
}

func holds(c tables.Column, v codecs.Text) error {
	if !v.Valid {
		if c.NotNull {
			return errors.New("null")
		}
		return nil
	}
	switch c.Type.Kind() {
	case tables.KindBigInt:
		_, err := strconv.ParseInt(v.V, 10, 64)
		return err
	case tables.KindDouble, tables.KindDecimal:
		if _, err := strconv.ParseFloat(v.V, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
			return err
		}
	default:
		if !utf8.ValidString(v.V) {
			return errors.New("not UTF-8")
		}
	}
	return nil
}
