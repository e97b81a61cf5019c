package countsum_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/countsum"
	"github.com/tributary-go/tributary/internal/task"
)

var raceDetector bool

// nothing is a local store without keys.
type nothing struct{}

func (nothing) Get([]byte) ([]byte, error) { return nil, nil }

func (nothing) Range(_, _ []byte, _ bool, _ func(key, value []byte) bool) error { return nil }

// A record on its whole way through a task: decoded, its row found and replaced, a result emitted, row and result
// encoded, committed. What that allocates can be counted, unlike the time that it takes.
func TestAllocationsOfARecordFromProcessToCommit(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector empties pools")
	}
	const records, users, portion = 10_000, 100, 250
	topology, err := countsum.Topology("c", "in", "out")
	if err != nil {
		t.Fatal(err)
	}
	env := task.Env{
		Partitions: func(string) int32 { return 4 }, InputOf: 4, Now: func() int64 { return time.Now().UnixMilli() },
		Counters: &task.Counters{}, Log: slog.New(slog.DiscardHandler),
	}
	x, err := task.New(topology.Plan().Groups[0], 0, env, nothing{}, "")
	if err != nil {
		t.Fatal(err)
	}
	rs := make([]task.Record, records)
	for i := range rs {
		user := fmt.Sprintf("u%06d", i%users)
		rs[i] = task.Record{Topic: "in", Key: []byte(user), Value: fmt.Appendf(nil, `{"user_id":%q,"order_id":"o%d","amount":%d}`, user, i, i%1000)}
	}
	offset := int64(0)
	run := func() {
		for at := 0; at < records; at += portion {
			some := rs[at : at+portion]
			for i := range some {
				some[i].Offset = offset
				offset++
			}
			n, perr := x.Process(some)
			c, cerr := x.Cut(time.Now().UnixMilli())
			if perr != nil || cerr != nil || n != portion || c == nil {
				t.Fatalf("%d of %d records: %v, %v, cut %v", n, portion, perr, cerr, c)
			}
			x.Committed(c, offset)
		}
	}
	run()            // buffers grow to their size
	const most = 5.1 // texts, row before and after, result, and what hands them on
	if got := testing.AllocsPerRun(5, run) / records; got > most {
		t.Errorf("a record allocates %.2f times; at most %v are allowed", got, most)
	} else {
		t.Logf("a record allocates %.2f times", got)
	}
}
