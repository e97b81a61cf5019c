package premiumdrop

import (
	"strconv"
	"testing"
)

// The key of a row that was deleted is refused, or names the row as its owner's records do.
func FuzzDeletedKey(f *testing.F) {
	for _, key := range []string{"7", " 7 ", `{"id":7}`, `{"id":"7"}`, `{"id":null}`, `{`, ""} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		id, err := deletedID(key)
		if err != nil {
			return
		}
		if n, err := strconv.ParseInt(string(id), 10, 64); err != nil || idOf(n) != id {
			t.Errorf("%q is %q", key, id)
		}
	})
}
