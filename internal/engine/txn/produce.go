package txn

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// produce writes all records, in rounds: each takes the next part of as many
// batches as fit, sends one request to each broker, and is over when all parts
// are written. So at most one part per partition is on its way, and a part that
// is sent again can't be overtaken by the next.
func (w *Writer) produce(ctx context.Context, batches []*Batch) error {
	done := make([]int, len(batches)) // records, by batch
	for {
		parts := w.round(batches, done)
		if len(parts) == 0 {
			return nil
		}
		err := w.step(ctx, "produce", func(ctx context.Context) (err error) {
			parts, err = w.send(ctx, parts)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// round cuts the next parts, at most one per partition, and numbers them.
func (w *Writer) round(batches []*Batch, done []int) []*part {
	var parts []*part
	taken := make(map[TopicPartition]bool, len(batches))
	size := 0
	for i, b := range batches {
		if done[i] == len(b.Records) || taken[b.TopicPartition] {
			continue
		}
		p := cut(b, done[i], w.config.MaxBatchBytes)
		if size += p.size; size > maxRoundBytes && len(parts) > 0 {
			break
		}
		w.number(p)
		taken[b.TopicPartition] = true
		done[i] += len(p.wire.Records)
		parts = append(parts, p)
	}
	return parts
}

// number gives the part its place in the partition's sequence, which counts
// the producer's records and goes on at 0 after 2^31-1.
func (w *Writer) number(p *part) {
	at := p.batch.TopicPartition
	p.wire.Codec = w.config.Compression
	p.wire.ProducerID, p.wire.ProducerEpoch = w.producer.id, w.producer.epoch
	if w.config.WithoutTransactions {
		p.wire.IsTransactional, p.wire.FirstSequence = false, -1
		return
	}
	p.wire.FirstSequence = w.sequences[at]
	w.sequences[at] = int32((int64(p.wire.FirstSequence) + int64(len(p.wire.Records))) & 0x7fffffff)
}

// produceRequest is the parts that go to one broker.
type produceRequest struct {
	to     endpoint
	parts  []*part
	answer *sarama.ProduceResponse
	err    error
}

// send tries to write parts and returns those that are to be sent again, with
// the reason. Leaders that did not take theirs are looked up again.
func (w *Writer) send(ctx context.Context, parts []*part) (left []*part, err error) {
	if err := w.findLeaders(ctx, parts); err != nil {
		return parts, err
	}
	requests, left := w.address(parts)
	if len(left) > 0 {
		err = fmt.Errorf("%v: %w", left[0].batch.TopicPartition, sarama.ErrLeaderNotAvailable)
	}
	var answers sync.WaitGroup
	for _, r := range requests {
		answers.Go(func() { r.answer, r.err = w.ask(ctx, r) })
	}
	answers.Wait()
	for _, r := range requests {
		for _, p := range r.parts {
			if e := r.settle(p); e != nil {
				err = graver(err, e)
				left = append(left, p)
				delete(w.cluster.leaders, p.batch.TopicPartition)
			}
		}
	}
	return left, err
}

// ask sends one produce request. The broker gives up waiting for its replicas
// a little before the watchdog gives up waiting for the broker.
func (w *Writer) ask(ctx context.Context, r *produceRequest) (*sarama.ProduceResponse, error) {
	message := &sarama.ProduceRequest{
		Version:         8, // from 9 on, sarama encodes all records twice
		TransactionalID: &w.config.TransactionalID,
		RequiredAcks:    sarama.WaitForAll,
		Timeout:         int32(w.cluster.patience * 9 / 10 / time.Millisecond),
	}
	if w.config.WithoutTransactions {
		message.TransactionalID = nil
	}
	for _, p := range r.parts {
		message.AddBatch(p.batch.Topic, p.batch.Partition, p.wire)
	}
	return ask(ctx, w.cluster, r.to, func(b *sarama.Broker) (*sarama.ProduceResponse, error) {
		return b.Produce(message)
	})
}

func (r *produceRequest) settle(p *part) error {
	if r.err != nil {
		return fmt.Errorf("%v: %w", p.batch.TopicPartition, r.err)
	}
	return p.settle(r.answer.Blocks[p.batch.Topic][p.batch.Partition])
}

// findLeaders looks up the leaders that are not known, if there are any.
func (w *Writer) findLeaders(ctx context.Context, parts []*part) error {
	var topics []string
	for _, p := range parts {
		if _, known := w.cluster.leader(p.batch.TopicPartition); !known && !slices.Contains(topics, p.batch.Topic) {
			topics = append(topics, p.batch.Topic)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	if err := w.cluster.findLeaders(ctx, topics); err != nil {
		return fmt.Errorf("find leaders: %w", err)
	}
	return nil
}

// address groups parts by the broker that leads their partition, and returns
// those whose partition has no leader at present.
func (w *Writer) address(parts []*part) (requests []*produceRequest, leaderless []*part) {
	byBroker := map[endpoint]*produceRequest{}
	for _, p := range parts {
		to, known := w.cluster.leader(p.batch.TopicPartition)
		if !known {
			leaderless = append(leaderless, p)
			continue
		}
		r := byBroker[to]
		if r == nil {
			r = &produceRequest{to: to}
			byBroker[to] = r
			requests = append(requests, r)
		}
		r.parts = append(r.parts, p)
	}
	return requests, leaderless
}
