package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine/client"
)

// everywhere runs a test on the embedded broker and on real Kafka, if there is one.
func everywhere(t *testing.T, test func(t *testing.T, c brokers.Cluster)) {
	t.Run("embedded", func(t *testing.T) { test(t, brokers.Embedded(t)) })
	t.Run("kafka", func(t *testing.T) { test(t, brokers.Real(t)) })
}

func open(t *testing.T, c brokers.Cluster) *client.Admin {
	t.Helper()
	a, err := client.Open(t.Context(), connection(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func connection(c brokers.Cluster) client.Connection { return client.Connection{Brokers: c.Brokers()} }

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

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func TestUnreachableBrokersAreNamed(t *testing.T) {
	first, second := closedPort(t), closedPort(t)
	specs := []client.TopicSpec{{Name: "orders", Partitions: 1}}
	_, err := client.EnsureTopics(t.Context(), client.Connection{Brokers: []string{first, second}}, specs)
	if !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("the error is not ErrUnreachable: %v", err)
	}
	wantError(t, err, first, second)
}

func TestABrokerThatNeverAnswersIsUnreachable(t *testing.T) {
	t.Parallel() // it waits for the whole time that the first contact has
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = client.Open(t.Context(), client.Connection{Brokers: []string{silent.Addr().String()}})
	if !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("the error is not ErrUnreachable: %v", err)
	}
	wantError(t, err, silent.Addr().String())
}

func TestOneDeadAddressAmongOthersDoesNotMatter(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		conn := client.Connection{Brokers: append([]string{closedPort(t), closedPort(t)}, c.Brokers()...)}
		topic := brokers.Unique(t, "orders")
		for range 5 { // sarama asks them in random order
			got, err := client.EnsureTopics(t.Context(), conn, []client.TopicSpec{{Name: topic, Partitions: 2}})
			if err != nil || got[topic] != 2 {
				t.Fatalf("EnsureTopics returned %v, %v", got, err)
			}
		}
	})
}

func TestMissingTopicsAreCreatedAndExistingOnesAreFound(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		external, table, stream := brokers.Unique(t, "external"), brokers.Unique(t, "table"), brokers.Unique(t, "stream")
		c.CreateTopic(t, external, 5, nil)
		specs := []client.TopicSpec{
			{Name: external},
			{Name: table, Partitions: 3, Config: map[string]string{"cleanup.policy": "compact", "delete.retention.ms": "604800000"}},
			{Name: stream, Partitions: 3, Config: map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"}},
		}
		for range 2 { // the second time all exist
			got, err := client.EnsureTopics(t.Context(), connection(c), specs)
			if err != nil || got[external] != 5 || got[table] != 3 || got[stream] != 3 {
				t.Fatalf("EnsureTopics returned %v, %v", got, err)
			}
		}
		c.ProduceTo(t, table, brokers.Record{Partition: 2, Key: []byte("k")}) // it can be used
	})
}

func TestSeveralInstancesMayCreateTheSameTopicsAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		var specs []client.TopicSpec
		for i := range 4 {
			specs = append(specs, client.TopicSpec{Name: brokers.Unique(t, fmt.Sprint("orders-", i)), Partitions: 2})
		}
		var instances sync.WaitGroup
		for range 6 {
			instances.Go(func() {
				if got, err := client.EnsureTopics(t.Context(), connection(c), specs); err != nil || len(got) != 4 {
					t.Errorf("EnsureTopics returned %v, %v", got, err)
				}
			})
		}
		instances.Wait()
	})
}

func TestAllMismatchesAreReportedAtOnceAndNothingIsCreated(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		missing, few, external := brokers.Unique(t, "missing"), brokers.Unique(t, "few"), brokers.Unique(t, "external")
		deleted, compacted, both := brokers.Unique(t, "deleted"), brokers.Unique(t, "compacted"), brokers.Unique(t, "both")
		created := brokers.Unique(t, "created")
		c.CreateTopic(t, few, 2, nil)
		c.CreateTopic(t, external, 2, nil)
		c.CreateTopic(t, deleted, 1, map[string]string{"cleanup.policy": "delete"})
		c.CreateTopic(t, compacted, 1, map[string]string{"cleanup.policy": "compact"})
		c.CreateTopic(t, both, 1, map[string]string{"cleanup.policy": "compact,delete"})
		compact, remove := map[string]string{"cleanup.policy": "compact"}, map[string]string{"cleanup.policy": "delete"}
		_, err := client.EnsureTopics(t.Context(), connection(c), []client.TopicSpec{
			{Name: created, Partitions: 1},
			{Name: missing, Partitions: 12, MustExist: true, Config: compact},
			{Name: few, Partitions: 12},
			{Name: external, Partitions: 12, MustExist: true},
			{Name: deleted, Partitions: 1, Config: compact},
			{Name: compacted, Partitions: 1, Config: remove},
			{Name: both, Partitions: 1, Config: compact},
		})
		at := strings.Join(c.Brokers(), ",")
		wantError(t, err,
			"kafka-topics --bootstrap-server "+at+" --create --topic "+missing+" --partitions 12 --config cleanup.policy=compact",
			few+" has 2 partitions, wanted are 12: configure 2 partitions, or stop all instances",
			external+" has 2 partitions, wanted are 12: configure 2, the topic's owner decides",
			deleted+" has cleanup.policy=delete, wanted is compact: kafka-configs --bootstrap-server "+at+
				" --alter --entity-type topics --entity-name "+deleted+" --add-config cleanup.policy=compact",
			compacted+" has cleanup.policy=compact, wanted is delete",
			both+" has cleanup.policy=compact,delete, wanted is compact",
		)
		if !errors.Is(err, client.ErrNoTopic) {
			t.Errorf("the error is not ErrNoTopic: %v", err)
		}
		if _, err := open(t, c).Partitions(t.Context(), created); !errors.Is(err, client.ErrNoTopic) {
			t.Errorf("topic %s was created in spite of mismatches (%v)", created, err)
		}
	})
}

