package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/tributary-go/tributary/integration/brokers"
)

// reset deletes the topics and groups of a use case, so that the next cell begins with nothing: topologies have the
// names that they have. Static members, which stay until their session ends, are sent away.
func reset(ctx context.Context, addrs []string, c Case) error {
	client, err := brokers.Client(addrs)
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	own := func(name string) bool {
		return strings.HasPrefix(name, c.Name+"-") || slices.Contains(c.Inputs, name) || slices.Contains(c.Outputs, name) || slices.Contains(c.Others, name)
	}
	if err := deleteGroups(ctx, admin, own); err != nil {
		return err
	}
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	names := slices.DeleteFunc(topics.Names(), func(name string) bool { return !own(name) })
	return deleteTopics(ctx, admin, names)
}

func deleteGroups(ctx context.Context, admin *kadm.Client, own func(string) bool) error {
	all, err := admin.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, name := range all.Groups() {
		if !own(name) {
			continue
		}
		if err := deleteGroup(ctx, admin, name); err != nil {
			return fmt.Errorf("delete group %s: %w", name, err)
		}
	}
	return nil
}

func deleteGroup(ctx context.Context, admin *kadm.Client, name string) error {
	for ; ; time.Sleep(100 * time.Millisecond) {
		if err := sendAway(ctx, admin, name); err != nil {
			return err
		}
		_, err := admin.DeleteGroup(ctx, name)
		if err == nil || errors.Is(err, kerr.GroupIDNotFound) {
			return nil
		}
		if ctx.Err() != nil || !errors.Is(err, kerr.NonEmptyGroup) && !kerr.IsRetriable(err) {
			return err
		}
	}
}

// sendAway removes the static members of a group whose processes have ended.
func sendAway(ctx context.Context, admin *kadm.Client, name string) error {
	groups, err := admin.DescribeGroups(ctx, name)
	if err != nil {
		return err
	}
	var ids []string
	for _, m := range groups[name].Members {
		if m.InstanceID != nil {
			ids = append(ids, *m.InstanceID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err = admin.LeaveGroup(ctx, kadm.LeaveGroup(name).InstanceIDs(ids...))
	return err
}

func deleteTopics(ctx context.Context, admin *kadm.Client, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if _, err := admin.DeleteTopics(ctx, names...); err != nil {
		return fmt.Errorf("delete topics %s: %w", strings.Join(names, ", "), err)
	}
	for {
		topics, err := admin.ListTopics(ctx)
		if err == nil && !slices.ContainsFunc(names, topics.Has) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("topics %s do not go away: %w", strings.Join(names, ", "), ctx.Err())
		}
		time.Sleep(50 * time.Millisecond)
	}
}
