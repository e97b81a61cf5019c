package integration_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// A feed of rules is made in rounds: clicks of an hour, then a version that looks at clicks from the next hour on.

const ruleRounds, clicksPerRound, rulePartitions = 6, 60, 3

var ruleNoon = time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)

type fedRecord struct{ key, value string }

// roundOf are the clicks of a round, of some sessions. Their ids lie in one partition: among several tasks one that
// is still idle from the round before is not waited for, and its clicks would be late.
func roundOf(n int) (clicks []fedRecord) {
	random := rand.New(rand.NewPCG(uint64(n), 5))
	id := n * 1000
	for i := range clicksPerRound {
		for id++; task.PartitionOf(strconv.Itoa(id), rulePartitions) != 0; id++ {
		}
		at := ruleNoon.Add(time.Duration(n)*time.Hour + time.Duration(i)*time.Minute)
		who := random.IntN(5)
		clicks = append(clicks, fedRecord{fmt.Sprintf(`{"key_id":%d}`, id), fmt.Sprintf(
			`{"value_eventTime":%d,"value_eventType":%q,"value_productId":"p","value_categoryCode":"c%d","value_price":%d,"value_userId":"u%d","value_userSession":"s%d"}`,
			at.UnixMilli(), []string{"view", "cart", "cart", "purchase"}[random.IntN(4)], i, 200+random.IntN(400), who, who)})
	}
	return clicks
}

// versionAfter is the rule for the clicks behind a round.
func versionAfter(n int) fedRecord {
	const name = "abandoned-cart"
	switch from := ruleNoon.Add(time.Duration(n+1) * time.Hour).Format(time.RFC3339); n % 4 {
	case 2:
		return fedRecord{name, ruleDocument(name, n, "shadow", from)}
	case 3:
		return fedRecord{name, ruleDocument(name, n, "paused", from)}
	default:
		return fedRecord{name, ruleDocument(name, n, "active", from)}
	}
}

func ruleDocument(name string, n int, state, from string) string {
	return strings.NewReplacer(
		`"version": 1,`, fmt.Sprintf(`"version": %d, "state": %q, "from": %q,`, n+2, state, from),
		"price > 200", fmt.Sprintf("price > %d", 250+20*n), "600000", fmt.Sprint(600000+120000*n),
	).Replace(string(clickalerts.Documents()[name]))
}

const lastClick = `{"value_eventTime":1616890000000,"value_eventType":"none","value_userId":"end","value_userSession":"end"}`

// expectedAlerts are those of the same feed in memory.
func expectedAlerts(t *testing.T) map[clickalerts.AlertID]clickalerts.Alert {
	t.Helper()
	topology, err := clickalerts.Topology(clickalerts.Config{RuleTopic: clickalerts.RuleTopic})
	if err != nil {
		t.Fatal(err)
	}
	d := streamtest.New(t, topology, streamtest.Partitions(rulePartitions), streamtest.MaxAhead(0))
	d.SetIdle(clickalerts.RuleTopic, 0, true)
	for n := range ruleRounds {
		for _, c := range roundOf(n) {
			d.SendRaw("clickstream", 0, []byte(c.key), []byte(c.value))
		}
		d.Run()
		v := versionAfter(n)
		d.SendRaw(clickalerts.RuleTopic, 0, []byte(v.key), []byte(v.value))
		d.Run()
	}
	d.SendRaw("clickstream", 0, []byte(`{"key_id":99999}`), []byte(lastClick))
	d.Run()
	if l := d.DeadLetters(); len(l) > 0 {
		t.Fatalf("dead letters, the first: %+v", l[0])
	}
	return streamtest.Table(d, clickalerts.Alerts)
}

// TestRulesThatChangeSurviveCrashes lets lives of the processor end before commits, and loses local state.
func TestRulesThatChangeSurviveCrashes(t *testing.T) {
	want := expectedAlerts(t)
	versions := map[string]int{}
	for id := range want {
		versions[strings.Join(strings.Split(string(id), "|")[:2], "|")]++
	}
	if versions["abandoned-cart|1"] == 0 || versions["abandoned-cart|3"] == 0 || versions["abandoned-cart|4"] != 0 || versions["abandoned-cart|5"] != 0 || versions["abandoned-cart|6"] == 0 {
		t.Fatalf("alerts by rule and version: %v", versions)
	}
	c := brokers.Embedded(t)
	c.CreateTopic(t, "clickstream", 1, nil)
	c.CreateTopic(t, clickalerts.RuleTopic, 1, map[string]string{"cleanup.policy": "compact"})
	topology, err := clickalerts.Topology(clickalerts.Config{RuleTopic: clickalerts.RuleTopic})
	if err != nil {
		t.Fatal(err)
	}
	var commits, crashes atomic.Int64
	dir := t.TempDir()
	for n := range ruleRounds {
		if n == ruleRounds/2 {
			dir = t.TempDir()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		e, err := engine.Open(ctx, topology.Plan(), engine.Config{
			Connection: client.Connection{Brokers: c.Brokers()}, StateDir: dir, Instance: "a", Partitions: rulePartitions,
			SessionTimeout: time.Second, IdleAfter: 100 * time.Millisecond, Metrics: engine.NewMetrics(),
			Controls: engine.Controls{BeforeCommit: func(records int) {
				if records > 0 && commits.Add(1)%9 == 4 {
					crashes.Add(1)
					panic("a crash")
				}
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		feed := func(topic string, rs ...fedRecord) {
			for _, r := range rs {
				c.ProduceTo(t, topic, brokers.Record{Key: []byte(r.key), Value: []byte(r.value)})
			}
			if err := e.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		feed("clickstream", roundOf(n)...)
		feed(clickalerts.RuleTopic, versionAfter(n))
		if n == ruleRounds-1 {
			feed("clickstream", fedRecord{`{"key_id":99999}`, lastClick})
			awaitAlerts(t, c, len(want))
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	got, times := map[clickalerts.AlertID]clickalerts.Alert{}, map[string]int{}
	for _, r := range c.ReadCommitted(t, "alerts") {
		a, err := clickalerts.Alerts.Codec.Decode(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		got[clickalerts.AlertID(r.Key)] = a
		if times[string(r.Key)]++; times[string(r.Key)] > 1 {
			t.Errorf("alert %s was written %d times", r.Key, times[string(r.Key)])
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d alerts, want %d:\n%v\nwant\n%v", len(got), len(want), got, want)
	}
	if rs := c.ReadCommitted(t, "clickalerts-dead-letters"); len(rs) > 0 {
		t.Errorf("%d dead letters, the first: %q %+v", len(rs), rs[0].Value, rs[0].Headers)
	}
	if crashes.Load() < 3 {
		t.Errorf("%d crashes", crashes.Load())
	}
}

func awaitAlerts(t *testing.T, c brokers.Cluster, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(c.ReadCommitted(t, "alerts")) < n; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return // what is missing is told by the comparison
		}
	}
}