func TestAnExternalTopicOnlyHasToBeCompactedOrNot(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		topic := brokers.Unique(t, "policies")
		c.CreateTopic(t, topic, 1, map[string]string{"cleanup.policy": "compact,delete"})
		spec := client.TopicSpec{Name: topic, Config: map[string]string{"cleanup.policy": "compact"}}
		if _, err := client.EnsureTopics(t.Context(), connection(c), []client.TopicSpec{spec}); err != nil {
			t.Error(err)
		}
		spec.Config["cleanup.policy"] = "delete"
		_, err := client.EnsureTopics(t.Context(), connection(c), []client.TopicSpec{spec})
		wantError(t, err, topic)
	})
}

func TestATopicThatABrokerRefusesIsNamedWithItsReason(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		topic := brokers.Unique(t, "orders")
		_, err := client.EnsureTopics(t.Context(), connection(c), []client.TopicSpec{{Name: topic, Partitions: 2, Replication: 9}})
		wantError(t, err, "create topic "+topic+" with 2 partitions and replication 9")
		if !errors.Is(err, sarama.ErrInvalidReplicationFactor) {
			t.Errorf("the reason is %v", err)
		}
	})
}

func TestSpecsThatCannotBeAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	_, err := client.EnsureTopics(t.Context(), client.Connection{}, []client.TopicSpec{
		{}, {Name: "a"}, {Name: "a"}, {Name: "b", Partitions: -1}, {Name: "c", Replication: -1},
	})
	wantError(t, err, "no name", "topic a is listed twice", "topic b", "topic c")
}

func TestATopicIDChangesWhenATopicIsCreatedAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic := open(t, c), brokers.Unique(t, "orders")
		c.CreateTopic(t, topic, 1, nil)
		first, err := a.TopicID(t.Context(), topic)
		if err != nil || len(first) != 22 { // 16 bytes in base 64
			t.Fatalf("the id is %q (%v)", first, err)
		}
		if again, err := a.TopicID(t.Context(), topic); again != first || err != nil {
			t.Errorf("the id was %q, is %q (%v)", first, again, err)
		}
		c.DeleteTopic(t, topic)
		if _, err := a.TopicID(t.Context(), topic); !errors.Is(err, client.ErrNoTopic) {
			t.Errorf("a deleted topic has the error %v", err)
		}
		c.CreateTopic(t, topic, 1, nil)
		if other, err := a.TopicID(t.Context(), topic); other == first || other == "" || err != nil {
			t.Errorf("the id of the new topic is %q, the old one's was %q (%v)", other, first, err)
		}
	})
}

func TestCommittedOffsetsComeWithTheirMetadata(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic, group := open(t, c), brokers.Unique(t, "orders"), brokers.Unique(t, "group")
		c.CreateTopic(t, topic, 3, nil)
		if got, err := a.CommittedOffsets(t.Context(), group, topic); len(got) != 0 || err != nil {
			t.Fatalf("a new group has committed %v (%v)", got, err)
		}
		c.Commit(t, group, topic, 1, 42, "watermark=7")
		got, err := a.CommittedOffsets(t.Context(), group, topic)
		if err != nil || len(got) != 1 || got[1].Offset != 42 || got[1].Metadata != "watermark=7" {
			t.Fatalf("committed is %v (%v)", got, err)
		}
	})
}

func TestCommittedOffsetsAreNotReadWhileATransactionWithThemIsOpen(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic, group := open(t, c), brokers.Unique(t, "orders"), brokers.Unique(t, "group")
		c.CreateTopic(t, topic, 1, nil)
		c.Commit(t, group, topic, 0, 3, "")
		x := c.Begin(t)
		x.Produce(t, topic, brokers.Record{})
		x.CommitOffset(t, group, topic, 0, 5)
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if got, err := a.CommittedOffsets(short, group, topic); !errors.Is(err, sarama.ErrUnstableOffsetCommit) {
			t.Errorf("while the transaction is open: %v, %v", got, err)
		}
		x.Commit(t)
		if got, err := a.CommittedOffsets(t.Context(), group, topic); err != nil || got[0].Offset != 5 {
			t.Errorf("after the commit: %v, %v", got, err)
		}
	})
}

