package client

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// scanBytes is how much one fetch of Scan asks for. Partitions are scanned side by side, so it is memory times
// partitions.
const scanBytes = 4 << 20

// Scan calls f for each record from offset from on that a read-committed reader can see, up to the end that the
// partition has when it begins, in order. It returns the offset to go on from. What f is given is memory of the
// fetch: f copies what it keeps. Unlike a consumer's, its cost is that of the bytes: no channel, no goroutine,
// no record is handed on alone. An error of f ends it.
func (a *Admin) Scan(ctx context.Context, topic string, partition int32, from int64, f func(key, value []byte, offset int64) error) (next int64, err error) {
	at := place{topic, partition}
	ends, err := a.offsets(ctx, []place{at}, sarama.OffsetNewest)
	if err != nil {
		return from, err
	}
	starts, err := a.offsets(ctx, []place{at}, sarama.OffsetOldest)
	if err != nil {
		return from, err
	}
	next = max(from, starts[at])
	for end := ends[at]; next < end; {
		p, err := a.page(ctx, at, next, scanBytes)
		if err != nil {
			return next, fmt.Errorf("read %s from offset %d: %w", at, next, err)
		}
		if p.next <= next { // nothing but gaps up to the end
			return end, nil
		}
		if err := p.each(next, p.next, f); err != nil {
			return next, err
		}
		next = p.next
	}
	return next, nil
}

// ScanThrough is Scan up to offset last at least, where there is a record: it waits until the transactions before
// it have ended.
func (a *Admin) ScanThrough(ctx context.Context, topic string, partition int32, from, last int64, f func(key, value []byte, offset int64) error) error {
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		next, err := a.Scan(ctx, topic, partition, from, f)
		if err != nil || next > last {
			return err
		}
		from = next
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

const firstWait, maxWait = 5 * time.Millisecond, 250 * time.Millisecond

// each calls f for the visible records of the page with from <= offset < end.
func (p page) each(from, end int64, f func(key, value []byte, offset int64) error) error {
	return p.visible(func(records *sarama.Records) error {
		if batch := records.RecordBatch; batch != nil {
			return eachIn(batch, from, end, f)
		}
		for _, m := range records.MsgSet.Messages { // written before Kafka 0.11; compressed sets can't be in our topics
			if m.Offset >= from && m.Offset < end {
				if err := f(m.Msg.Key, m.Msg.Value, m.Offset); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func eachIn(batch *sarama.RecordBatch, from, end int64, f func(key, value []byte, offset int64) error) error {
	for _, r := range batch.Records {
		offset := batch.FirstOffset + r.OffsetDelta
		if offset < from || offset >= end {
			continue
		}
		if err := f(r.Key, r.Value, offset); err != nil {
			return err
		}
	}
	return nil
}
