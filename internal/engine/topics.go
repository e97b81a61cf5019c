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
// creates or checks them.
func (e *Engine) prepareTopics(ctx context.Context) (err error) {
	if e.admin, err = client.Open(ctx, e.cfg.Connection); err != nil {
		return err
	}
	var external, own []client.TopicSpec
	for _, x := range e.topology.Topics {
		if x.Kind == task.External {
			external = append(external, client.TopicSpec{Name: x.Name, MustExist: true})
		}
	}
	counts, err := e.admin.EnsureTopics(ctx, external)
	if err != nil {
		return err
	}
	n, err := e.ownPartitions(ctx, counts)
	if err != nil {
		return err
	}
	for _, x := range e.topology.Topics {
		if x.Kind != task.External {
			own = append(own, e.spec(x, n))
		}
	}
	for _, g := range e.topology.Groups {
		if g.Table != nil {
			own = append(own, e.changelog(g, counts, n))
		}
	}
	all, err := e.admin.EnsureTopics(ctx, own)
	if err != nil {
		return err
	}
	for name, c := range counts {
		all[name] = c
	}
	e.partitions = all
	return nil
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

func compacted() map[string]string {
	return map[string]string{"cleanup.policy": "compact", "delete.retention.ms": strconv.Itoa(keepTombstones)}
}

// changelog has as many partitions as the group's inputs.
func (e *Engine) changelog(g *task.Group, external map[string]int32, own int32) client.TopicSpec {
	n := own
	if c, ok := external[g.Inputs[0].Topic.Name]; ok {
		n = c
	}
	return client.TopicSpec{Name: g.Table.Topic(), Partitions: n, Replication: e.cfg.Replication, Config: compacted()}
}

// inputsOf is the number of partitions of a group's inputs, which must agree.
func (e *Engine) inputsOf(g *task.Group) (int32, error) {
	n := e.partitions[g.Inputs[0].Topic.Name]
	for _, in := range g.Inputs[1:] {
		if c := e.partitions[in.Topic.Name]; c != n {
			return 0, fmt.Errorf("group %s reads topics %s with %d partitions and %s with %d: they must have as many", g.Name, g.Inputs[0].Topic.Name, n, in.Topic.Name, c)
		}
	}
	return n, nil
}
