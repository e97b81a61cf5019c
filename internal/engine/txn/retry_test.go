package txn

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

var (
	produceKey = []kmsg.Key{kmsg.Produce}
	endKey     = []kmsg.Key{kmsg.EndTxn}
	outOfOrder = kerr.OutOfOrderSequenceNumber
)

// controlKeys are the requests of a transaction that go to a coordinator.
var controlKeys = []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn}

// expectThreeSales commits before, during and after what the test arranged
// for the second of them.
func expectThreeSales(k *kafka, w *Writer, arrange func()) {
	k.Helper()
	k.commit(w, sale("before", 1))
	arrange()
	during := sale("during", 2)
	k.commit(w, during)
	k.commit(w, sale("after", 3))
	rows := k.expect(table, "before row", "during row", "after row")
	k.expect(output, "before coupon", "during coupon", "after coupon")
	k.expectOffset(input, 3, "watermark of after")
	if last := rows[1].Offset; during.Batches[0].Last != last {
		k.Errorf("last is %d, want %d", during.Batches[0].Last, last)
	}
}

func TestALeadersErrorIsRetriedWithoutDuplicates(t *testing.T) {
	errors := []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition,
		kerr.NetworkException, kerr.NotEnoughReplicas, kerr.KafkaStorageError,
		kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend, // these two after writing it
	}
	for _, e := range errors {
		t.Run(e.Message, func(t *testing.T) {
			k, c := fake(t)
			var faults *kfake.FaultHandle
			expectThreeSales(k, k.writer(), func() {
				faults = c.Fault(kfake.Fault{Keys: produceKey, Topic: table.Topic, Err: e, Count: 3})
			})
			if n := faults.Hits(); n != 3 {
				t.Errorf("%d faults hit, want 3", n)
			}
		})
	}
}

func TestAPartitionMayMoveToAnotherLeader(t *testing.T) {
	k, c := fake(t)
	expectThreeSales(k, k.writer(), func() {
		for node := range int32(3) {
			if node != c.LeaderFor(table.Topic, table.Partition) {
				if err := c.MoveTopicPartition(table.Topic, table.Partition, node); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	})
}

func TestACoordinatorsErrorIsRetried(t *testing.T) {
	for _, key := range controlKeys {
		for _, e := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress, kerr.ConcurrentTransactions} {
			t.Run(key.Name()+" "+e.Message, func(t *testing.T) {
				k, c := fake(t)
				var faults *kfake.FaultHandle
				expectThreeSales(k, k.writer(), func() {
					faults = c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: e, Count: 3})
				})
				if n := faults.Hits(); n != 3 {
					t.Errorf("%d faults hit, want 3", n)
				}
			})
		}
	}
}

func TestCoordinatorsMayMove(t *testing.T) {
	k, c := fake(t)
	expectThreeSales(k, k.writer(), c.RehashCoordinators)
}

func TestACommitWhoseAnswerIsLostHappensOnce(t *testing.T) {
	k, c := fake(t)
	expectThreeSales(k, k.writer(), func() {
		c.Fault(kfake.Fault{Keys: endKey, Err: kerr.RequestTimedOut}) // applied all the same
	})
}

func TestADeadConnectionIsReplaced(t *testing.T) {
	for _, key := range append([]kmsg.Key{kmsg.Produce}, controlKeys...) {
		t.Run(key.Name(), func(t *testing.T) {
			k, c := fake(t)
			expectThreeSales(k, k.writer(), func() {
				c.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
					return nil, errors.New("connection reset"), true // once
				})
			})
		})
	}
}

// An EndTxn that got lost may still arrive, in the middle of the next
// transaction, and would commit half of it.
func TestTheNextTransactionHasANewEpochAfterALostAnswer(t *testing.T) {
	k, c := fake(t)
	w := k.writer()
	k.commit(w, sale("before", 1))
	var epochs [3]atomic.Int32 // of the lost request, its repetition and the next transaction's
	var n atomic.Int32
	c.ControlKey(int16(kmsg.EndTxn), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		i := n.Add(1) - 1
		epochs[i].Store(int32(r.(*kmsg.EndTxnRequest).ProducerEpoch))
		if i == 0 {
			return nil, errors.New("connection reset"), true
		}
		return nil, nil, false
	})
	k.commit(w, sale("lost and repeated", 2))
	k.commit(w, sale("next", 3))
	lost, repeated, next := epochs[0].Load(), epochs[1].Load(), epochs[2].Load()
	if repeated != lost || next <= lost {
		t.Fatalf("epochs are %d, %d and %d", lost, repeated, next)
	}
}

func TestStartingWaitsForCoordinators(t *testing.T) {
	k, c := fake(t)
	faults := c.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, Group: group, Err: kerr.CoordinatorNotAvailable, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, TxnID: id, Err: kerr.CoordinatorNotAvailable, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TxnID: id, Err: kerr.CoordinatorLoadInProgress, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TxnID: id, Err: kerr.ConcurrentTransactions, Count: 3},
	)
	k.commit(k.writer(), sale("first", 1))
	k.expect(table, "first row")
	if n := faults.Hits(); n != 12 {
		t.Errorf("%d faults hit, want 12", n)
	}
}

// A broker before KIP-447 would take the offsets of a former member.
func TestABrokerThatCannotFenceMembersIsRefused(t *testing.T) {
	c, err := kfake.NewCluster(kfake.MaxVersions(kversion.V2_4_0()), kfake.SeedTopics(3, table.Topic, output.Topic, input.Topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	k := see(t, c.ListenAddrs())
	if err := k.writer().Commit(k.ctx, sale("unsafe", 1)); err == nil || !strings.Contains(err.Error(), "2.5") {
		t.Fatalf("error is %v", err)
	}
	k.expect(table)
}

func TestADeadBrokerAmongTheAddressesIsPassedOver(t *testing.T) {
	k, _ := fake(t)
	k.commit(k.writer(func(c *Config) { c.Brokers = append([]string{"127.0.0.1:1"}, c.Brokers...) }), sale("first", 1))
	k.expect(table, "first row")
}
