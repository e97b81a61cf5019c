// Package topic writes the rows of a capture to Kafka, together with the position that they lead to.
//
// The position is a record in a compacted topic of its own, <topic>-position, keyed by the capture's name. It is in
// the same transaction as the rows. Whoever opens a topic first takes over the transactional id, by which an elder
// process of the same name is fenced, then writes a record of its own, and then reads up to that record: what its
// predecessor has committed lies before it.
package topic

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/txn"
)

// Config says what is written, and where.
type Config struct {
	Connection client.Connection
	Capture    cdc.Capture
	// Partitions and Replication of the topic if it is created. 0: the number it has, or 1; the brokers' default.
	Partitions  int32
	Replication int16
	// TransactionTimeout is how long the open transaction of a dead process holds readers back. 0: 60 s. The rows of
	// the largest transaction of the source must be written within it.
	TransactionTimeout time.Duration
	// Log. Nil: discard.
	Log *slog.Logger
}

// Topic is where the rows go. It implements cdc.Sink; Commit is called by one goroutine at a time.
type Topic struct {
	config     Config
	writer     *txn.Writer
	partitions int32
	owner      owner
}

// owner is the record by which a process says that it has taken over.
type owner struct {
	ID    string    `json:"id"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

func (o owner) String() string {
	return fmt.Sprintf("process %d on %s, since %s", o.PID, o.Host, o.Since.Format(time.RFC3339))
}

// NewOwner is this process. It keeps its identity over the topics that it opens.
func NewOwner() Owner {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	host, _ := os.Hostname()
	return Owner{owner{ID: hex.EncodeToString(b), Host: host, PID: os.Getpid(), Since: time.Now().UTC().Truncate(time.Second)}}
}

// Owner identifies a process.
type Owner struct{ owner }

// positionTopic is the name of the topic of positions.
func positionTopic(c cdc.Capture) string { return c.Topic + "-position" }

// ownerKey is the key of the owner's record.
func ownerKey(c cdc.Capture) string { return c.Name + "/owner" }

// Open creates the topics that are missing, takes over from an elder process, and returns the position that is
// committed, nil if the capture has not begun.
func Open(ctx context.Context, c Config, o Owner) (*Topic, *cdc.Position, error) {
	c.TransactionTimeout = cmp.Or(c.TransactionTimeout, time.Minute)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	t := &Topic{config: c, owner: o.owner}
	if err := t.ensure(ctx); err != nil {
		return nil, nil, err
	}
	if _, err := c.Connection.Config(); err != nil {
		return nil, nil, err
	}
	var err error
	t.writer, err = txn.New(ctx, txn.Config{
		Client:  func() *sarama.Config { s, _ := c.Connection.Config(); return s }, // checked above
		Brokers: c.Connection.Brokers, TransactionalID: "mysqlcdc-" + c.Capture.Name,
		TransactionTimeout: c.TransactionTimeout, StepTimeout: max(30*time.Second, c.TransactionTimeout), Logger: c.Log,
	})
	if err != nil {
		return nil, nil, err
	}
	p, err := t.takeOver(ctx)
	if err != nil {
		t.Close()
		return nil, nil, fmt.Errorf("take over the position of capture %s: %w", c.Capture.Name, err)
	}
	return t, p, nil
}

// Close ends a Commit in progress and the connections.
func (t *Topic) Close() { _ = t.writer.Close() }

// Partitions of the topic.
func (t *Topic) Partitions() int32 { return t.partitions }

const week = "604800000" // ms: how long readers that are away still see deletes

func (t *Topic) ensure(ctx context.Context) error {
	admin, err := client.Open(ctx, t.config.Connection)
	if err != nil {
		return err
	}
	defer admin.Close()
	c := t.config.Capture
	partitions := t.config.Partitions
	if partitions == 0 {
		partitions = 1
		if n, err := admin.Partitions(ctx, c.Topic); err == nil {
			partitions = n
		} else if !errors.Is(err, client.ErrNoTopic) {
			return err
		}
	}
	settings := map[string]string{"cleanup.policy": c.Cleanup}
	if c.Cleanup != "delete" {
		settings["delete.retention.ms"] = week
	}
	found, err := admin.EnsureTopics(ctx, []client.TopicSpec{
		{Name: c.Topic, Partitions: partitions, Replication: t.config.Replication, Config: settings},
		{Name: positionTopic(c), Partitions: 1, Replication: t.config.Replication, Config: positionSettings},
	})
	t.partitions = found[c.Topic]
	return err
}

// positionSettings keep the topic small: a position is written with each commit, and only closed segments are compacted.
var positionSettings = map[string]string{"cleanup.policy": "compact", "segment.bytes": "16777216", "min.cleanable.dirty.ratio": "0.1"}

// takeOver writes the owner's record and reads what was committed before it.
func (t *Topic) takeOver(ctx context.Context) (*cdc.Position, error) {
	value, err := json.Marshal(t.owner)
	if err != nil {
		return nil, err
	}
	claim := t.positionBatch(ownerKey(t.config.Capture), value)
	if err := t.writer.Commit(ctx, &txn.Transaction{Batches: []*txn.Batch{claim}}); err != nil {
		return nil, t.explain(ctx, err)
	}
	latest, err := t.read(ctx, claim.Last, t.config.Capture.Name)
	if err != nil || latest == nil {
		return nil, err
	}
	p := new(cdc.Position)
	if err := json.Unmarshal(latest, p); err != nil {
		return nil, fmt.Errorf("%w: %w", err, cdc.ErrStop)
	}
	if p.Partitions != t.partitions {
		return nil, fmt.Errorf("topic %s has %d partitions and had %d when the capture began: rows would be in two places; copy the table afresh, "+
			"with another name and topic: %w", t.config.Capture.Topic, t.partitions, p.Partitions, cdc.ErrStop)
	}
	return p, nil
}

func (t *Topic) positionBatch(key string, value []byte) *txn.Batch {
	return &txn.Batch{
		TopicPartition: txn.TopicPartition{Topic: positionTopic(t.config.Capture)},
		Records:        []*sarama.Record{{Key: []byte(key), Value: value}},
		FirstTimestamp: time.Now(),
	}
}

// Commit implements cdc.Sink.
func (t *Topic) Commit(ctx context.Context, rows []cdc.Row, p cdc.Position) error {
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	batches := append(t.batches(rows), t.positionBatch(t.config.Capture.Name, value))
	err = t.writer.Commit(ctx, &txn.Transaction{Batches: batches})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sarama.ErrMessageSizeTooLarge):
		largest := slices.MaxFunc(rows, func(a, b cdc.Row) int { return cmp.Compare(len(a.Value), len(b.Value)) })
		return fmt.Errorf("a row is too large for topic %s: the largest has the key %.100s and %d bytes; raise max.message.bytes of the topic, "+
			"or leave a column out of another capture: %w: %w", t.config.Capture.Topic, largest.Key, len(largest.Value), err, cdc.ErrStop)
	}
	return t.explain(ctx, err)
}

// batches spreads the rows over the partitions, each in its order.
func (t *Topic) batches(rows []cdc.Row) []*txn.Batch {
	byPartition := make([]*txn.Batch, t.partitions)
	records := make([]sarama.Record, len(rows))
	now := time.Now().UnixMilli()
	for i, row := range rows {
		at := t.partition(row.Key)
		b := byPartition[at]
		ms := min(row.Time, now) // brokers refuse what lies far ahead
		if b == nil {
			b = &txn.Batch{TopicPartition: txn.TopicPartition{Topic: t.config.Capture.Topic, Partition: at}, FirstTimestamp: time.UnixMilli(ms)}
			byPartition[at] = b
		}
		records[i] = sarama.Record{Key: row.Key, Value: row.Value, TimestampDelta: time.UnixMilli(ms).Sub(b.FirstTimestamp)}
		b.Records = append(b.Records, &records[i])
	}
	var batches []*txn.Batch
	for _, b := range byPartition {
		if b != nil {
			batches = append(batches, b)
		}
	}
	return batches
}

// partition is FNV-1a, goka's hash, as in all topics that this program's siblings write.
func (t *Topic) partition(key []byte) int32 {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	for _, b := range key {
		h = (h ^ uint32(b)) * prime
	}
	at := int32(h)
	if at < 0 {
		at = -at
	}
	return max(at, 0) % t.partitions // -2^31 has no positive twin
}

// explain finds out why a process is fenced: another has taken over, or its transaction took too long.
func (t *Topic) explain(ctx context.Context, err error) error {
	if !errors.Is(err, txn.ErrFenced) {
		return err
	}
	admin, openErr := client.Open(ctx, t.config.Connection)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	defer admin.Close()
	end, endErr := admin.LastVisible(ctx, positionTopic(t.config.Capture), 0)
	if endErr != nil {
		return errors.Join(err, endErr)
	}
	value, readErr := t.read(ctx, end-1, ownerKey(t.config.Capture))
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	var now owner
	if jsonErr := json.Unmarshal(value, &now); jsonErr != nil || now.ID == t.owner.ID {
		return fmt.Errorf("%w (no other process has taken over: the transaction took longer than --transaction-timeout)", err)
	}
	return fmt.Errorf("capture %s: %w (%s); stop one of them, or give each its own name: %w: %w", t.config.Capture.Name, cdc.ErrTaken, now, err, cdc.ErrStop)
}
