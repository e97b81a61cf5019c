package balance

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"pgregory.net/rapid"
)

func subscribed(topics ...string) sarama.ConsumerGroupMemberMetadata {
	return sarama.ConsumerGroupMemberMetadata{Topics: topics}
}

func numbers(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

func TestAMemberGetsTheSameNumbersOfEveryTopic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "partitions")
		topics := map[string][]int32{"orders": numbers(n), "refunds": numbers(n), "policies": numbers(n)}
		members := make(map[string]sarama.ConsumerGroupMemberMetadata)
		for i := range rapid.IntRange(1, 7).Draw(t, "members") {
			order := rapid.Permutation(slices.Sorted(maps.Keys(topics))).Draw(t, "order of topics")
			members[fmt.Sprint("member-", i)] = subscribed(order...)
		}
		plan, err := New("").Plan(members, topics)
		if err != nil {
			t.Fatal(err)
		}
		given := 0
		for member, byTopic := range plan {
			given += len(byTopic["orders"])
			if len(byTopic) != 3 || !slices.Equal(byTopic["orders"], byTopic["refunds"]) || !slices.Equal(byTopic["orders"], byTopic["policies"]) {
				t.Fatalf("%s got %v", member, byTopic)
			}
		}
		if given != n {
			t.Fatalf("%d of %d partitions are given out", given, n)
		}
		if again, err := New("").Plan(members, topics); err != nil || !reflect.DeepEqual(plan, again) {
			t.Fatalf("the same members and topics gave %v and %v (%v)", plan, again, err)
		}
	})
}

func TestDifferentTopicsOfMembersAreAnErrorThatNamesBoth(t *testing.T) {
	data, err := New("host-2").SubscriptionUserData(nil)
	if err != nil {
		t.Fatal(err)
	}
	second := subscribed("orders")
	second.UserData = data
	_, err = New("").Plan(
		map[string]sarama.ConsumerGroupMemberMetadata{"m1": subscribed("orders", "refunds"), "m2": second},
		map[string][]int32{"orders": numbers(2), "refunds": numbers(2)},
	)
	wantError(t, err, "m1: [orders, refunds]", "m2 (instance host-2): [orders]", "different topics")
}

func TestDifferentNumbersOfPartitionsAreAnErrorThatNamesTopicsAndCounts(t *testing.T) {
	_, err := New("").Plan(
		map[string]sarama.ConsumerGroupMemberMetadata{"m1": subscribed("orders", "refunds")},
		map[string][]int32{"orders": numbers(12), "refunds": numbers(6)},
	)
	wantError(t, err, "orders has 12", "refunds has 6")
}

func TestTopicsWithoutPartitionsAreAnError(t *testing.T) {
	_, err := New("").Plan(map[string]sarama.ConsumerGroupMemberMetadata{"m1": subscribed("orders")}, map[string][]int32{"orders": nil})
	wantError(t, err, "orders has 0")
}

func TestAMemberSaysOnTheNextJoinWhatItHad(t *testing.T) {
	s := New("host-1")
	s.OnAssignment(&sarama.ConsumerGroupMemberAssignment{Topics: map[string][]int32{"orders": {4, 2}, "refunds": {4, 2}}}, 9)
	data, err := s.SubscriptionUserData([]string{"orders"})
	if err != nil {
		t.Fatal(err)
	}
	m, ok := decode(data)
	if want := (memory{Version: 1, Instance: "host-1", Generation: 9, Partitions: []int32{4, 2}}); !ok || !reflect.DeepEqual(m, want) {
		t.Fatalf("remembered is %+v, want %+v", m, want)
	}
	s.OnAssignment(&sarama.ConsumerGroupMemberAssignment{}, 10)
	if data, _ = s.SubscriptionUserData(nil); !strings.Contains(string(data), `"generation":10`) || strings.Contains(string(data), "partitions") {
		t.Fatalf("after an assignment of nothing it remembers %s", data)
	}
}

func TestUserDataOfOthersCountsAsNoMemory(t *testing.T) {
	for _, data := range []string{"", "\x00\x01", "{}", `{"v":2,"partitions":[1]}`} {
		if m, ok := decode([]byte(data)); ok || m.Generation != noGeneration || m.Partitions != nil {
			t.Errorf("%q was taken for %+v", data, m)
		}
	}
}

func TestSaramaAcceptsTheStrategyAsAnEagerOne(t *testing.T) {
	c := sarama.NewConfig()
	c.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{New("x")}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if _, declares := any(New("x")).(sarama.RebalanceProtocolBalanceStrategy); declares {
		t.Fatal("a strategy that declares protocols may be taken for a cooperative one")
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}
