package engine

import (
	"fmt"
	"sync"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/task"
)

// topicManager is goka's view of topics. They were created and checked before (topics.go); what is left is
// to count partitions and to say where recovery begins and ends.
type topicManager struct {
	life *life
	conf func() *sarama.Config

	mu       sync.Mutex
	barriers sarama.SyncProducer // made when it is needed first
}

// GetOffset implements goka.TopicManager. The end of the table is a barrier record written now. A raw high
// watermark may lie behind transaction markers or aborted records, which are never delivered, and goka would
// wait for them for ever; and a transaction of the predecessor that is decided but not marked yet lies before
// the barrier, so that a read-committed reader that has reached the barrier has seen it.
func (m *topicManager) GetOffset(topic string, partition int32, at int64) (int64, error) {
	if at != sarama.OffsetNewest {
		return m.life.group.e.admin.StartOffset(m.life.ctx, topic, partition)
	}
	p, err := m.producer()
	if err != nil {
		return 0, err
	}
	_, offset, err := p.SendMessage(&sarama.ProducerMessage{Topic: topic, Partition: partition, Key: sarama.StringEncoder(task.BarrierKey), Value: sarama.ByteEncoder{}})
	if err != nil {
		return 0, fmt.Errorf("write the recovery barrier to %s, partition %d: %w", topic, partition, err)
	}
	m.life.setBarrier(partition, offset)
	return offset + 1, nil
}

func (m *topicManager) producer() (sarama.SyncProducer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.barriers != nil {
		return m.barriers, nil
	}
	c := m.conf()
	c.Producer.Return.Successes = true
	c.Producer.Idempotent = false // a second barrier does no harm
	c.Producer.Partitioner = sarama.NewManualPartitioner
	p, err := sarama.NewSyncProducer(m.life.group.e.cfg.Connection.Brokers, c)
	if err != nil {
		return nil, fmt.Errorf("connect to write recovery barriers: %w", err)
	}
	m.barriers = p
	return p, nil
}

// Partitions implements goka.TopicManager.
func (m *topicManager) Partitions(topic string) ([]int32, error) {
	n, ok := m.life.group.e.partitions[topic]
	if !ok {
		return nil, fmt.Errorf("topic %s is not part of topology %s", topic, m.life.group.e.topology.Name)
	}
	if m.life.group.plan.Input(topic) != nil {
		n = m.life.inputs
	}
	ps := make([]int32, n)
	for i := range ps {
		ps[i] = int32(i)
	}
	return ps, nil
}

// EnsureTableExists implements goka.TopicManager: topics.go has done it.
func (m *topicManager) EnsureTableExists(string, int) error { return nil }

// EnsureStreamExists implements goka.TopicManager.
func (m *topicManager) EnsureStreamExists(string, int) error { return nil }

// EnsureTopicExists implements goka.TopicManager.
func (m *topicManager) EnsureTopicExists(string, int, int, map[string]string) error { return nil }

// Close implements goka.TopicManager.
func (m *topicManager) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.barriers == nil {
		return nil
	}
	return m.barriers.Close()
}
