package engine_test

import (
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
)

func TestRecoveryIsMeasuredWhereThereIsAnything(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	s.produce(2000)
	run := func() (bytes float64) {
		cfg := config(t, c)
		r := s.run(cfg)
		r.drain()
		defer r.stop()
		waitFor(t, "a recovery", func() bool { return metric(t, cfg.Metrics, "tributary_recovery_seconds", s.group) > 0 })
		return metric(t, cfg.Metrics, "tributary_recovery_bytes", s.group)
	}
	if n := run(); n != 0 {
		t.Errorf("%v bytes were recovered before anything was written", n)
	}
	if n := run(); n < users { // the state directory is another one
		t.Errorf("only %v bytes were recovered", n)
	}
}

// What a benchmark takes transactions away from must do the same work.
func TestWithoutTransactionsAndFailuresTheResultIsTheSame(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	for range 2 {
		s.produce(2000)
		r := s.run(config(t, c, func(cfg *engine.Config) { cfg.Controls.WithoutTransactions = true }))
		r.drain()
		r.stop()
	}
	s.check()
}
