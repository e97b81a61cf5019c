package engine

import (
	"testing"

	"github.com/tributary-go/tributary/internal/engine/txn"
)

func TestAGroupRemembersWhatItCommittedOfATopicUntilItIsAnother(t *testing.T) {
	var m memory
	if got := m.behind("in", "a", 0); got != 0 {
		t.Errorf("%d before anything was committed", got)
	}
	m.committed(map[txn.TopicPartition]txn.Offset{{Topic: "in", Partition: 0}: {Next: 7}}, map[string]string{"in": "a"})
	for id, want := range map[string]int64{"a": 7, "b": 0} {
		if got := m.behind("in", id, 0); got != want {
			t.Errorf("topic id %s: %d, want %d", id, got, want)
		}
	}
	if got := m.behind("in", "a", 1); got != 0 {
		t.Errorf("another partition: %d", got)
	}
}
