package sqlsink_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/sqlsink"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// reference is its definition of the table, unsigned columns and all. SQLite takes it too, by its own idea of types.
const reference = `CREATE TABLE trade_channel_collect (
	begin_time VARCHAR(32) NOT NULL, channel_code VARCHAR(32) NOT NULL, channel_name VARCHAR(32) NULL,
	cur_gmv DOUBLE UNSIGNED NULL, cur_order_user_count BIGINT UNSIGNED NULL, cur_order_count BIGINT UNSIGNED NULL,
	last_pay_time VARCHAR(32) NULL, flink_current_time VARCHAR(32) NULL, PRIMARY KEY (begin_time, channel_code))`

// answer is what the reference's orders come to.
var answer = [][]string{
	{"2021-03-24 00:00:00", "appShop", "Shopping App", "180", "1", "1", "2021-03-24 16:10:06"},
	{"2021-03-24 00:00:00", "webShop", "Website", "100", "1", "1", "2021-03-24 10:02:03"},
	{"2021-03-25 00:00:00", "appShop", "Shopping App", "50.5", "1", "1", "2021-03-25 06:07:00"},
	{"2021-03-25 00:00:00", "miniAppShop", "Miniprogram", "148.8", "2", "2", "2021-03-25 12:03:00"},
	{"2021-03-25 00:00:00", "other", "Other", "400", "1", "1", "2021-03-25 15:10:00"},
	{"2021-03-25 00:00:00", "webShop", "Website", "986.5", "2", "5", "2021-03-25 16:16:16"},
}

func TestTheReferencesElevenOrdersAreInTheTable(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { walkThrough(t, sqlsink.SQLite(t), "") })
	t.Run("mysql", func(t *testing.T) {
		walkThrough(t, sqlsink.MySQL(t), " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci")
	})
}

func walkThrough(t *testing.T, s sqlsink.Store, options string) {
	s.Exec(t, reference+options)
	c := brokers.Embedded(t)
	drain := runChannelGMV(t, c)
	lines, err := os.ReadFile("../../examples/orders.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var orders []brokers.Record
	for i, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
		orders = append(orders, brokers.Record{Partition: int32(i % 2), Value: line})
	}
	if len(orders) != 11 {
		t.Fatalf("%d orders, want the reference's 11", len(orders))
	}
	c.ProduceTo(t, "trade_order_detail_info", orders...)
	drain()
	p := sqlsink.NewProcess(t, sqlsink.Binary(t), c, s)
	p.Start()
	var rows [][]string
	await(t, time.Minute, func() (bool, string) {
		rows = s.Query(t, "SELECT * FROM trade_channel_collect ORDER BY begin_time, channel_code")
		return len(rows) >= len(answer), fmt.Sprintf("%d rows: %v", len(rows), rows)
	})
	for i, row := range rows {
		if _, err := time.Parse("2006-01-02T15:04:05.000Z07:00", row[7]); err != nil {
			t.Errorf("flink_current_time: %v", err)
		}
		gmv, err := strconv.ParseFloat(row[3], 64) // 180.0 to some, 180 to others
		if err != nil {
			t.Error(err)
		}
		row[3] = strconv.FormatFloat(gmv, 'f', -1, 64)
		rows[i] = row[:7]
	}
	if !reflect.DeepEqual(rows, answer) {
		t.Errorf("rows\n%v, want\n%v", rows, answer)
	}
}

// runChannelGMV runs the topology until the test ends. drain waits until all its input is in its results.
func runChannelGMV(t *testing.T, c brokers.Cluster) (drain func()) {
	t.Helper()
	c.CreateTopic(t, "trade_order_detail_info", 2, nil)
	topology, err := channelgmv.Topology(channelgmv.Config{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), topology.Plan(), engine.Config{
		Connection: client.Connection{Brokers: c.Brokers()}, Instance: "walk", StateDir: t.TempDir(), Partitions: 2, IdleAfter: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		e.Close()
	})
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := e.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
}
