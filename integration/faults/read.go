package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/brokers"
)

// readBound is how long a topic may take to read; those of a soak are long.
const readBound = 15 * time.Minute

// read gives each record of a topic to f, read committed, up to the end that it has now. Records of a partition come in
// order, and of one are not kept: topics may be longer than memory.
func read(s *Stage, topic string, f func(r *kgo.Record)) error {
	ctx, cancel := context.WithTimeout(context.Background(), readBound)
	defer cancel()
	client, err := brokers.Client(s.Cluster.Brokers())
	if err != nil {
		return err
	}
	defer client.Close()
	starts, ends, err := bounds(ctx, kadm.NewClient(client), topic)
	if err != nil {
		return err
	}
	from := map[int32]kgo.Offset{}
	for p, end := range ends {
		if starts[p] < end {
			from[p] = kgo.NewOffset().At(starts[p])
		}
	}
	return readTo(ctx, s.Cluster.Brokers(), topic, from, ends, f)
}

func bounds(ctx context.Context, admin *kadm.Client, topic string) (starts, ends map[int32]int64, err error) {
	for ; ; time.Sleep(50 * time.Millisecond) { // a partition that has just got another leader is not known for a moment
		first, err := admin.ListStartOffsets(ctx, topic)
		last, err2 := admin.ListCommittedOffsets(ctx, topic)
		if err = errors.Join(err, err2); err == nil {
			err = errors.Join(first.Error(), last.Error())
		}
		if err == nil {
			return offsetsOf(first), offsetsOf(last), nil
		}
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("ask for the bounds of topic %s: %w", topic, err)
		}
	}
}

func offsetsOf(listed kadm.ListedOffsets) map[int32]int64 {
	m := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { m[o.Partition] = o.Offset })
	return m
}

func readTo(ctx context.Context, addrs []string, topic string, left map[int32]kgo.Offset, ends map[int32]int64, f func(*kgo.Record)) error {
	if len(left) == 0 {
		return nil
	}
	client, err := brokers.Client(addrs, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: left}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords()) // markers tell how far it is where no record is visible
	if err != nil {
		return err
	}
	defer client.Close()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("read topic %s: %d partitions have not been read to the ends %v: %w", topic, len(left), ends, ctx.Err())
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset >= ends[r.Partition]-1 {
				delete(left, r.Partition)
			}
			if r.Offset < ends[r.Partition] && !r.Attrs.IsControl() {
				f(r)
			}
		})
	}
	return nil
}

// table reads a compacted topic: the newest value of each key that was not deleted.
func table(s *Stage, topic string) (map[string][]byte, error) {
	rows := map[string][]byte{}
	err := read(s, topic, func(r *kgo.Record) {
		if r.Value == nil {
			delete(rows, string(r.Key))
		} else {
			rows[string(r.Key)] = r.Value
		}
	})
	return rows, err
}

// letters counts dead letters as wrong: what is fed can be read.
func (v *Verdict) letters(s *Stage, topic string) error {
	return read(s, topic, func(r *kgo.Record) {
		v.wrong("dead letter at partition %d, offset %d: %.200s", r.Partition, r.Offset, r.Value)
	})
}
