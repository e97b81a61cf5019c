package engine_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tributary-go/tributary/internal/engine"
)

// impatient gives up what is not answered soon.
func impatient(cfg *engine.Config) {
	cfg.Connection.Timeout, cfg.StepTimeout = 600*time.Millisecond, 1800*time.Millisecond
}

// transactionKeys are the requests of a transaction.
var transactionKeys = []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn}

// portions are transactions, one after the other.
func (s *sums) portions(r *running, n int) {
	s.t.Helper()
	for range n {
		s.produce(50)
		r.drain()
	}
}

// What was applied is asked for again, when the connection breaks and when the broker is silent.
func TestAnAnswerThatIsLostIsAskedForAgain(t *testing.T) {
	for _, key := range transactionKeys {
		for how, what := range map[string]fate{"broken": unheard, "silent": ignored} {
			t.Run(key.Name()+" "+how, func(t *testing.T) {
				t.Parallel() // it waits more than it works
				c, _, w := wired(t)
				s := newSums(t, c)
				r := s.run(config(t, c, impatient))
				s.portions(r, 1)
				var asked, lost int
				w.rule(func(r request) fate {
					if r.key != key {
						return passes
					}
					if asked++; asked%4 != 2 {
						return passes
					}
					lost++
					return what
				})
				s.portions(r, 8)
				w.heal()
				if lost < 2 {
					t.Errorf("%d answers were lost", lost)
				}
				s.portions(r, 1)
				s.check()
			})
		}
	}
}

// Errors that brokers answer while a leader or a coordinator changes, or replicas are slow. After REQUEST_TIMED_OUT a
// produce request and an offset commit have been applied.
func TestErrorsThatPassLoseNothing(t *testing.T) {
	coordinated := []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn}
	for name, x := range map[string]struct {
		err  *kerr.Error
		keys []kmsg.Key
	}{
		"another leader":                {kerr.NotLeaderForPartition, []kmsg.Key{kmsg.Produce}},
		"too few replicas, not applied": {kerr.NotEnoughReplicas, []kmsg.Key{kmsg.Produce}},
		"too few replicas, applied":     {kerr.NotEnoughReplicasAfterAppend, []kmsg.Key{kmsg.Produce}},
		"replicas too slow, applied":    {kerr.RequestTimedOut, []kmsg.Key{kmsg.Produce}},
		"offsets too slow, applied":     {kerr.RequestTimedOut, []kmsg.Key{kmsg.TxnOffsetCommit}},
		"decision too slow":             {kerr.RequestTimedOut, []kmsg.Key{kmsg.EndTxn}},
		"another coordinator":           {kerr.NotCoordinator, coordinated},
		"coordinator not ready":         {kerr.CoordinatorLoadInProgress, coordinated},
	} {
		t.Run(name, func(t *testing.T) {
			c, k, _ := wired(t)
			s := newSums(t, c)
			r := s.run(config(t, c))
			s.portions(r, 1)
			var faults []kfake.Fault
			for _, key := range x.keys {
				f := kfake.Fault{Keys: []kmsg.Key{key}, Err: x.err, Count: 3}
				if key == kmsg.Produce {
					f.Topic = s.changelog // the input is written by the test
				}
				faults = append(faults, f)
			}
			h := k.Fault(faults...)
			s.portions(r, 3)
			if n := h.Hits(); n != 3*len(faults) {
				t.Errorf("%d requests were answered with an error", n)
			}
			s.check()
		})
	}
}

func TestLeadersAndCoordinatorsMayMoveAtAnyMoment(t *testing.T) {
	c, k, _ := wired(t)
	s := newSums(t, c)
	r := s.run(config(t, c))
	for i := range 10 {
		s.produce(300)
		if i%2 == 0 {
			k.ShufflePartitionLeaders()
		} else {
			k.RehashCoordinators()
		}
	}
	r.drain()
	s.check()
}

// The decision of a life that has ended arrives in the middle of its successor's transaction: it must not decide that.
func TestALateDecisionOfADeadProducerIsRefused(t *testing.T) {
	c, k, w := wired(t)
	s := newSums(t, c)
	cfg := config(t, c, impatient)
	r := s.run(cfg)
	s.portions(r, 1)
	var late atomic.Pointer[[]byte]
	w.rule(func(r request) fate { // until the watchdog ends the life
		if r.key != kmsg.EndTxn {
			return passes
		}
		late.CompareAndSwap(nil, &r.frame)
		return vanishes
	})
	s.produce(50)
	waitFor(t, "the end of the life", func() bool { return metric(t, cfg.Metrics, "tributary_restarts_total", s.group) > 0 })
	underWay, decided := make(chan struct{}), make(chan struct{})
	k.ControlKey(int16(kmsg.TxnOffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.DropControl()
		close(underWay)
		k.SleepControl(func() { <-decided })
		return nil, nil, false
	})
	w.heal()
	<-underWay // the successor's records are in the log, its offsets are not
	code := send(t, c.Brokers()[k.CoordinatorFor(s.group+"-a")], *late.Load())
	close(decided)
	if code == 0 {
		t.Error("the late decision was accepted")
	}
	r.drain()
	s.check()
}

// send sends an EndTxn as it was, over a connection of its own, and returns the answer's error code.
func send(t *testing.T, address string, frame []byte) int16 {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4+4+1+4+2) // length, correlation id, tags, throttle time, error code
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	return int16(binary.BigEndian.Uint16(answer[13:]))
}

// Brokers take requests of a kind and never answer. Nothing waits for ever: they are asked again over other
// connections, the life that can't go on ends, and when they answer again the work does too.
func TestASilentBrokerHoldsUpNothingForEver(t *testing.T) {
	silent := append([]kmsg.Key{
		kmsg.InitProducerID, kmsg.FindCoordinator, kmsg.Metadata, kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat, kmsg.OffsetFetch, kmsg.ListOffsets, kmsg.Fetch,
	}, transactionKeys...)
	for _, key := range silent {
		t.Run(key.Name(), func(t *testing.T) {
			t.Parallel() // it waits more than it works
			c, k, w := wired(t)
			s := newSums(t, c)
			cfg := config(t, c, impatient)
			r := s.run(cfg)
			s.portions(r, 1)
			var asked atomic.Int32
			w.rule(func(r request) fate {
				if r.key != key {
					return passes
				}
				asked.Add(1)
				return vanishes
			})
			// Each kind is asked at the latest when the next life begins.
			k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TxnID: s.group + "-a", Err: kerr.InvalidTxnState})
			s.produce(50)
			waitFor(t, fmt.Sprintf("the fourth %s over another connection", key.Name()), func() bool { return asked.Load() >= 4 })
			w.heal()
			s.portions(r, 2)
			s.check()
		})
	}
}

// All brokers are silent. Who is told to stop then ends all the same, with an error if what it can't interrupt has not
// come back within the watchdog's bound and ten seconds.
func TestAStopWhileNoBrokerAnswersEnds(t *testing.T) {
	c, _, w := wired(t)
	s := newSums(t, c)
	r := s.run(config(t, c, impatient))
	s.portions(r, 1)
	w.rule(func(request) fate { return vanishes })
	s.produce(50)
	r.cancel()
	if err := r.wait(); err != nil && !strings.Contains(err.Error(), "must be started anew") {
		t.Error(err)
	}
	w.heal()
	s.portions(s.run(config(t, c, impatient)), 1)
	s.check()
}
