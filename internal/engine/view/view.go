// Package view keeps a readable copy of a keyed topic: a goka view that reads committed records only, joins
// the cluster again after errors, and knows the position it reflects.
package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/storage"
	"github.com/tidwall/btree"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/task"
)

// Spec says which topic is copied and how its values are shown.
type Spec struct {
	Info lookup.Info
	// JSON shows a value. It may be called at any time, and not for hidden keys.
	JSON func(value []byte) (json.RawMessage, error)
	// Rules reads the rules that came as data out of a task's own values; nil: none do.
	Rules func(shared func(name string) []byte) ([]task.RuleVersion, error)
	// Groups are the names of those that may tell the table's partitions of time, by their ids on the wire.
	Groups map[uint32]string
}

// View is a copy of a topic in memory. It implements lookup.Table.
type View struct {
	spec  Spec
	conn  client.Connection
	admin *client.Admin
	log   *slog.Logger

	mu       sync.RWMutex
	rows     *btree.BTreeG[row]
	clocks   map[int32][]byte
	traces   map[place][]byte
	shared   map[place][]byte // tasks' own values, by partition and name
	position []int64
	behind   map[int32]bool // partitions that have not caught up since goka's view began
	watchers map[*watcher]bool
}

type row struct {
	key       string
	value     []byte
	partition int32
	offset    int64
}

type watcher struct{ f func(lookup.Change) }

// New makes the view of a topic that exists. Run fills it.
func New(ctx context.Context, conn client.Connection, admin *client.Admin, spec Spec, log *slog.Logger) (*View, error) {
	n, err := admin.Partitions(ctx, spec.Info.Topic)
	if err != nil {
		return nil, fmt.Errorf("view of table %s: %w", spec.Info.Name, err)
	}
	spec.Info.Partitions = int(n)
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	v := &View{spec: spec, conn: conn, admin: admin, log: log, watchers: map[*watcher]bool{}, clocks: map[int32][]byte{}, traces: map[place][]byte{}, shared: map[place][]byte{}}
	v.rows = btree.NewBTreeGOptions(func(a, b row) bool { return a.key < b.key }, btree.Options{NoLocks: true})
	v.position = make([]int64, n)
	for p := range v.position {
		v.position[p] = -1
	}
	v.begin()
	return v, nil
}

// begin waits for every partition to catch up (again).
func (v *View) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.behind = map[int32]bool{}
	for p := range v.spec.Info.Partitions {
		v.behind[int32(p)] = true
	}
}

// caughtUp is told by goka when a partition has reached the end that its topic had when the view began. Goka's
// own state of the view can't be asked: it counts only the partitions that it has heard of, and falls back
// for a moment when recovery ends.
func (v *View) caughtUp(partition int32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.behind, partition)
}

// pause lies between an error that ends goka's view and the next one.
const pause = time.Second

