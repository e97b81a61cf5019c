package client

import (
	"context"
	"fmt"
	"strings"

	"github.com/IBM/sarama"
)

// Member is a member of a consumer group as its coordinator knows it. One that died stays for a session timeout.
type Member struct {
	// Instance is the static member's name (group.instance.id), "" for a dynamic one.
	Instance string
	// ClientID is what its client called itself.
	ClientID string
	// Host it was seen from.
	Host string
}

// Members lists the members of a consumer group. A group that does not exist has none.
func (a *Admin) Members(ctx context.Context, group string) ([]Member, error) {
	var members []Member
	err := a.retry(ctx, func() (err error) {
		members, err = a.membersOnce(group)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("describe consumer group %s: %w", group, err)
	}
	return members, nil
}

func (a *Admin) membersOnce(group string) ([]Member, error) {
	if err := a.client.RefreshCoordinator(group); err != nil {
		return nil, err
	}
	coordinator, err := a.client.Coordinator(group)
	if err != nil {
		return nil, err
	}
	var answer *sarama.DescribeGroupsResponse
	err = a.ask(coordinator, func(b *sarama.Broker) (err error) {
		answer, err = b.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 5, Groups: []string{group}})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(answer.Groups) != 1 {
		return nil, sarama.ErrIncompleteResponse
	}
	if code := answer.Groups[0].Err; code == sarama.ErrGroupIDNotFound {
		return nil, nil
	} else if err := failure(code); err != nil {
		return nil, err
	}
	return membersOf(answer.Groups[0]), nil
}

func membersOf(g *sarama.GroupDescription) []Member {
	members := make([]Member, 0, len(g.Members))
	for _, m := range g.Members {
		x := Member{ClientID: m.ClientId, Host: strings.TrimPrefix(m.ClientHost, "/")}
		if m.GroupInstanceId != nil {
			x.Instance = *m.GroupInstanceId
		}
		members = append(members, x)
	}
	return members
}
