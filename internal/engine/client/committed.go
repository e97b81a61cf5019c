package client

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// Committed is what a consumer group has committed for a partition.
type Committed struct {
	// Offset of the next record to read.
	Offset int64
	// LeaderEpoch of the record before it, or -1.
	LeaderEpoch int32
	// Metadata is the text committed with the offset. Stateless groups keep their watermarks in it.
	Metadata string
}

// CommittedOffsets returns a group's stable offsets for a topic: while a transaction with offsets of the group is open,
// it waits for the outcome. Partitions without a committed offset are left out.
func (a *Admin) CommittedOffsets(ctx context.Context, group, topic string) (map[int32]Committed, error) {
	n, err := a.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	partitions := make([]int32, n)
	for p := range n {
		partitions[p] = p
	}
	var committed map[int32]Committed
	err = a.retry(ctx, func() (err error) {
		committed, err = a.committedOnce(group, topic, partitions)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the committed offsets of group %s for topic %s: %w", group, topic, err)
	}
	return committed, nil
}

func (a *Admin) committedOnce(group, topic string, partitions []int32) (map[int32]Committed, error) {
	// Asked afresh each time: a coordinator moves, and asking for the first group creates the offsets topic.
	if err := a.client.RefreshCoordinator(group); err != nil {
		return nil, err
	}
	coordinator, err := a.client.Coordinator(group)
	if err != nil {
		return nil, err
	}
	request := sarama.NewOffsetFetchRequest(a.client.Config().Version, group, map[string][]int32{topic: partitions})
	request.RequireStable = true
	var answer *sarama.OffsetFetchResponse
	err = a.ask(coordinator, func(b *sarama.Broker) (err error) {
		answer, err = b.FetchOffset(request)
		return err
	})
	if err != nil {
		return nil, err
	}
	blocks, err := groupBlocks(answer, group)
	if err != nil {
		return nil, err
	}
	return committedIn(blocks[topic])
}

// groupBlocks finds the group's part: since version 8 an answer is about several groups.
func groupBlocks(answer *sarama.OffsetFetchResponse, group string) (map[string]map[int32]*sarama.OffsetFetchResponseBlock, error) {
	blocks, code := answer.Blocks, answer.Err
	for _, g := range answer.Groups {
		if g.GroupId == group {
			blocks, code = g.Blocks, g.Err
		}
	}
	if code == sarama.ErrGroupIDNotFound { // a group that never committed; most brokers answer without offsets
		return nil, nil
	}
	return blocks, failure(code)
}

func committedIn(blocks map[int32]*sarama.OffsetFetchResponseBlock) (map[int32]Committed, error) {
	committed := make(map[int32]Committed, len(blocks))
	for p, b := range blocks {
		if b.Err != sarama.ErrNoError {
			return nil, fmt.Errorf("partition %d: %w", p, b.Err)
		}
		if b.Offset >= 0 {
			committed[p] = Committed{Offset: b.Offset, LeaderEpoch: b.LeaderEpoch, Metadata: b.Metadata}
		}
	}
	return committed, nil
}
