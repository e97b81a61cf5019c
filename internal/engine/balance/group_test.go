package balance_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/tributary-go/tributary/internal/embedded"
	"github.com/tributary-go/tributary/internal/engine/balance"
)

const partitions = 12

// member is a real consumer group member that tells each assignment it gets.
type member struct {
	strategy *balance.Strategy
	sessions chan map[string][]int32
	stop     func()
}

// Setup reports the assignment.
func (m *member) Setup(s sarama.ConsumerGroupSession) error {
	m.sessions <- maps.Clone(s.Claims())
	return nil
}

// Cleanup has nothing to do.
func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim reads nothing; it waits for the end of the session.
func (m *member) ConsumeClaim(s sarama.ConsumerGroupSession, _ sarama.ConsumerGroupClaim) error {
	<-s.Context().Done()
	return nil
}

func join(t *testing.T, b *embedded.Broker, strategy *balance.Strategy) *member {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_0_0_0
	conf.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
	conf.Consumer.Group.Heartbeat.Interval = 50 * time.Millisecond // how soon a member hears of a rebalance
	group, err := sarama.NewConsumerGroup(b.Addrs(), "group", conf)
	if err != nil {
		t.Fatal(err)
	}
	m := &member{strategy: strategy, sessions: make(chan map[string][]int32, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			err := group.Consume(ctx, []string{"orders", "refunds"}, m)
			if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, sarama.ErrClosedConsumerGroup) {
				t.Errorf("consume: %v", err)
			}
		}
	})
	m.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := group.Close(); err != nil {
			t.Errorf("leave the group: %v", err)
		}
	})
	t.Cleanup(m.stop)
	return m
}

// settled waits until the members' newest assignments together are all partitions, evenly.
func settled(t *testing.T, members ...*member) [][]int32 {
	t.Helper()
	deadline := time.After(30 * time.Second)
	latest := make([][]int32, len(members))
	for {
		for i, m := range members {
			for len(m.sessions) > 0 {
				claims := <-m.sessions
				if !slices.Equal(claims["orders"], claims["refunds"]) {
					t.Fatalf("member %d got different numbers: %v", i, claims)
				}
				latest[i] = claims["orders"]
			}
		}
		if even(latest) {
			return latest
		}
		select {
		case <-deadline:
			t.Fatalf("the group did not settle: %v", latest)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func even(shares [][]int32) bool {
	all := slices.Concat(shares...)
	slices.Sort(all)
	if len(slices.Compact(all)) != partitions {
		return false
	}
	for _, s := range shares {
		if len(s) != partitions/len(shares) {
			return false
		}
	}
	return true
}

func TestARealGroupKeepsPartitionsWhereTheyWere(t *testing.T) {
	b, err := embedded.Start(embedded.Options{Topics: map[string]int32{"orders": partitions, "refunds": partitions}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)

	first := join(t, b, balance.New("a"))
	settled(t, first)
	second := join(t, b, balance.New("b"))
	two := settled(t, first, second)
	third := join(t, b, balance.New("c"))
	three := settled(t, first, second, third)
	for i := range two {
		if !contains(two[i], three[i]) {
			t.Errorf("with a third member, one that had %v got %v", two[i], three[i])
		}
	}

	// The second leaves and comes back as a new member that remembers.
	second.stop()
	without := settled(t, first, third)
	back := join(t, b, second.strategy)
	again := settled(t, first, third, back)
	for i := range without {
		if !contains(without[i], again[i]) {
			t.Errorf("after the return, one that had %v got %v", without[i], again[i])
		}
	}
}

func contains(all, some []int32) bool {
	return !slices.ContainsFunc(some, func(p int32) bool { return !slices.Contains(all, p) })
}
