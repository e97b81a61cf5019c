package engine

import (
	"sync"

	"github.com/tributary-go/tributary/internal/engine/txn"
)

// memory is what a group has committed in this process, over all its lives. Offsets only grow while a group has
// members: where the brokers answer with less, they have lost some, and what was processed stays processed.
type memory struct {
	mu   sync.Mutex
	next map[txn.TopicPartition]remembered
}

type remembered struct {
	topicID string
	next    int64
}

func (m *memory) committed(offsets map[txn.TopicPartition]txn.Offset, ids map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next == nil {
		m.next = map[txn.TopicPartition]remembered{}
	}
	for at, o := range offsets {
		m.next[at] = remembered{ids[at.Topic], o.Next}
	}
}

// behind is the offset behind the last record that was committed here; 0: none was, or the topic is another.
func (m *memory) behind(topic, id string, partition int32) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.next[txn.TopicPartition{Topic: topic, Partition: partition}]; r.topicID == id {
		return r.next
	}
	return 0
}
