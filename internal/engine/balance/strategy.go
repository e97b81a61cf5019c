// Package balance decides which instance of a consumer group works on which partitions.
//
// A group's topics are copartitioned: a key has the same partition number in all of them, and a task is that number.
// So whole numbers are given out, not partitions of single topics. A task's state lies on the disk of the instance that
// had it, so numbers stay where they were as long as the load stays even.
//
// File map: strategy.go is what sarama calls, memory.go what a member tells the leader, plan.go the decision itself.
package balance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/IBM/sarama"
)

// Name is the protocol that members of a group agree on. A member that does not offer it cannot join.
const Name = "tributary-sticky-copartition"

// Strategy is a sarama.BalanceStrategy:
//   - A member gets the same partition numbers of every topic. All members subscribe to the same topics, and all topics
//     have the same number of partitions; anything else is an error that says what differs.
//   - The numbers of partitions of two members differ by one at most.
//   - As few partitions as possible move, which is all it takes into account of the past. A member remembers what it had
//     and in which generation, and says so when it joins; of two that claim a partition, the later generation is right.
//   - Members without memory (all were restarted) get what a rendezvous hash of their instance names says, so that the
//     same instances get the same partitions, in whatever order they come.
//
// It is eager: everything is revoked before it is given out again, because goka takes the assignment of a session as a
// whole.
//
// One value serves one consumer group member. Keep it for the member's next life within the process: it holds the
// memory. It may be used concurrently.
type Strategy struct {
	instance string

	mu     sync.Mutex
	memory memory
}

var (
	_ sarama.SubscriptionUserDataBalanceStrategy = (*Strategy)(nil)
	_ sarama.OnAssignmentBalanceStrategy         = (*Strategy)(nil)
)

// New makes the strategy of one member. The instance name should be the same after a restart and differ from the
// others'; without one the member id stands in, which is new at each start.
func New(instance string) *Strategy {
	return &Strategy{instance: instance, memory: memory{Generation: noGeneration}}
}

// Name is the protocol's name.
func (s *Strategy) Name() string { return Name }

// SubscriptionUserData is what the leader learns from this member: its instance name and what it had.
func (s *Strategy) SubscriptionUserData([]string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.memory
	m.Instance = s.instance
	return m.encode()
}

// OnAssignment remembers what this member got. sarama calls it before the next SubscriptionUserData.
func (s *Strategy) OnAssignment(a *sarama.ConsumerGroupMemberAssignment, generation int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = memory{Generation: generation}
	for _, partitions := range a.Topics { // the same for every topic
		s.memory.Partitions = slices.Clone(partitions)
		break
	}
}

// AssignmentData is empty: a member reads all it needs off its assignment.
func (s *Strategy) AssignmentData(string, map[string][]int32, int32) ([]byte, error) { return nil, nil }

// Plan is called at the group's leader. It depends on its arguments only.
func (s *Strategy) Plan(members map[string]sarama.ConsumerGroupMemberMetadata, topics map[string][]int32) (sarama.BalanceStrategyPlan, error) {
	subscribed, err := sameTopics(members)
	if err != nil {
		return nil, err
	}
	partitions, err := samePartitions(topics)
	if err != nil {
		return nil, err
	}
	plan := make(sarama.BalanceStrategyPlan, len(members))
	for id, given := range assign(claimants(members), partitions) {
		for _, topic := range subscribed {
			plan.Add(id, topic, given...)
		}
	}
	return plan, nil
}

// sameTopics returns the topics that all members subscribe to.
func sameTopics(members map[string]sarama.ConsumerGroupMemberMetadata) ([]string, error) {
	byTopics := make(map[string][]string) // members by their list of topics
	var topics []string
	for id, meta := range members {
		topics = slices.Sorted(slices.Values(meta.Topics))
		list := strings.Join(topics, ", ")
		byTopics[list] = append(byTopics[list], describe(id, meta))
	}
	if len(byTopics) <= 1 {
		return topics, nil
	}
	var different []string
	for list, ids := range byTopics {
		slices.Sort(ids)
		different = append(different, fmt.Sprintf("%s: [%s]", strings.Join(ids, ", "), list))
	}
	slices.Sort(different)
	return nil, fmt.Errorf("members of the consumer group subscribe to different topics: %s; they run different versions of a "+
		"topology, or two topologies use one group name: stop the ones that are wrong", strings.Join(different, "; "))
}

// samePartitions returns the partition numbers that all topics have, in order.
func samePartitions(topics map[string][]int32) ([]int32, error) {
	if len(topics) == 0 {
		return nil, nil
	}
	var counts []string
	var numbers [][]int32
	for name, partitions := range topics {
		numbers = append(numbers, slices.Sorted(slices.Values(partitions)))
		counts = append(counts, fmt.Sprintf("%s has %d", name, len(partitions)))
	}
	slices.Sort(counts)
	for _, n := range numbers {
		if !slices.Equal(n, numbers[0]) {
			return nil, fmt.Errorf("topics of one consumer group need the same partitions: %s; create them anew with one number, "+
				"or re-key the odd ones into topics that fit", strings.Join(counts, ", "))
		}
	}
	if len(numbers[0]) == 0 {
		return nil, errors.New("the topics of the consumer group have no partitions: " + strings.Join(counts, ", "))
	}
	return numbers[0], nil
}

// describe names a member for a person: by its instance if it has told one.
func describe(id string, meta sarama.ConsumerGroupMemberMetadata) string {
	if m, ok := decode(meta.UserData); ok && m.Instance != "" {
		return fmt.Sprintf("%s (instance %s)", id, m.Instance)
	}
	return id
}
