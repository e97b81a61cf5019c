package topic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

const (
	// firstWindow is how many offsets before the end are read first. The record that is looked for is usually the last
	// but one.
	firstWindow = 64
	// windowGrowth: a record that has not been written for long lies far back.
	windowGrowth = 64
	// patience bounds the reading.
	patience = time.Minute
)

// read returns the latest value of a key in the position topic up to an offset, as readers of committed records see
// it; nil if there is none. The record at the offset must be visible.
func (t *Topic) read(ctx context.Context, upTo int64, key string) ([]byte, error) {
	if upTo < 0 {
		return nil, nil
	}
	value, err := t.readBack(ctx, upTo, key)
	if err != nil {
		return nil, fmt.Errorf("read topic %s up to offset %d: %w", positionTopic(t.config.Capture), upTo, err)
	}
	return value, nil
}

// readBack looks in windows that end at the offset and grow.
func (t *Topic) readBack(ctx context.Context, upTo int64, key string) ([]byte, error) {
	conf, err := t.config.Connection.Config()
	if err != nil {
		return nil, err
	}
	client, err := sarama.NewClient(t.config.Connection.Brokers, conf)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	start, err := client.GetOffset(positionTopic(t.config.Capture), 0, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not done within %s", patience))
	defer cancel()
	for window := int64(firstWindow); ; window *= windowGrowth {
		from := max(start, upTo+1-window)
		value, err := t.window(ctx, client, from, upTo, key)
		if err != nil || value != nil || from == start {
			return value, err
		}
	}
}

// window reads the offsets from one to another, both included.
func (t *Topic) window(ctx context.Context, client sarama.Client, from, upTo int64, key string) ([]byte, error) {
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	part, err := consumer.ConsumePartition(positionTopic(t.config.Capture), 0, from)
	if err != nil {
		return nil, err
	}
	defer part.AsyncClose()
	var latest []byte
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case e, open := <-part.Errors():
			if !open {
				return nil, errors.New("the reader has ended")
			}
			t.config.Log.Debug("reading positions", "error", e)
		case m, open := <-part.Messages():
			if !open {
				return nil, errors.New("the reader has ended")
			}
			if string(m.Key) == key {
				latest = m.Value
			}
			if m.Offset >= upTo {
				return latest, nil
			}
		}
	}
}
