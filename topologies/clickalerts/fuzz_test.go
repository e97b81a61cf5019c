package clickalerts_test

import (
	"testing"

	"github.com/tributary-go/tributary/topologies/clickalerts"
)

func FuzzRuleDocument(f *testing.F) {
	for _, doc := range clickalerts.Documents() {
		f.Add(doc)
	}
	f.Fuzz(func(_ *testing.T, doc []byte) { _, _ = clickalerts.ReadRule(doc) })
}

// A click is refused, or has an id and a user or a session.
func FuzzClick(f *testing.F) {
	f.Add([]byte(`{"key_id":1}`), []byte(`{"ID":1,"ITEM_ID":"a","EVENT_TYPE":"page_view","EVENT_TIMESTAMP":1700000000000,"USER_ID":"u","SESSION_ID":"s","PRICE":"1.50"}`))
	f.Add([]byte(`{"key_id":"7"}`), []byte(nil))
	f.Add([]byte(`7`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		c, deleted, err := clickalerts.ReadClick(key, value)
		if err != nil {
			return
		}
		if deleted != (len(value) == 0) {
			t.Fatalf("%q %q: deleted %v", key, value, deleted)
		}
		if !deleted && c.Record.User.V == "" && c.Record.Session.V == "" {
			t.Errorf("%q %q: a click of nobody: %+v", key, value, c)
		}
	})
}
