package kills

import (
	"maps"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Latest is a compacted topic as a table.
func Latest(records []brokers.Record) map[string][]byte {
	m := map[string][]byte{}
	for _, x := range records {
		m[string(x.Key)] = x.Value
	}
	maps.DeleteFunc(m, func(_ string, v []byte) bool { return v == nil })
	return m
}

// Union are the keys of both.
func Union[K comparable, A, B any](a map[K]A, b map[K]B) map[K]bool {
	m := map[K]bool{}
	for k := range a {
		m[k] = true
	}
	for k := range b {
		m[k] = true
	}
	return m
}
