package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// place is one partition of one topic.
type place struct {
	topic     string
	partition int32
}

func (p place) String() string { return fmt.Sprintf("topic %s partition %d", p.topic, p.partition) }

// places are all partitions of a topic.
func places(topic string, n int32) []place {
	all := make([]place, n)
	for p := range n {
		all[p] = place{topic, p}
	}
	return all
}

// leader calls f with the broker that leads a partition.
func (a *Admin) leader(ctx context.Context, p place, f func(*sarama.Broker) error) error {
	b, err := a.leaderOf(ctx, p)
	if err != nil {
		return err
	}
	return a.ask(b, f)
}

// leaderOf tells a partition that does not exist, which is final, from one that has no leader just now.
func (a *Admin) leaderOf(ctx context.Context, p place) (*sarama.Broker, error) {
	b, err := a.client.Leader(p.topic, p.partition)
	if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return b, err
	}
	n, topicErr := a.Partitions(ctx, p.topic)
	switch {
	case topicErr != nil:
		return nil, topicErr
	case p.partition < 0 || p.partition >= n:
		return nil, fmt.Errorf("topic %s has %d partitions", p.topic, n)
	}
	return nil, err
}

// sender makes one request about the partitions that a broker leads and returns the answer's error for each.
type sender func(b *sarama.Broker, led []place) (map[place]error, error)

// onLeaders sends one request to each leader of the places, and again for those whose error may pass. The error joins
// what failed for good, with its place.
func (a *Admin) onLeaders(ctx context.Context, all []place, send sender) error {
	var refused []error
	pending := all
	err := a.retry(ctx, func() error {
		var again []place
		var passing []error
		for p, err := range a.sendAll(ctx, pending, send) {
			switch {
			case err == nil:
			case isPassing(err):
				again = append(again, p)
				passing = append(passing, fmt.Errorf("%s: %w", p, err))
			default:
				refused = append(refused, fmt.Errorf("%s: %w", p, err))
			}
		}
		pending = again
		return errors.Join(passing...)
	})
	return errors.Join(append(refused, err)...)
}

// sendAll makes one round and returns the outcome for each place.
func (a *Admin) sendAll(ctx context.Context, all []place, send sender) map[place]error {
	outcome := make(map[place]error, len(all))
	led := make(map[*sarama.Broker][]place)
	for _, p := range all {
		b, err := a.leaderOf(ctx, p)
		if err != nil {
			outcome[p] = err
			continue
		}
		led[b] = append(led[b], p)
	}
	for b, here := range led {
		var answer map[place]error
		err := a.ask(b, func(b *sarama.Broker) (err error) {
			answer, err = send(b, here)
			return err
		})
		for _, p := range here {
			if outcome[p] = err; err == nil {
				outcome[p] = answer[p]
			}
		}
	}
	return outcome
}

// failure turns the broker's "no error" into none.
func failure(code sarama.KError) error {
	if code == sarama.ErrNoError {
		return nil
	}
	return code
}
