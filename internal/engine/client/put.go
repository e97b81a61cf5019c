package client

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// Put writes one record to the partition of its key's hash, and returns when all replicas have it. A nil value is a
// tombstone. It is for people's hands: each call opens a producer of its own.
func Put(ctx context.Context, c Connection, topic string, key, value []byte) (partition int32, offset int64, err error) {
	conf, err := c.Config()
	if err != nil {
		return 0, 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	conf.Producer.Return.Successes = true
	conf.Producer.Retry.Max = 30 // 3 s
	p, err := sarama.NewSyncProducer(c.Brokers, conf)
	if err != nil {
		return 0, 0, fmt.Errorf("open a producer for topic %s: %w", topic, err)
	}
	defer p.Close()
	m := &sarama.ProducerMessage{Topic: topic, Key: sarama.ByteEncoder(key)}
	if value != nil {
		m.Value = sarama.ByteEncoder(value)
	}
	if partition, offset, err = p.SendMessage(m); err != nil {
		return 0, 0, fmt.Errorf("write key %.64q to topic %s: %w", key, topic, err)
	}
	return partition, offset, nil
}
