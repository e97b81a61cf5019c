package engine

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"

	"github.com/tributary-go/tributary/internal/task"
)

// topicManager is goka's view of topics. They were created and checked before (topics.go); what is left is
// to count partitions and to say where recovery begins and ends.
type topicManager struct {
	life     *life
	client   sarama.Client
	barriers sarama.SyncProducer
}

func newTopicManager(l *life, conf func() *sarama.Config) (goka.TopicManager, error) {
	c, err := sarama.NewClient(l.group.e.cfg.Connection.Brokers, conf())
	if err != nil {
		return nil, err
	}
	pc := conf()
	pc.Producer.Return.Successes = true
	pc.Producer.Idempotent = false
	pc.Producer.Partitioner = sarama.NewManualPartitioner
	p, err := sarama.NewSyncProducer(l.group.e.cfg.Connection.Brokers, pc)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &topicManager{l, c, p}, nil
}

// GetOffset implements goka.TopicManager. The end of the table is a barrier record written now. A raw high
// watermark may lie behind transaction markers or aborted records, which are never delivered, and goka would
// wait for them for ever; and a transaction of the predecessor that is decided but not marked yet lies before
// the barrier, so that a read-committed reader that has reached the barrier has seen it.
func (m *topicManager) GetOffset(topic string, partition int32, at int64) (int64, error) {
	if at != sarama.OffsetNewest {
		return m.client.GetOffset(topic, partition, at)
	}
	_, offset, err := m.barriers.SendMessage(&sarama.ProducerMessage{Topic: topic, Partition: partition, Key: sarama.StringEncoder(task.BarrierKey), Value: sarama.ByteEncoder{}})
	if err != nil {
		return 0, fmt.Errorf("write the recovery barrier to %s, partition %d: %w", topic, partition, err)
	}
	return offset + 1, nil
}

// Partitions implements goka.TopicManager.
func (m *topicManager) Partitions(topic string) ([]int32, error) {
	n, ok := m.life.group.e.partitions[topic]
	if !ok {
		return nil, fmt.Errorf("topic %s is not part of topology %s", topic, m.life.group.e.topology.Name)
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
func (m *topicManager) Close() error { return errors.Join(m.barriers.Close(), m.client.Close()) }
