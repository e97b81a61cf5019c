package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/IBM/sarama"
)

// batchedClaim gives goka one message for all that was fetched: its cost per message is paid once a batch.
type batchedClaim struct {
	sarama.ConsumerGroupClaim
	out  chan *sarama.ConsumerMessage
	gate *gate // nil: none
}

// Messages implements sarama.ConsumerGroupClaim.
func (b *batchedClaim) Messages() <-chan *sarama.ConsumerMessage { return b.out }

const batchSize = 1024

func (b *batchedClaim) collect(ctx context.Context, bs *batches) {
	defer close(b.out)
	if !b.gate.wait(ctx) {
		return
	}
	in := b.ConsumerGroupClaim.Messages()
	for m := range in {
		x := &batch{messages: make([]*sarama.ConsumerMessage, 1, 64)}
		x.messages[0] = m
		x.fill(in)
		id := bs.put(x)
		select {
		case b.out <- &sarama.ConsumerMessage{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Value: id}:
		case <-ctx.Done():
			bs.take(id)
			return
		}
	}
}

// batch is what was fetched from one partition and not handed on yet.
type batch struct{ messages []*sarama.ConsumerMessage }

func (x *batch) fill(in <-chan *sarama.ConsumerMessage) {
	for len(x.messages) < batchSize {
		select {
		case m, ok := <-in:
			if !ok {
				return
			}
			x.messages = append(x.messages, m)
		default:
			return
		}
	}
}

// batches are on their way through goka, which carries their numbers. It is the codec of all inputs.
type batches struct {
	mu   sync.Mutex
	last uint64
	m    map[uint64]*batch
}

func (bs *batches) put(x *batch) []byte {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if bs.m == nil {
		bs.m = map[uint64]*batch{}
	}
	bs.last++
	bs.m[bs.last] = x
	return binary.BigEndian.AppendUint64(nil, bs.last)
}

func (bs *batches) take(id []byte) *batch {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	n := binary.BigEndian.Uint64(id)
	x := bs.m[n]
	delete(bs.m, n)
	return x
}

// clear drops what goka was still holding when a session ended.
func (bs *batches) clear() {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	clear(bs.m)
}

// Decode implements goka.Codec.
func (bs *batches) Decode(id []byte) (any, error) {
	if x := bs.take(id); x != nil {
		return x, nil
	}
	return nil, errors.New("a batch went through goka twice")
}

// Encode implements goka.Codec. Nothing is written through goka.
func (bs *batches) Encode(any) ([]byte, error) { return nil, errors.New("not used") }
