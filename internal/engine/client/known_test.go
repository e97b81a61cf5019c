package client_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tributary-go/tributary/internal/engine/client"
)

// Instances that start side by side find topics that one of them has just created: one broker tells of them when
// another, asked for their settings, does not know them yet. It ended the start of one of three on three brokers.
func TestATopicThatOneBrokerDoesNotKnowYetIsAskedForAgain(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(2, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	faults := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Resource: "orders", Err: kerr.UnknownTopicOrPartition, Count: 2})
	specs := []client.TopicSpec{{Name: "orders", Partitions: 2, Config: map[string]string{"cleanup.policy": "delete"}}}
	if _, err := client.EnsureTopics(t.Context(), client.Connection{Brokers: cluster.ListenAddrs()}, specs); err != nil {
		t.Error(err)
	}
	if n := faults.Hits(); n != 2 {
		t.Errorf("the settings were refused %d times", n)
	}
}
