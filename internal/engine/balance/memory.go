package balance

import (
	"encoding/json"
	"fmt"

	"github.com/IBM/sarama"
)

const (
	// memoryVersion is written into the user data. A leader takes another version for no memory.
	memoryVersion = 1
	// noGeneration is older than any that a broker gives.
	noGeneration = int32(-1)
)

// memory is what a member tells the leader when it joins. It is text, so that Kafka's tools show it legibly.
type memory struct {
	Version    int     `json:"v"`
	Instance   string  `json:"instance,omitempty"`
	Generation int32   `json:"generation"` // in which it got the partitions
	Partitions []int32 `json:"partitions,omitempty"`
}

func (m memory) encode() ([]byte, error) {
	m.Version = memoryVersion
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the memory of instance %s: %w", m.Instance, err)
	}
	return data, nil
}

func decode(data []byte) (memory, bool) {
	var m memory
	if len(data) == 0 || json.Unmarshal(data, &m) != nil || m.Version != memoryVersion {
		return memory{Generation: noGeneration}, false
	}
	return m, true
}

// claimants are the members as the plan sees them.
func claimants(members map[string]sarama.ConsumerGroupMemberMetadata) []claimant {
	all := make([]claimant, 0, len(members))
	for id, meta := range members {
		m, _ := decode(meta.UserData)
		name := m.Instance
		if name == "" {
			name = id
		}
		all = append(all, claimant{id: id, name: name, generation: m.Generation, had: m.Partitions})
	}
	return all
}
