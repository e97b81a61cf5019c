package dropkills

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/engine/view"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

const alerts = "wechat_activity_user"

// CreateTopics makes the inputs, and the results so that compaction leaves every record in them.
func CreateTopics(t testing.TB, c brokers.Cluster, partitions int32) {
	t.Helper()
	for _, topic := range []string{RawInfo, Events} {
		c.CreateTopic(t, topic, partitions, nil)
	}
	for _, topic := range []string{Updates, alerts} {
		c.CreateTopic(t, topic, partitions, map[string]string{"cleanup.policy": "compact", "min.compaction.lag.ms": fmt.Sprint(24 * time.Hour.Milliseconds())})
	}
}

// Ends are the ends of the dimension's topic; see Left.Full.
func Ends(t testing.TB, c brokers.Cluster) map[int32]int64 {
	t.Helper()
	ends := map[int32]int64{}
	for _, x := range c.ReadCommitted(t, RawInfo) {
		ends[x.Partition] = x.Offset + 1
	}
	return ends
}

// Collect reads the topics, and the tables by the views of a look-up.
func Collect(t testing.TB, c brokers.Cluster, full map[int32]int64) Left {
	t.Helper()
	read := func(topic string) []brokers.Record { return c.ReadCommitted(t, topic) }
	shown := show(t, c, "premiumdrop-dimension", alerts)
	return Left{
		RawInfo: read(RawInfo), Events: read(Events), Updates: read(Updates), Alerts: read(alerts), Refused: read("premiumdrop-dead-letters"),
		Dimension: shown["premiumdrop-dimension"], LastAlerts: shown[alerts], Full: full,
	}
}

// show reads whole tables.
func show(t testing.TB, c brokers.Cluster, names ...string) map[string]map[string]string {
	t.Helper()
	topology, err := premiumdrop.Topology(premiumdrop.Config{})
	if err != nil {
		t.Fatal(err)
	}
	specs, err := view.Named(view.Specs(topology.Plan()), names)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	views, err := view.Open(ctx, client.Connection{Brokers: c.Brokers()}, specs, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = views.Run(ctx) }()
	defer func() { cancel(); <-ended; views.Close() }()
	for deadline := time.Now().Add(time.Minute); views.Ready() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(views.Ready())
		}
	}
	all := map[string]map[string]string{}
	for _, table := range views.Tables() {
		all[table.Info().Name] = rowsOf(t, table)
	}
	return all
}

func rowsOf(t testing.TB, table lookup.Table) map[string]string {
	t.Helper()
	all := map[string]string{}
	for after := ""; ; {
		page, err := table.Scan("", after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page {
			all[row.Key] = string(row.Value)
			after = row.Key
		}
		if len(page) < 1000 {
			return all
		}
	}
}

// inputs are those of each group.
var inputs = map[string][]string{
	"premiumdrop-" + RawInfo: {RawInfo},
	"premiumdrop-" + Events:  {Events},
	"premiumdrop-dimension":  {"premiumdrop-raw-info-by-id", "premiumdrop-traces-by-id"},
}

// Waiting counts the records that a group has not committed. Those of the engine itself do not count, there are
// always new ones.
func Waiting(t testing.TB, c brokers.Cluster) int {
	t.Helper()
	admin, err := connect(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	waiting := 0
	for group, topics := range inputs {
		committed, err := kadm.NewClient(admin).FetchOffsets(context.Background(), group)
		if err != nil {
			t.Fatalf("committed offsets of group %s: %v", group, err)
		}
		for _, topic := range topics {
			for _, x := range c.ReadCommitted(t, topic) {
				at, _ := committed.Lookup(topic, x.Partition)
				if x.Offset >= at.At && (len(x.Key) == 0 || x.Key[0] != 0) {
					waiting++
				}
			}
		}
	}
	return waiting
}
