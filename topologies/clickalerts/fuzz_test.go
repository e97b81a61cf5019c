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
