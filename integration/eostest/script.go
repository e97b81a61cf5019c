package eostest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/exactlyonce"
)

// Script is what happens to the instances a, b and c, and to the brokers 1 to 3. Of each word the instructions are
// carried out at once. Before the next word those that were started must be ready, which is to have partitions and to
// have recovered them, and all that is in the input at that moment must be told of, if an instance runs.
//
//	+a   a is started
//	-a   a is told to end, and ends
//	!a   a is killed
//	!1   broker 1 is killed
//	+1   broker 1 is started again
type Script string

// The scripts of Kafka Streams' system tests (tests/kafkatest/tests/streams/streams_eos_test.py): test_rebalance and
// test_failure_and_recovery.
const (
	Rebalance = Script("+a +b +c -a +a -b -c -a")
	Failure   = Script("+a +b +c !a +a !a +a !b -c -a")
)

// More of the kind: a restart without a pause, all at once, instances one after the other under the same partitions,
// and a cluster of three that loses a broker, with and without an instance.
const (
	Together = Script("+a+b+c !a+a !a!b !c+a+b+c !a!b!c+c+b+a -a+a !b-c !a+b -b")
	Brokers  = Script("+a+b+c !1 +1 !2!a +2 +a !3!b+b +3 -c !1 +1 -a-b")
)

// stage is where a script is played.
type stage struct {
	t         testing.TB
	cluster   brokers.Cluster
	instances map[byte]*exactlyonce.Instance
	progress  *progress
	patience  time.Duration // for work to go on
	starts    int
	fresh     map[byte]string // what instances say when they are ready that were started since the last word
}

func (s *stage) play(script Script, began time.Time) {
	s.t.Helper()
	for _, word := range strings.Fields(string(script)) {
		for i := 0; i < len(word); i += 2 {
			s.do(word[i], word[i+1])
		}
		for who, ready := range s.fresh {
			s.instances[who].AwaitLog(ready)
		}
		ready := time.Since(began)
		clear(s.fresh)
		if s.running() {
			s.progress.await(s.patience)
		}
		s.t.Logf("%6.1fs %s (ready after %.1fs)", time.Since(began).Seconds(), word, ready.Seconds())
		if s.t.Failed() {
			s.t.FailNow()
		}
	}
}

func (s *stage) do(what, who byte) {
	s.t.Helper()
	broker := int(who - '0')
	i := s.instances[who]
	switch {
	case i == nil && what == '!':
		s.cluster.Kill(s.t, broker)
	case i == nil && what == '+':
		s.cluster.Restart(s.t, broker)
	case i != nil && what == '+':
		s.starts++
		s.fresh[who] = fmt.Sprintf("ready after start %d.", s.starts)
		i.Start("--start", fmt.Sprint(s.starts))
	case i != nil && what == '-':
		delete(s.fresh, who)
		i.Terminate()
	case i != nil && what == '!':
		delete(s.fresh, who)
		i.Kill()
	default:
		s.t.Fatalf("a script says %c%c", what, who)
	}
}

func (s *stage) running() bool {
	for _, i := range s.instances {
		if i.Running() {
			return true
		}
	}
	return false
}
