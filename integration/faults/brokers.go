package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
)

// kafka are the faults of brokers: how they end, and who takes over from them.
func kafka() []Fault {
	return []Fault{
		{Name: "broker killed", About: "SIGKILL of one of three brokers, which starts again after up to 5 s", Needs: ThreeBrokers, Inject: killBroker},
		{Name: "broker restarted", About: "a broker is stopped in order and started again", Needs: OwnBrokers, Inject: restartBroker},
		{Name: "leaders moved", About: "each partition of each topic gets another leader", Needs: ThreeBrokers, Inject: func(ctx context.Context, s *Stage) error {
			return moveLeaders(ctx, s, false)
		}},
		{Name: "coordinators moved", About: "all groups and transactions get another coordinator", Needs: ThreeBrokers, Inject: func(ctx context.Context, s *Stage) error {
			return moveLeaders(ctx, s, true)
		}},
	}
}

func killBroker(ctx context.Context, s *Stage) error {
	id := anyBroker(s)
	s.Cluster.Kill(s.T, id)
	s.Logf("broker %d is killed", id)
	err := s.WaitUpTo(ctx, 5*time.Second)
	s.Cluster.Restart(s.T, id)
	s.Logf("broker %d is back", id)
	return err
}

func restartBroker(_ context.Context, s *Stage) error {
	id := anyBroker(s)
	s.Cluster.Restart(s.T, id)
	s.Logf("broker %d was restarted", id)
	return nil
}

func anyBroker(s *Stage) int {
	ids := s.Cluster.IDs()
	return ids[s.Rand.IntN(len(ids))]
}

// moveLeaders makes the second replica of each partition the leader: of the topics in which groups and transactions are
// kept, whose leaders are their coordinators, or of all others.
func moveLeaders(ctx context.Context, s *Stage, coordinators bool) error {
	client, err := brokers.Client(s.Cluster.Brokers())
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return err
	}
	want := map[place]int32{}
	var orders kadm.AlterPartitionAssignmentsReq
	set := kadm.TopicsSet{}
	for _, t := range topics {
		if t.IsInternal != coordinators {
			continue
		}
		for _, p := range t.Partitions {
			order := append(p.Replicas[1:], p.Replicas[0])
			orders.Assign(t.Topic, p.Partition, order)
			set.Add(t.Topic, p.Partition)
			want[place{t.Topic, p.Partition}] = order[0]
		}
	}
	if _, err := admin.AlterPartitionAssignments(ctx, orders); err != nil {
		return fmt.Errorf("change the order of replicas: %w", err)
	}
	if _, err := admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, set); err != nil {
		return fmt.Errorf("elect leaders: %w", err)
	}
	s.Logf("%d partitions get another leader", len(want))
	return awaitElected(ctx, s, admin, want)
}

// awaitElected waits until the leaders are those that were wanted. Election is asked for again: a reassignment has to be
// over before its first replica is preferred.
func awaitElected(ctx context.Context, s *Stage, admin *kadm.Client, want map[place]int32) error {
	for {
		topics, err := admin.ListTopicsWithInternal(ctx)
		left := kadm.TopicsSet{}
		for _, t := range topics {
			for _, p := range t.Partitions {
				if leader, asked := want[place{t.Topic, p.Partition}]; asked && p.Leader != leader {
					left.Add(t.Topic, p.Partition)
				}
			}
		}
		if err == nil && len(left) == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%d topics keep their leaders: %w (%v)", len(left), ctx.Err(), err)
		}
		_, _ = admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, left) // refused ones are seen above
		if err := s.Wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}
