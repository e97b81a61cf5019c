package engine_test

import (
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
)

// What docs/operations.md promises of topics.
func TestTopicsAreCreatedForWhatTheyHold(t *testing.T) {
	c := brokers.Embedded(t)
	v := newVisits(t, c, 2)
	start(t, v.plan, config(t, c)) // topics are there when it has been opened
	found, err := admin(t, c).DescribeTopicConfigs(t.Context(), v.via, v.group+"-table", v.failed)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]string{}
	for _, topic := range found {
		got[topic.Name] = map[string]string{}
		for _, s := range topic.Configs {
			got[topic.Name][s.Key] = s.MaybeValue()
		}
	}
	for topic, want := range map[string]map[string]string{
		v.via:              {"cleanup.policy": "delete", "retention.ms": "-1", "segment.bytes": "52428800"},
		v.group + "-table": {"cleanup.policy": "compact", "delete.retention.ms": "604800000", "segment.bytes": "104857600"},
		v.failed:           {"cleanup.policy": "delete", "retention.ms": "-1", "message.timestamp.type": "LogAppendTime"},
	} {
		for name, value := range want {
			if got[topic][name] != value {
				t.Errorf("topic %s has %s = %q, want %q", topic, name, got[topic][name], value)
			}
		}
	}
}
