package client

import (
	"cmp"
	"context"
	"slices"

	"github.com/IBM/sarama"
)

const (
	fetchBytes = 1 << 20
	// maxFetchBytes bounds the growth of a fetch that brings no record. It is above any batch a broker accepts by
	// default, and room for a million of the empty batches that compaction leaves.
	maxFetchBytes = 64 << 20
	fetchWaitMs   = 250
)

// page is the answer to one fetch of one partition.
type page struct {
	batches []*sarama.Records
	aborted []*sarama.AbortedTransaction
	next    int64 // the offset after the last batch; 0 if there is no batch
}

// page fetches from an offset below the last stable one. sarama leaves empty batches out and does not say how far they
// reach, so a fetch without records is repeated with more room. A page without batches even then means that there are
// no more records.
func (a *Admin) page(ctx context.Context, at place, from int64, bytes int32) (page, error) {
	for ; ; bytes *= 8 {
		var block *sarama.FetchResponseBlock
		err := a.retry(ctx, func() error {
			return a.leader(ctx, at, func(b *sarama.Broker) (err error) {
				block, err = fetch(b, at, from, bytes)
				return err
			})
		})
		if err != nil {
			return page{}, err
		}
		p := newPage(block)
		if len(p.batches) > 0 || bytes >= maxFetchBytes {
			return p, nil
		}
	}
}

func fetch(b *sarama.Broker, at place, from int64, bytes int32) (*sarama.FetchResponseBlock, error) {
	request := &sarama.FetchRequest{
		Version:      11, // the last but one that names topics, without the fields for followers
		MaxWaitTime:  fetchWaitMs,
		MinBytes:     1,
		MaxBytes:     bytes,
		Isolation:    sarama.ReadCommitted,
		SessionEpoch: -1, // no fetch session: each request says everything
	}
	request.AddBlock(at.topic, at.partition, from, bytes, -1)
	answer, err := b.Fetch(request)
	if err != nil {
		return nil, err
	}
	block := answer.GetBlock(at.topic, at.partition)
	if block == nil {
		return nil, sarama.ErrIncompleteResponse
	}
	return block, failure(block.Err)
}

func newPage(block *sarama.FetchResponseBlock) page {
	p := page{aborted: block.AbortedTransactions}
	for _, records := range block.RecordsSet {
		if last, ok := lastOffset(records); ok {
			p.batches = append(p.batches, records)
			p.next = last + 1
		}
	}
	slices.SortFunc(p.aborted, func(a, b *sarama.AbortedTransaction) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	return p
}

// lastOffset is that of a complete batch.
func lastOffset(r *sarama.Records) (int64, bool) {
	switch {
	case r.RecordBatch != nil:
		return r.RecordBatch.LastOffset(), !r.RecordBatch.PartialTrailingRecord
	case r.MsgSet != nil && len(r.MsgSet.Messages) > 0: // written before Kafka 0.11
		return r.MsgSet.Messages[len(r.MsgSet.Messages)-1].Offset, true
	}
	return 0, false
}

// lastVisible is the largest offset in [from, end) of a record that is neither a marker nor aborted, or -1.
func (p page) lastVisible(from, end int64) int64 {
	last := int64(-1)
	_ = p.visible(func(records *sarama.Records) error { // the function returns no error
		if records.RecordBatch != nil {
			last = max(last, lastIn(records.RecordBatch, from, end))
		} else if offset, _ := lastOffset(records); from <= offset && offset < end {
			last = offset
		}
		return nil
	})
	return last
}

// visible calls f for the batches that are neither markers nor aborted. The broker lists the aborted transactions
// that reach into the page; one counts from its first offset to its abort marker.
func (p page) visible(f func(*sarama.Records) error) error {
	aborted := make(map[int64]bool) // by producer id
	pending := p.aborted
	for _, records := range p.batches {
		batch := records.RecordBatch
		if batch == nil { // written before there were transactions
			if err := f(records); err != nil {
				return err
			}
			continue
		}
		for len(pending) > 0 && pending[0].FirstOffset <= batch.LastOffset() {
			aborted[pending[0].ProducerID] = true
			pending = pending[1:]
		}
		switch {
		case batch.Control:
			// Any marker ends the producer's transaction: a commit marker cannot come while it is an aborted one.
			delete(aborted, batch.ProducerID)
		case batch.IsTransactional && aborted[batch.ProducerID]:
		default:
			if err := f(records); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastIn looks at the records, because compaction may have removed a batch's last one.
func lastIn(batch *sarama.RecordBatch, from, end int64) int64 {
	for _, r := range slices.Backward(batch.Records) {
		if offset := batch.FirstOffset + r.OffsetDelta; from <= offset && offset < end {
			return offset
		}
	}
	return -1
}
