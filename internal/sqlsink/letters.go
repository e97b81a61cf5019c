package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine/client"
)

const (
	letterWhole = 512 << 10 // a record up to this size is kept whole, as in the dead letters of processors
	letterHead  = 4 << 10   // of a larger one so much is kept
)

// letters writes what can't be written to a table to the dead-letter topic. Its methods may be called concurrently.
type letters struct {
	topic    string
	producer sarama.SyncProducer
	metrics  *Metrics

	mu   sync.Mutex
	sent map[letterID]bool
}

// letterID is the record that a letter is about.
type letterID struct {
	table, topic string
	partition    int32
	offset       int64
}

// openLetters creates the topic, with one partition, if it is not there.
func openLetters(ctx context.Context, conn client.Connection, admin *client.Admin, topic string, replication int16, m *Metrics) (*letters, error) {
	partitions, err := admin.Partitions(ctx, topic)
	if errors.Is(err, client.ErrNoTopic) {
		partitions, err = 1, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = admin.EnsureTopics(ctx, []client.TopicSpec{{Name: topic, Partitions: partitions, Replication: replication, Config: map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "message.timestamp.type": "LogAppendTime",
	}}})
	if err != nil {
		return nil, err
	}
	conf, err := conn.Config()
	if err != nil {
		return nil, err
	}
	conf.Producer.Return.Successes = true
	conf.Producer.Retry.Max = 30
	producer, err := sarama.NewSyncProducer(conn.Brokers, conf)
	if err != nil {
		return nil, fmt.Errorf("open a producer for dead letters: %w", err)
	}
	return &letters{topic: topic, producer: producer, metrics: m, sent: map[letterID]bool{}}, nil
}

// kafkaError is one of Kafka's in the middle of a transaction of the database. It ends the session.
type kafkaError struct{ err error }

func (e *kafkaError) Error() string { return e.err.Error() }
func (e *kafkaError) Unwrap() error { return e.err }

func isKafka(err error) bool {
	var k *kafkaError
	return errors.As(err, &k)
}

// send returns when the letters are stored. What was sent before by this process, for a transaction that then failed, is
// not sent again.
func (l *letters) send(_ context.Context, table string, refused []refusal) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range refused {
		m := r.change.record
		id := letterID{table, m.Topic, m.Partition, m.Offset}
		if l.sent[id] {
			continue
		}
		if _, _, err := l.producer.SendMessage(l.letter(table, r)); err != nil {
			return &kafkaError{fmt.Errorf("write a dead letter for topic %s partition %d offset %d to %s: %w", m.Topic, m.Partition, m.Offset, l.topic, err)}
		}
		l.sent[id] = true
		l.metrics.letters.WithLabelValues(table).Inc()
	}
	return nil
}

// committed forgets which letters were sent: their positions will not come again.
func (l *letters) committed(table string, refused []refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range refused {
		m := r.change.record
		delete(l.sent, letterID{table, m.Topic, m.Partition, m.Offset})
	}
}

func (l *letters) letter(table string, r refusal) *sarama.ProducerMessage {
	m := r.change.record
	header := func(name, value string) sarama.RecordHeader {
		return sarama.RecordHeader{Key: []byte(name), Value: []byte(value)}
	}
	headers := []sarama.RecordHeader{
		header("reason", r.reason.Error()), header("topic", m.Topic), header("partition", strconv.Itoa(int(m.Partition))),
		header("offset", strconv.FormatInt(m.Offset, 10)), header("group", "sqlsink "+table),
	}
	key, value := m.Key, m.Value
	if size := len(key) + len(value); size > letterWhole {
		key, value = key[:min(len(key), letterHead)], value[:min(len(value), letterHead)]
		headers = append(headers, header("truncated", strconv.Itoa(size)))
	}
	letter := &sarama.ProducerMessage{Topic: l.topic, Headers: headers, Timestamp: time.Now(), Key: sarama.ByteEncoder(key)}
	if value != nil {
		letter.Value = sarama.ByteEncoder(value)
	}
	return letter
}

func (l *letters) close() { _ = l.producer.Close() }
