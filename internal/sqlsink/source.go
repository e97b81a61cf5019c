package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine/client"
)

// source reads a topic, committed records only.
type source struct {
	conn  client.Connection
	admin *client.Admin
	topic string
	log   *slog.Logger
}

// open makes a consumer whose fetches run ahead of the database.
func (s source) open() (sarama.Consumer, error) {
	conf, err := s.conn.Config()
	if err != nil {
		return nil, err
	}
	conf.ChannelBufferSize = 4096
	conf.Consumer.MaxProcessingTime = 10 * time.Second // a batch that the database takes long for is no reason to fetch anew
	c, err := sarama.NewConsumer(s.conn.Brokers, conf)
	if err != nil {
		return nil, fmt.Errorf("open a consumer for topic %s: %w", s.topic, err)
	}
	return c, nil
}

// follow sends the records of a partition from an offset on until ctx ends.
func (s source) follow(ctx context.Context, c sarama.Consumer, partition int32, from int64, to chan<- *sarama.ConsumerMessage) error {
	at := fmt.Sprintf("topic %s partition %d", s.topic, partition)
	p, err := c.ConsumePartition(s.topic, partition, from)
	if errors.Is(err, sarama.ErrOffsetOutOfRange) {
		return fmt.Errorf("read %s from offset %d: %w", at, from, errMissed)
	}
	if err != nil {
		return fmt.Errorf("read %s from offset %d: %w", at, from, err)
	}
	defer func() { // its channels must be emptied, or it does not end
		p.AsyncClose()
		go func() {
			for range p.Errors() {
			}
		}()
		for range p.Messages() {
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-p.Errors():
			if err != nil {
				s.log.Warn("reading failed and is tried again", "topic", s.topic, "partition", partition, "error", err.Err)
			}
		case m, more := <-p.Messages():
			if !more {
				return fmt.Errorf("read %s: the consumer has ended", at)
			}
			select {
			case to <- m:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// ends are where a reader has seen all that is visible now, by partition.
func (s source) ends(ctx context.Context, partitions int32) (map[int32]int64, error) {
	ends := make(map[int32]int64, partitions)
	for p := range partitions {
		end, err := s.admin.LastVisible(ctx, s.topic, p)
		if err != nil {
			return nil, err
		}
		ends[p] = end
	}
	return ends, nil
}

// keepsTombstones is delete.retention.ms of the topic: for so long a reader that is behind still sees each delete.
func (s source) keepsTombstones(ctx context.Context) (time.Duration, error) {
	const setting = "delete.retention.ms"
	conf, err := s.conn.Config()
	if err != nil {
		return 0, err
	}
	admin, err := sarama.NewClusterAdmin(s.conn.Brokers, conf)
	if err != nil {
		return 0, fmt.Errorf("read the settings of topic %s: %w", s.topic, err)
	}
	defer admin.Close()
	found, err := admin.DescribeConfigs([]*sarama.ConfigResource{{Type: sarama.TopicResource, Name: s.topic, ConfigNames: []string{setting}}}, sarama.DescribeConfigsOptions{})
	if err == nil && len(found) == 1 && found[0].ErrorCode != sarama.ErrNoError {
		err = found[0].ErrorCode
	}
	if err != nil || len(found) != 1 {
		return 0, fmt.Errorf("read the settings of topic %s: %w", s.topic, err)
	}
	for _, e := range found[0].Configs {
		if ms, err := strconv.ParseInt(e.Value, 10, 64); err == nil && e.Name == setting {
			return time.Duration(ms) * time.Millisecond, nil
		}
	}
	return 24 * time.Hour, ctx.Err() // Kafka's default
}
