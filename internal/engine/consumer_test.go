package engine_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
)

// text is a log that is read while it is written.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) contains(s string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.Contains(x.b.String(), s)
}

func TestAGroupWhoseOffsetsStayOpenSaysWhereToReadAndGoesOnAfterwards(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a minute")
	}
	c := brokers.Embedded(t)
	s := newSums(t, c)
	s.produce(100)
	c.CreateTopic(t, s.name+"-other", 1, nil)
	open := c.Begin(t)
	open.Produce(t, s.name+"-other", brokers.Record{})
	open.CommitOffset(t, s.group, s.in, 0, 1)

	log := &text{}
	r := s.run(config(t, c, func(cfg *engine.Config) { cfg.Log = slog.New(slog.NewTextHandler(log, nil)) }))
	waitFor(t, "what to do", func() bool { return log.contains("docs/operations.md") })
	open.Abort(t)
	r.drain()
	s.check()
}
