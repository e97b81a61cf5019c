package task

import (
	"fmt"
	"testing"
)

// A family finds what was added and not dropped, few or many, sub-rows or the task's own.
func TestAFamilyFindsItsMembers(t *testing.T) {
	for _, parent := range []*entry{nil, {isRow: true}} {
		var f family
		members := map[string]*entry{}
		check := func() {
			t.Helper()
			for i := range 3 * fewEntries {
				if key := fmt.Sprint("row", i); f.find(key) != members[key] {
					t.Fatalf("%s of %d members, parent %v: %v, want %v", key, f.size(), parent != nil, f.find(key), members[key])
				}
			}
		}
		for round := range 2 {
			for i := range 3 * fewEntries {
				if e := (&entry{key: fmt.Sprint("row", i), parent: parent}); members[e.key] == nil {
					f.add(e)
					members[e.key] = e
					check()
				}
			}
			for i := round; i < 3*fewEntries; i += 2 {
				key := fmt.Sprint("row", i)
				f.drop(members[key])
				delete(members, key)
				check()
			}
		}
	}
}
