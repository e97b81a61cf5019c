package topologies_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
	"github.com/tributary-go/tributary/topologies"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

func TestEachTableTakesAResultOfATopologyThatIsCleanedUpAsItExpects(t *testing.T) {
	results, compacted := map[string]bool{}, map[string]bool{}
	for _, e := range topologies.All() {
		topology, err := e.New(topologies.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range topology.Plan().Topics {
			results[x.Name], compacted[x.Name] = x.Kind == task.Result, x.Compacted
		}
	}
	seen := map[string]bool{}
	for _, p := range topologies.Tables() {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		if !results[p.Topic] || compacted[p.Topic] == p.Events {
			t.Errorf("table %s takes topic %s, which is a result: %t, and compacted: %t", p.Table, p.Topic, results[p.Topic], compacted[p.Topic])
		}
		if seen[p.Table] {
			t.Errorf("table %s is declared twice", p.Table)
		}
		seen[p.Table] = true
	}
}

// TestTheLongestAlertIDFitsItsColumn makes one of eleven clicks with the largest ids; a rule may have a longer name and
// a larger version.
func TestTheLongestAlertIDFitsItsColumn(t *testing.T) {
	topology, err := clickalerts.Topology(clickalerts.Config{ByArrival: true})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)
	d := streamtest.New(t, topology, streamtest.MaxAhead(0), streamtest.Start(start))
	for i := range int64(12) {
		d.SendRaw("clickstream", 0, fmt.Appendf(nil, `{"key_id":%d}`, math.MinInt64+i),
			fmt.Appendf(nil, `{"value_eventTime":%d,"value_eventType":"view","value_userId":"u"}`, start.UnixMilli()+i*60_000))
	}
	d.SendRaw("clickstream", 0, []byte(`{"key_id":1}`), []byte(`{"value_eventTime":9000000000000,"value_userId":"end","value_userSession":"end"}`))
	d.Run()
	longest := 0
	for id := range streamtest.Table(d, clickalerts.Alerts) {
		longest = max(longest, len(id)-len("churn-risk|1")+32+len("|9223372036854775807"))
	}
	if bound := column(t, clickalerts.AlertTable(), "id").Length(); longest < 200 || longest > bound {
		t.Errorf("the longest id has %d characters, its column %d", longest, bound)
	}
}

func column(t *testing.T, p tables.Projection, name string) tables.Type {
	t.Helper()
	for _, c := range p.Columns {
		if c.Name == name {
			return c.Type
		}
	}
	t.Fatalf("table %s has no column %s", p.Table, name)
	return tables.Type{}
}
