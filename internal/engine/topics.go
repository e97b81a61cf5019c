package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

// keepTombstones is delete.retention.ms of changelogs and results: a store that was away for longer than half
// of it is rebuilt, because compaction may have dropped tombstones that it never saw.
const keepTombstones = 7 * 24 * 60 * 60 * 1000

// prepareTopics finds the external topics, decides how many partitions the topology's own ones get, and
// creates or checks them. Nothing is created while something does not fit; the error lists all that does not.
func (e *Engine) prepareTopics(ctx context.Context) error {
	external, err := e.externalPartitions(ctx)
	if err != nil {
		return err
	}
	n, err := e.ownPartitions(ctx, external)
	if err != nil {
		return err
	}
	var specs []client.TopicSpec
	for _, x := range e.topology.Topics {
		if x.Kind == task.External {
			specs = append(specs, client.TopicSpec{Name: x.Name, MustExist: true})
		} else {
			specs = append(specs, e.spec(x, n))
		}
	}
	for _, g := range e.topology.Groups {
		if count, ok := inputPartitions(g, external, n); ok && g.Table != nil {
			specs = append(specs, client.TopicSpec{Name: g.Table.Topic(), Partitions: count, Replication: e.cfg.Replication, Config: compacted()})
		}
	}
	if e.partitions, err = e.admin.EnsureTopics(ctx, specs); err != nil {
		return err
	}
	var errs error
	for _, g := range e.topology.Groups {
		errs = errors.Join(errs, fit(g, e.partitions))
	}
	return errs
}

// externalPartitions counts the partitions of the topics that other programs write and groups read. Those that don't exist are
// left out: EnsureTopics says so, along with all else.
func (e *Engine) externalPartitions(ctx context.Context) (map[string]int32, error) {
	counts := map[string]int32{}
	for _, x := range e.topology.Topics {
		if x.Kind != task.External || x.Global {
			continue
		}
		switch n, err := e.admin.Partitions(ctx, x.Name); {
		case err == nil:
			counts[x.Name] = n
		case !errors.Is(err, client.ErrNoTopic):
			return nil, err
		}
	}
	return counts, nil
}

// inputPartitions is how many partitions a group's table needs: as many as its inputs have. It is not known
// while an external input does not exist.
func inputPartitions(g *task.Group, external map[string]int32, own int32) (int32, bool) {
	in := g.Inputs[0].Topic
	if in.Kind != task.External {
		return own, true
	}
	n, ok := external[in.Name]
	return n, ok
}

// ownPartitions: what the flag says; or what the topology's topics have, where they exist; or what its
// largest input has.
func (e *Engine) ownPartitions(ctx context.Context, external map[string]int32) (int32, error) {
	if e.cfg.Partitions > 0 {
		return e.cfg.Partitions, nil
	}
	for _, x := range e.topology.Topics {
		if !x.Kind.Internal() && x.Kind != task.Result {
			continue
		}
		switch n, err := e.admin.Partitions(ctx, x.Name); {
		case err == nil:
			return n, nil
		case !errors.Is(err, client.ErrNoTopic):
			return 0, err
		}
	}
	n := int32(1)
	for _, c := range external {
		n = max(n, c)
	}
	return n, nil
}

func (e *Engine) spec(x *task.Topic, n int32) client.TopicSpec {
	s := client.TopicSpec{Name: x.Name, Partitions: n, Replication: e.cfg.Replication, Config: map[string]string{"cleanup.policy": "delete"}}
	switch {
	case x.Compacted:
		s.Config = compacted()
	case x.Kind.Internal(): // purged behind its readers, never by time
		s.Config["retention.ms"] = "-1"
		s.Config["segment.bytes"] = strconv.Itoa(purgedSegment)
	default:
		// event times of a back-fill are old: the broker's clock decides what is deleted
		s.Config["message.timestamp.type"] = "LogAppendTime"
		s.Config["retention.ms"] = "-1"
		if x.Retention > 0 {
			s.Config["retention.ms"] = strconv.FormatInt(x.Retention.Milliseconds(), 10)
		}
	}
	return s
}

// Kafka deletes and compacts whole segments, and never the one that is written: with its gigabyte each partition
// would keep that much of what is done with, and a recovery would read it.
const (
	purgedSegment    = 50 << 20 // as Kafka Streams has it
	compactedSegment = 100 << 20
)

func compacted() map[string]string {
	return map[string]string{
		"cleanup.policy":      "compact",
		"delete.retention.ms": strconv.Itoa(keepTombstones),
		"segment.bytes":       strconv.Itoa(compactedSegment),
	}
}

// errMisfit is about topics that must have the same number of partitions.
var errMisfit = errors.New("topics of one group differ in their number of partitions")

// fit checks that a group's inputs and its table have as many partitions: a key has one number in all of them.
func fit(g *task.Group, counts map[string]int32) error {
	first := g.Inputs[0].Topic.Name
	n := counts[first]
	for _, in := range g.Inputs[1:] {
		if c := counts[in.Topic.Name]; c != n {
			return fmt.Errorf("group %s: %w: %s has %d, %s has %d", g.Name, errMisfit, first, n, in.Topic.Name, c)
		}
	}
	if g.Table == nil || counts[g.Table.Topic()] == n {
		return nil
	}
	return fmt.Errorf("group %s: %w: %s has %d, its table %s has %d; keys would be looked for in other partitions than those that hold their state: "+
		"re-key the input, or delete the table's topic and local stores and start afresh", g.Name, errMisfit, first, n, g.Table.Topic(), counts[g.Table.Topic()])
}
