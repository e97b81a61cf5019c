package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// partitions of every topic here.
const partitions = 12

// topics asks the broker about topics and groups.
type topics struct {
	address string
	admin   *kadm.Client
}

// staleAfter is how old what is asked about topics may be: those that a process has just created must be seen.
const staleAfter = 20 * time.Millisecond

func openTopics(address string) (*topics, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.MetadataMinAge(staleAfter))
	if err != nil {
		return nil, err
	}
	return &topics{address, kadm.NewClient(c)}, nil
}

func (t *topics) close() { t.admin.Close() }

func (t *topics) create(ctx context.Context, name string) error {
	if _, err := t.admin.CreateTopic(ctx, partitions, 1, nil, name); err != nil {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	return nil
}

// createCompacted makes a topic as the tables of results have it.
func (t *topics) createCompacted(ctx context.Context, name string) error {
	if _, err := t.admin.CreateTopic(ctx, partitions, 1, map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}, name); err != nil {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	return nil
}

// remove deletes all topics whose names begin with one of the prefixes, and waits until they are gone.
func (t *topics) remove(ctx context.Context, prefixes ...string) error {
	for {
		all, err := t.admin.ListTopics(ctx)
		if err != nil {
			return fmt.Errorf("list topics: %w", err)
		}
		var gone []string
		for _, name := range all.Names() {
			if hasPrefix(name, prefixes) {
				gone = append(gone, name)
			}
		}
		if len(gone) == 0 {
			return nil
		}
		if _, err := t.admin.DeleteTopics(ctx, gone...); err != nil {
			return fmt.Errorf("delete topics %s: %w", strings.Join(gone, ", "), err)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// groups are the consumer groups whose names begin with a prefix.
func (t *topics) groups(ctx context.Context, prefix string) (names []string, err error) {
	all, err := t.admin.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	for _, name := range all.Groups() {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

// forget deletes a stopped program's groups.
func (t *topics) forget(ctx context.Context, groups ...string) error {
	if err := t.vacate(ctx, groups...); err != nil {
		return err
	}
	for _, g := range groups {
		if _, err := t.admin.DeleteGroup(ctx, g); err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			return fmt.Errorf("delete group %s: %w", g, err)
		}
	}
	return nil
}

// vacate waits until a stopped program's groups have no members: static ones stay until their session has timed out.
func (t *topics) vacate(ctx context.Context, groups ...string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		described, err := t.admin.DescribeGroups(ctx, groups...)
		if err != nil {
			return fmt.Errorf("describe groups: %w", err)
		}
		members := 0
		for _, g := range described {
			members += len(g.Members)
		}
		if members == 0 {
			return nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("groups %s still have members: %w", strings.Join(groups, ", "), err)
		}
	}
}

// committed is how many records of a topic that begins at offset 0 a group has committed.
func (t *topics) committed(ctx context.Context, group, topic string) (int64, error) {
	offsets, err := t.admin.FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) || errors.Is(err, kerr.CoordinatorNotAvailable) {
		return 0, nil // it has not begun
	}
	if err != nil {
		return 0, fmt.Errorf("read what group %s has committed: %w", group, err)
	}
	var n int64
	for _, o := range offsets[topic] {
		n += max(0, o.At)
	}
	return n, nil
}

// size is the length of a topic's log in bytes.
func (t *topics) size(ctx context.Context, topic string) (float64, error) {
	var set kadm.TopicsSet
	for p := range int32(partitions) {
		set.Add(topic, p)
	}
	logs, err := t.admin.DescribeAllLogDirs(ctx, set)
	if err != nil {
		return 0, fmt.Errorf("read the size of topic %s: %w", topic, err)
	}
	var n float64
	logs.Each(func(d kadm.DescribedLogDir) {
		d.Topics.Each(func(p kadm.DescribedLogDirPartition) { n += float64(p.Size) })
	})
	return n, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