func TestRecordsBelowAnOffsetAreDeleted(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic := open(t, c), brokers.Unique(t, "orders")
		c.CreateTopic(t, topic, 3, nil)
		for p := range int32(3) {
			c.ProduceTo(t, topic, brokers.Record{Partition: p}, brokers.Record{Partition: p}, brokers.Record{Partition: p})
		}
		below := map[int32]int64{0: 2, 1: 3, 2: 0}
		for range 2 { // the second time nothing is left to delete
			if err := a.DeleteRecordsBelow(t.Context(), topic, below); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.DeleteRecordsBelow(t.Context(), topic, map[int32]int64{0: 1}); err != nil {
			t.Errorf("an offset that is gone already: %v", err)
		}
		var left []int64
		for _, r := range c.ReadCommitted(t, topic) {
			left = append(left, int64(r.Partition)*10+r.Offset)
		}
		if want := []int64{2, 20, 21, 22}; !slices.Equal(left, want) {
			t.Errorf("left are %v, want %v (partition * 10 + offset)", left, want)
		}
	})
}

func TestDeletingNamesThePartitionThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic := open(t, c), brokers.Unique(t, "orders")
		c.CreateTopic(t, topic, 2, nil)
		c.ProduceTo(t, topic, brokers.Record{Partition: 0}, brokers.Record{Partition: 1})
		err := a.DeleteRecordsBelow(t.Context(), topic, map[int32]int64{0: 1, 1: 99})
		wantError(t, err, topic, "partition 1", "beyond the partition's end")
		if left := c.ReadCommitted(t, topic); len(left) != 1 || left[0].Partition != 1 {
			t.Errorf("left is %v: the other partition was to be done all the same", left)
		}
		err = a.DeleteRecordsBelow(t.Context(), topic, map[int32]int64{0: 1, 1: -1})
		wantError(t, err, topic, "partition 1", "negative")
	})
}

func TestAPartitionThatDoesNotExistIsAnError(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic := open(t, c), brokers.Unique(t, "orders")
		c.CreateTopic(t, topic, 2, nil)
		_, err := a.LastVisible(t.Context(), topic, 2)
		wantError(t, err, "topic "+topic+" has 2 partitions")
		err = a.DeleteRecordsBelow(t.Context(), topic, map[int32]int64{-1: 1})
		wantError(t, err, "topic "+topic+" has 2 partitions")
	})
}

func TestATopicThatDoesNotExistIsAnErrorNotACreation(t *testing.T) {
	everywhere(t, func(t *testing.T, c brokers.Cluster) {
		a, topic := open(t, c), brokers.Unique(t, "nothing")
		ctx := t.Context()
		_, partitionsErr := a.Partitions(ctx, topic)
		_, idErr := a.TopicID(ctx, topic)
		_, endErr := a.EndOffsets(ctx, []string{topic})
		_, lastErr := a.LastVisible(ctx, topic, 0)
		_, committedErr := a.CommittedOffsets(ctx, "group", topic)
		deleteErr := a.DeleteRecordsBelow(ctx, topic, map[int32]int64{0: 1})
		for what, err := range map[string]error{
			"Partitions": partitionsErr, "TopicID": idErr, "EndOffsets": endErr, "LastVisible": lastErr,
			"CommittedOffsets": committedErr, "DeleteRecordsBelow": deleteErr,
		} {
			if !errors.Is(err, client.ErrNoTopic) || !strings.Contains(err.Error(), topic) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestADeadBrokerOfThreeStopsNothing(t *testing.T) {
	c := brokers.Real(t)
	if len(c.IDs()) != 3 {
		t.Skip("needs TRIBUTARY_KAFKA=local3")
	}
	before := brokers.Unique(t, "before")
	c.CreateTopic(t, before, 6, nil)
	c.ProduceTo(t, before, many(3)...)
	a := open(t, c) // knows the broker that dies
	for _, id := range c.IDs() {
		c.Kill(t, id)
		topic := brokers.Unique(t, "orders")
		specs := []client.TopicSpec{{Name: before}, {Name: topic, Partitions: 6, Replication: 2, Config: map[string]string{"cleanup.policy": "compact"}}}
		if got, err := client.EnsureTopics(t.Context(), connection(c), specs); err != nil || got[topic] != 6 || got[before] != 6 {
			t.Errorf("without broker %d, a new connection: %v, %v", id, got, err)
		}
		if last, err := a.LastVisible(t.Context(), before, 0); err != nil || last != 3 {
			t.Errorf("without broker %d, the old connection: %d, %v", id, last, err)
		}
		if _, err := a.CommittedOffsets(t.Context(), "nobody", before); err != nil {
			t.Errorf("without broker %d, the old connection: %v", id, err)
		}
		c.Restart(t, id)
	}
}