// Run follows the topic until ctx ends. After an error it begins again where it stood; meanwhile the view
// goes on answering with what it has, and says that it is not ready.
func (v *View) Run(ctx context.Context) error {
	for {
		err := v.follow(ctx)
		v.begin() // not ready from now on
		if ctx.Err() != nil {
			return nil
		}
		v.log.Warn("the view lost its topic and begins again where it stood", "table", v.spec.Info.Name, "topic", v.spec.Info.Topic, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (v *View) follow(ctx context.Context) error {
	if _, err := v.conn.Config(); err != nil {
		return err
	}
	conf := func() *sarama.Config {
		c, err := v.conn.Config()
		if err != nil {
			c = sarama.NewConfig() // can't be: it was fine above
		}
		return c
	}
	g, err := goka.NewView(v.conn.Brokers, goka.Table(v.spec.Info.Topic), raw{},
		goka.WithViewLogger(gokaLog{v.log}),
		goka.WithViewAutoReconnect(),
		goka.WithViewCallback(v.apply),
		goka.WithViewStorageBuilder(func(_ string, p int32) (storage.Storage, error) { return &partition{view: v, number: p}, nil }),
		goka.WithViewConsumerSaramaBuilder(func(brokers []string, _ string) (sarama.Consumer, error) {
			return sarama.NewConsumer(brokers, conf())
		}),
		goka.WithViewTopicManagerBuilder(func(brokers []string) (goka.TopicManager, error) {
			c, err := sarama.NewClient(brokers, conf())
			return &topics{v, c}, err
		}),
	)
	if err != nil {
		return err
	}
	return g.Run(ctx)
}

// apply is goka's update callback: one record of one partition, in order.
func (v *View) apply(ctx goka.UpdateContext, _ storage.Storage, key string, value []byte) error {
	p, offset := ctx.Partition(), ctx.Offset()
	v.mu.Lock()
	defer v.mu.Unlock()
	if offset < v.position[p] {
		return nil // seen before the view began again
	}
	v.position[p] = offset + 1
	if task.IsClock(key) {
		v.clocks[p] = value
	}
	if task.IsTrace(key) {
		v.traces[place{p, key}] = value
	}
	v.keep(p, key, value)
	if !task.IsRow(key) {
		return nil // sub-rows and task records are not for readers
	}
	r := row{key: key, value: value, partition: p, offset: offset}
	if value == nil {
		v.rows.Delete(r)
	} else {
		v.rows.Set(r)
	}
	if len(v.watchers) == 0 {
		return nil
	}
	c := lookup.Change{Row: lookup.Row{Key: key, Partition: p, Offset: offset}, Deleted: value == nil}
	if value != nil {
		var err error
		if c.Row, err = v.show(r); err != nil {
			v.log.Warn("a row can't be shown", "table", v.spec.Info.Name, "key", key, "partition", p, "offset", offset, "error", err)
			return nil
		}
	}
	for w := range v.watchers {
		w.f(c)
	}
	return nil
}

func (v *View) show(r row) (lookup.Row, error) {
	b, err := v.spec.JSON(r.value)
	if err == nil && !json.Valid(b) {
		err = errors.New("the value is no JSON")
	}
	if err != nil {
		return lookup.Row{}, fmt.Errorf("row %q of table %s (topic %s, partition %d, offset %d): %w", r.key, v.spec.Info.Name, v.spec.Info.Topic, r.partition, r.offset, err)
	}
	return lookup.Row{Key: r.key, Value: b, Partition: r.partition, Offset: r.offset}, nil
}

// Info implements lookup.Table.
func (v *View) Info() lookup.Info { return v.spec.Info }

// Ready implements lookup.Table. A view that has caught up stays ready while its brokers are away: it answers
// with the position that it has.
func (v *View) Ready() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.behind) == 0
}

// Get implements lookup.Table.
func (v *View) Get(key string) (lookup.Row, bool, error) {
	v.mu.RLock()
	r, ok := v.rows.Get(row{key: key})
	v.mu.RUnlock()
	if !ok {
		return lookup.Row{}, false, nil
	}
	shown, err := v.show(r)
	return shown, err == nil, err
}

// Scan implements lookup.Table.
func (v *View) Scan(prefix, after string, limit int) ([]lookup.Row, error) {
	var found []row
	v.mu.RLock()
	v.rows.Ascend(row{key: max(prefix, after)}, func(r row) bool {
		if len(r.key) < len(prefix) || r.key[:len(prefix)] != prefix || len(found) == limit {
			return false
		}
		if r.key > after || after == "" {
			found = append(found, r)
		}
		return true
	})
	v.mu.RUnlock()
	rows := make([]lookup.Row, 0, len(found))
	for _, r := range found {
		shown, err := v.show(r)
		if err != nil {
			return nil, err
		}
		rows = append(rows, shown)
	}
	return rows, nil
}

// Position implements lookup.Table.
func (v *View) Position() []int64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return append([]int64(nil), v.position...)
}

// PartitionOf implements lookup.Table.
func (v *View) PartitionOf(key string) int32 {
	return task.PartitionOf(key, int32(v.spec.Info.Partitions))
}

// Watch implements lookup.Table.
func (v *View) Watch(f func(lookup.Change)) (stop func()) {
	w := &watcher{f}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.watchers[w] = true
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.watchers, w)
	}
}
