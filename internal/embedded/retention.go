package embedded

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const unlimited = "-1"

// setRetention completes the settings of topics about to be created. The emulation applies retention to every topic;
// Kafka spares those whose cleanup.policy lacks "delete". And Kafka's own default for retention.bytes is unlimited,
// where this broker's is a bound.
func setRetention(request *kmsg.CreateTopicsRequest) {
	for i := range request.Topics {
		t := &request.Topics[i]
		policy := setting(t, "cleanup.policy")
		switch {
		case policy != "" && !strings.Contains(policy, "delete"):
			set(t, "retention.ms", unlimited)
			set(t, "retention.bytes", unlimited)
		case strings.Contains(policy, "compact"), setting(t, "retention.ms") == unlimited:
			if setting(t, "retention.bytes") == "" {
				set(t, "retention.bytes", unlimited)
			}
		}
	}
}

func setting(t *kmsg.CreateTopicsRequestTopic, name string) string {
	for _, c := range t.Configs {
		if c.Name == name && c.Value != nil {
			return *c.Value
		}
	}
	return ""
}

func set(t *kmsg.CreateTopicsRequestTopic, name, value string) {
	for i := range t.Configs {
		if t.Configs[i].Name == name {
			t.Configs[i].Value = &value
			return
		}
	}
	c := kmsg.NewCreateTopicsRequestTopicConfig()
	c.Name, c.Value = name, &value
	t.Configs = append(t.Configs, c)
}
