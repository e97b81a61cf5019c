package sqlsink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/databases"
	"github.com/tributary-go/tributary/integration/sqlsink"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/clickalerts"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// onEach runs a test on each database that there is.
func onEach(t *testing.T, test func(t *testing.T, s sqlsink.Store)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqlsink.SQLite(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, sqlsink.MySQL(t)) })
	t.Run("mariadb", func(t *testing.T) { test(t, sqlsink.MariaDB(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, sqlsink.PostgreSQL(t)) })
}

// result is what a table should be, told independently of its declaration: its columns are fields of the topic's values.
type result struct {
	table   string
	columns []string
	events  bool // each record is a row; otherwise the last of each key is
	atLeast int  // rows, so that the comparison means something
}

var results = []result{
	{"tddl_output", []string{"gmt_create", "gmt_modified", "buyer_id", "cumulate_amount", "effect_time"}, false, 30},
	{"coupons", []string{"id", "event", "campaign", "buyer_id", "effect_time", "tier", "sequence", "face_value", "remaining", "updated_at"}, true, 50},
	{"coupon_ledger", []string{"buyer_id", "face_value", "coupons", "updated_at"}, false, 10},
	{"campaign_budget", []string{"campaign", "budget", "issued", "revoked", "denied", "remaining", "updated_at"}, false, 2},
	{"alerts", []string{"id", "userSession", "userId", "alertType", "message", "pattern", "event_time"}, false, 50},
}

func TestCouponsTheirLedgerAndAlertsAreInTheirTablesRowForRow(t *testing.T) {
	c := brokers.Embedded(t)
	produceResults(t, c)
	onEach(t, func(t *testing.T, s sqlsink.Store) {
		var args []string
		for _, r := range results {
			args = append(args, "--table", r.table)
		}
		p := sqlsink.NewProcess(t, sqlsink.Binary(t), c, s, args...)
		p.Start()
		await(t, time.Minute, func() (bool, string) {
			return strings.Count(p.Log(), "claimed a table") >= len(results), "the sink has not claimed all tables"
		})
		p.Kill() // somewhere on its way
		p.Start()
		for _, r := range results {
			var got, want [][]string
			want = r.recompute(t, c)
			await(t, time.Minute, func() (bool, string) {
				got = s.Query(t, r.selection(s))
				slices.SortFunc(got, slices.Compare)
				return slices.EqualFunc(got, want, slices.Equal), fmt.Sprintf("table %s has %d rows, its topic says %d; %.1000q, want %.1000q", r.table, len(got), len(want), got, want)
			})
			if len(got) < r.atLeast {
				t.Errorf("table %s has %d rows: too few to tell", r.table, len(got))
			}
		}
		if letters := c.ReadCommitted(t, "sqlsink-dead-letters"); len(letters) > 0 {
			t.Errorf("%d dead letters, the first: %v", len(letters), letters[0].Headers)
		}
	})
}

// selection quotes the columns, since PostgreSQL would make userId another name.
func (r result) selection(s sqlsink.Store) string {
	quote := "`"
	if strings.HasPrefix(s.URL, "postgres") {
		quote = `"`
	}
	return fmt.Sprintf("SELECT %s%s%s FROM %s", quote, strings.Join(r.columns, quote+", "+quote), quote, r.table)
}

// recompute makes the rows from what is in the topic.
func (r result) recompute(t *testing.T, c brokers.Cluster) (rows [][]string) {
	t.Helper()
	last := map[string][]byte{}
	for i, x := range c.ReadCommitted(t, r.table) {
		key := string(x.Key)
		if r.events {
			key = fmt.Sprint(i)
		}
		last[key] = x.Value
	}
	for _, value := range last {
		if value == nil {
			continue
		}
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(value, &fields); err != nil {
			t.Fatal(err)
		}
		var row []string
		for _, column := range r.columns {
			row = append(row, textOf(t, fields[column]))
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, slices.Compare)
	return rows
}

// textOf is a JSON value as a column of text or of a number shows it.
func textOf(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return databases.Null
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// produceResults runs the topologies over random input until all of it is in their results.
func produceResults(t *testing.T, c brokers.Cluster) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	granting, err := coupon.Topology(coupon.Config{Campaigns: []coupon.Campaign{
		{Name: `spring | sale\`, Budget: 5_000, From: 20210301, To: 20210331, Tiers: []coupon.Tier{{Spend: 100, FaceValue: 5}, {Spend: 300, FaceValue: 40}}},
		{Name: "été 🛒", Budget: 100_000, From: 20210301, To: 20210331, Tiers: []coupon.Tier{{Spend: 200, FaceValue: 10}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	alerting, err := clickalerts.Topology(clickalerts.Config{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	var paid, refunded, clicks []brokers.Record
	for i := range 1000 {
		who, day := r.IntN(60), 1+r.IntN(5)
		at := fmt.Sprintf("2021-03-%02d %02d:%02d:00", day, r.IntN(24), r.IntN(60))
		paid = append(paid, brokers.Record{Partition: int32(i % 2), Value: fmt.Appendf(nil,
			`{"biz_order_id":"o%d","pay_status":"2","buyer_id":"%d","pay_time":"%s","gmt_create":"%s","gmt_modified":"%s","div_idx_actual_total_fee":"%d"}`,
			i, who, at, at, at, 1000+r.IntN(12_000))})
		if r.IntN(3) == 0 {
			refunded = append(refunded, brokers.Record{Partition: int32(i % 2), Value: fmt.Appendf(nil,
				`{"biz_order_id":"o%d","pay_status":"6","buyer_id":"%d","pay_time":"%s","gmt_create":"%s","gmt_modified":"%s","refund_fee":"-%d"}`,
				i, who, at, at, at, 1000+r.IntN(9_000))})
		}
		clicks = append(clicks, brokers.Record{Key: fmt.Appendf(nil, `{"key_id":%d}`, i+1), Value: fmt.Appendf(nil,
			`{"value_eventTime":%d,"value_eventType":"%s","value_productId":"p'%d","value_categoryCode":"c%d","value_price":%d.5,"value_userId":"u%d","value_userSession":"s%d"}`,
			1616644800000+i*5_000, []string{"view", "view", "view", "cart", "purchase"}[r.IntN(5)], r.IntN(4), r.IntN(5), 100+r.IntN(300), i%9, i%9)})
	}
	clicks = append(clicks, brokers.Record{Key: []byte(`{"key_id":9999}`), Value: []byte(`{"value_eventTime":1617644800000,"value_eventType":"view","value_userId":"end","value_userSession":"end"}`)})
	for topic, records := range map[string][]brokers.Record{"dwd_tb_trd_pay_ri": paid, "dwd_tb_trd_rfd_ri": refunded, "clickstream": clicks} {
		partitions := int32(2)
		if topic == "clickstream" {
			partitions = 1
		}
		c.CreateTopic(t, topic, partitions, nil)
		c.ProduceTo(t, topic, records...)
	}
	drain(t, c, granting)
	drain(t, c, alerting)
}

// drain runs a topology until all its input is in its results.
func drain(t *testing.T, c brokers.Cluster, topology *stream.Topology) {
	t.Helper()
	e, err := engine.Open(t.Context(), topology.Plan(), engine.Config{
		Connection: client.Connection{Brokers: c.Brokers()}, Instance: "results", StateDir: t.TempDir(), Partitions: 2, IdleAfter: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	if err := e.Drain(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	<-done
}
