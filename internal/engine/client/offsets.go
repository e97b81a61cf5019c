package client

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// EndOffsets is Admin.EndOffsets over a connection of its own.
func EndOffsets(ctx context.Context, c Connection, topics []string) (map[string][]int64, error) {
	a, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.EndOffsets(ctx, topics)
}

// EndOffsets returns, for each topic and partition, where a read-committed reader comes to an end for now: the last
// stable offset. Offsets below it may be transaction markers or aborted records, which no reader ever sees; LastVisible
// tells.
func (a *Admin) EndOffsets(ctx context.Context, topics []string) (map[string][]int64, error) {
	found, err := a.describe(ctx, topics)
	if err != nil {
		return nil, err
	}
	var all []place
	for topic := range found {
		if err := absent(found[topic], topic); err != nil {
			return nil, err
		}
		all = append(all, places(topic, int32(len(found[topic].Partitions)))...)
	}
	offsets, err := a.offsets(ctx, all, sarama.OffsetNewest)
	if err != nil {
		return nil, err
	}
	ends := make(map[string][]int64, len(topics))
	for _, p := range all { // in the order of partitions
		ends[p.topic] = append(ends[p.topic], offsets[p])
	}
	return ends, nil
}

// offsets asks the leaders for sarama.OffsetOldest or for the read-committed sarama.OffsetNewest.
func (a *Admin) offsets(ctx context.Context, all []place, at int64) (map[place]int64, error) {
	offsets := make(map[place]int64, len(all))
	version := a.client.Config().Version
	err := a.onLeaders(ctx, all, func(b *sarama.Broker, led []place) (map[place]error, error) {
		request := sarama.NewOffsetRequest(version)
		request.IsolationLevel = sarama.ReadCommitted
		for _, p := range led {
			request.AddBlock(p.topic, p.partition, at, 1)
		}
		answer, err := b.GetAvailableOffsets(request)
		if err != nil {
			return nil, err
		}
		outcome := make(map[place]error, len(led))
		for _, p := range led {
			block := answer.GetBlock(p.topic, p.partition)
			if block == nil {
				outcome[p] = sarama.ErrIncompleteResponse
				continue
			}
			offsets[p], outcome[p] = block.Offset, failure(block.Err)
		}
		return outcome, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the %s offsets: %w", end(at), err)
	}
	return offsets, nil
}

func end(at int64) string {
	if at == sarama.OffsetOldest {
		return "oldest"
	}
	return "newest"
}
