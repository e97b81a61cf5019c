package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// Partitions is the number of partitions of a topic. A topic that does not exist is ErrNoTopic.
func (a *Admin) Partitions(ctx context.Context, topic string) (int32, error) {
	t, err := a.topic(ctx, topic)
	if err != nil {
		return 0, err
	}
	return int32(len(t.Partitions)), nil
}

// TopicID is the identity that a topic got when it was created, in the form that Kafka's tools print. A topic that is
// deleted and created again has another one. Brokers before 2.8 have no topic ids: then it is "".
func (a *Admin) TopicID(ctx context.Context, topic string) (string, error) {
	t, err := a.topic(ctx, topic)
	if err != nil {
		return "", err
	}
	if t.Uuid == (sarama.Uuid{}) {
		return "", nil
	}
	return t.Uuid.String(), nil
}

func (a *Admin) topic(ctx context.Context, name string) (*sarama.TopicMetadata, error) {
	found, err := a.describe(ctx, []string{name})
	if err != nil {
		return nil, err
	}
	return found[name], absent(found[name], name)
}

// absent is the error for a topic that cannot be used, and nil for one that exists, with leaders or not.
func absent(t *sarama.TopicMetadata, name string) error {
	switch {
	case t == nil, errors.Is(t.Err, sarama.ErrUnknownTopicOrPartition):
		return fmt.Errorf("topic %s: %w", name, ErrNoTopic)
	case errors.Is(t.Err, sarama.ErrNoError), errors.Is(t.Err, sarama.ErrLeaderNotAvailable):
		return nil
	}
	return fmt.Errorf("describe topic %s: %w", name, t.Err)
}

// describe asks a broker about topics, by name. Unlike sarama's client it never lets the broker create one, and takes
// "unknown" for an answer. A topic that was created a moment ago may be unknown still.
func (a *Admin) describe(ctx context.Context, topics []string) (map[string]*sarama.TopicMetadata, error) {
	found := make(map[string]*sarama.TopicMetadata, len(topics))
	if len(topics) == 0 {
		return found, nil // an empty list would ask for all
	}
	err := a.retry(ctx, func() error {
		return a.anyBroker(func(b *sarama.Broker) error {
			answer, err := b.GetMetadata(sarama.NewMetadataRequest(a.client.Config().Version, topics))
			if err != nil {
				return err
			}
			for _, t := range answer.Topics {
				found[t.Name] = t
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("describe topics at %s: %w", a.connection, err)
	}
	return found, nil
}
