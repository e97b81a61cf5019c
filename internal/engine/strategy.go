package engine

import (
	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine/balance"
)

// newStrategy spreads partitions over instances so that few of them move; see package balance. It remembers
// what its instance had, so each consumer group has one of its own for all its lives.
func newStrategy(instance string) sarama.BalanceStrategy { return balance.New(instance) }
