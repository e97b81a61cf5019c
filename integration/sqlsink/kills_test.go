package sqlsink_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/databases"
	"github.com/tributary-go/tributary/integration/sqlsink"
)

const topic = "trade_channel_collect"

// history is changes of few keys: upserts, each with a number of its own, and tombstones.
func history(r *rand.Rand, from, n int) []brokers.Record {
	all := make([]brokers.Record, n)
	for i := range all {
		key := r.IntN(500)
		all[i] = brokers.Record{Partition: int32(key % 4), Key: fmt.Appendf(nil, "2021-03-%02d 00:00:00|c%d", key%28+1, key)}
		if r.IntN(5) > 0 {
			all[i].Value = fmt.Appendf(nil, `{"begin_time":"ignored","channel_name":"n%d","cur_gmv":%d.25,"cur_order_user_count":%d,"cur_order_count":%d,"updated_at":"t%d"}`,
				key, i, key, from+i, i)
		}
	}
	return all
}

func await(t *testing.T, bound time.Duration, holds func() (bool, string)) {
	t.Helper()
	for deadline := time.Now().Add(bound); ; time.Sleep(20 * time.Millisecond) {
		ok, why := holds()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", bound, why)
		}
	}
}

// position is the sum of the positions: how many records are done, since each takes one offset.
func position(t *testing.T, s sqlsink.Store) int {
	t.Helper()
	rows := s.Query(t, "SELECT COALESCE(SUM(next_offset), 0) FROM tributary_positions")
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// refuseRepeats makes the table keep the number of each change that it has taken in, and refuse one that it has seen: a
// change that is written twice becomes a dead letter.
func refuseRepeats(t *testing.T, s sqlsink.Store) {
	t.Helper()
	s.Exec(t, "CREATE TABLE seen (number BIGINT PRIMARY KEY)")
	for _, statement := range s.Once {
		s.Exec(t, statement)
	}
}

func killed(t *testing.T, c brokers.Cluster, s sqlsink.Store, kills int) {
	hurt(t, c, s, kills, func(p *sqlsink.Process) {
		p.Kill()
		p.Start()
	})
}

// hurt does something to the sink, or to what it talks to, so many times while records come; then each of them must have
// been written once.
func hurt(t *testing.T, c brokers.Cluster, s sqlsink.Store, times int, how func(p *sqlsink.Process)) {
	t.Helper()
	c.CreateTopic(t, topic, 4, map[string]string{"cleanup.policy": "compact"})
	t.Cleanup(func() {
		c.DeleteTopic(t, topic)
		c.DeleteTopic(t, "sqlsink-dead-letters")
	})
	p := sqlsink.NewProcess(t, sqlsink.Binary(t), c, s)
	p.Start()
	await(t, time.Minute, func() (bool, string) { return strings.Contains(p.Log(), "claimed a table"), "the sink does not begin" })
	refuseRepeats(t, s)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var written atomic.Int64
	stop := feed(t, c, seed, &written)
	for range times {
		// Somewhere on its way, when it has moved so far; not by the clock, since machines differ.
		goal := position(t, s) + 1 + r.IntN(1000)
		await(t, 2*time.Minute, func() (bool, string) {
			n := position(t, s)
			written.Store(int64(n))
			return n >= goal, fmt.Sprintf("the position stays at %d", n)
		})
		how(p)
	}
	total := stop()
	await(t, 2*time.Minute, func() (bool, string) {
		n := position(t, s)
		return n == total, fmt.Sprintf("the position is %d, want %d", n, total)
	})
	p.Kill()
	t.Logf("%d records, %d times", total, times)
	compare(t, c, s)
}

// ahead is how many records wait for the sink at most: enough that it always has some.
const ahead = 10_000

// feed produces until it is stopped, no further than ahead of what is written; stop returns how many records there are.
func feed(t *testing.T, c brokers.Cluster, seed uint64, written *atomic.Int64) (stop func() int) {
	r := rand.New(rand.NewPCG(seed, 2))
	ended, sent := make(chan struct{}), make(chan int, 1)
	go func() {
		defer close(sent) // a failure to produce ends this goroutine, and none but this
		pause := time.NewTicker(10 * time.Millisecond)
		defer pause.Stop()
		for n := 0; ; {
			select {
			case <-ended:
				sent <- n
				return
			case <-t.Context().Done(): // the test has failed without stopping it
				return
			case <-pause.C:
				for ; int64(n) < written.Load()+ahead; n += 200 {
					c.ProduceTo(t, topic, history(r, n, 200)...)
				}
			}
		}
	}()
	return func() int {
		close(ended)
		select {
		case n, ok := <-sent:
			if !ok {
				t.FailNow()
			}
			return n
		case <-time.After(2 * time.Minute):
			t.Fatal("records can no longer be produced")
			return 0
		}
	}
}

// compare holds the table against what is in the topic, and demands that nothing was refused.
func compare(t *testing.T, c brokers.Cluster, s sqlsink.Store) {
	t.Helper()
	if letters := c.ReadCommitted(t, "sqlsink-dead-letters"); len(letters) > 0 {
		t.Errorf("%d changes were refused, the first: %v", len(letters), letters[0].Headers)
	}
	got := s.Query(t, "SELECT begin_time, channel_code, channel_name, cur_gmv, cur_order_user_count, cur_order_count, last_pay_time, flink_current_time FROM trade_channel_collect")
	want := recompute(t, c)
	sort.Slice(got, func(i, j int) bool { return slices.Compare(got[i], got[j]) < 0 })
	sort.Slice(want, func(i, j int) bool { return slices.Compare(want[i], want[j]) < 0 })
	if len(want) < 100 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, the topic has %d, and they are not the same", len(got), len(want))
		for i := range min(len(got), len(want)) {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("row %d: %q, want %q", i, got[i], want[i])
			}
		}
	}
}

func recompute(t *testing.T, c brokers.Cluster) (rows [][]string) {
	t.Helper()
	last := map[string][]byte{}
	for _, r := range c.ReadCommitted(t, topic) {
		last[string(r.Key)] = r.Value
	}
	for key, value := range last {
		if value == nil {
			continue
		}
		var fields map[string]any
		d := json.NewDecoder(bytes.NewReader(value))
		d.UseNumber()
		if err := d.Decode(&fields); err != nil {
			t.Fatal(err)
		}
		row := strings.Split(key, "|")
		for _, f := range []string{"channel_name", "cur_gmv", "cur_order_user_count", "cur_order_count", "last_pay_time", "updated_at"} {
			text := databases.Null
			if v, ok := fields[f]; ok {
				text = fmt.Sprint(v)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestEachChangeIsWrittenOnceHoweverOftenTheSinkIsKilled(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killed(t, brokers.Embedded(t), sqlsink.SQLite(t), 8) })
	t.Run("mysql", func(t *testing.T) { killed(t, brokers.Embedded(t), sqlsink.MySQL(t), 20) })
	t.Run("mariadb", func(t *testing.T) { killed(t, brokers.Embedded(t), sqlsink.MariaDB(t), 5) })
	t.Run("postgres", func(t *testing.T) { killed(t, brokers.Embedded(t), sqlsink.PostgreSQL(t), 20) })
	t.Run("kafka", func(t *testing.T) { killed(t, brokers.Real(t), sqlsink.SQLite(t), 8) })
}
