package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// consumerGroup wraps sarama's for three things: to stay in the group over rebalances, where goka would
// sleep 5 s; to see sessions begin and end; and to hand whole fetched batches through goka.
type consumerGroup struct {
	sarama.ConsumerGroup
	life *life
}

// patience is how long Consume may fail before the life ends: a broker's restart fits in.
const patience = 60 * time.Second

// Consume implements sarama.ConsumerGroup. It goes on over rebalances until the life ends.
func (g *consumerGroup) Consume(ctx context.Context, topics []string, h sarama.ConsumerGroupHandler) error {
	well := time.Now() // when a session ended last that had begun
	for {
		x := &handler{goka: h, life: g.life}
		err := g.ConsumerGroup.Consume(ctx, topics, x)
		g.life.group.ready.Store(false)
		if errors.Is(err, sarama.ErrFencedInstancedId) {
			g.life.fail(g.life.takenOver())
		}
		if ctx.Err() != nil || g.life.failed() || errors.Is(err, sarama.ErrClosedConsumerGroup) {
			return nil
		}
		if x.begun {
			well = time.Now()
		}
		if err == nil {
			continue
		}
		err = explained(err)
		if time.Since(well) > patience {
			return err
		}
		g.life.group.e.cfg.Log.Info("joining the consumer group failed, trying again", "group", g.life.group.plan.Name, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// explained adds what to do about an error to a broker's answer that does not tell.
func explained(err error) error {
	if errors.Is(err, sarama.ErrUnstableOffsetCommit) {
		return fmt.Errorf("a transaction that has not ended holds the group's offsets; if it still does after a minute, "+
			"a broker has lost its end (see Versions of Kafka in docs/operations.md): %w", err)
	}
	return err
}

// handler sees a session before and after goka does.
type handler struct {
	goka  sarama.ConsumerGroupHandler
	life  *life
	begun bool
}

// Setup implements sarama.ConsumerGroupHandler. The session's stable offsets have been fetched before it is
// called: what goka recovers in it lies at or behind them.
func (h *handler) Setup(s sarama.ConsumerGroupSession) error {
	h.begun = true
	l := h.life
	err := l.begin(s)
	if err == nil {
		err = h.goka.Setup(unmarked{s})
	}
	if err == nil && l.group.plan.Table == nil {
		err = l.startStateless(s)
	}
	if s.Context().Err() != nil {
		return err // over before it began; goka calls a recovery that was cut short a success
	}
	if err != nil {
		err = fmt.Errorf("take over partitions: %w", err)
		l.fail(err)
		return err
	}
	l.group.ready.Store(!l.failed())
	return nil
}

// Cleanup implements sarama.ConsumerGroupHandler: the last commit of the session, before goka closes the
// stores and the partitions go to somebody else.
func (h *handler) Cleanup(s sarama.ConsumerGroupSession) error {
	l := h.life
	l.group.ready.Store(false)
	if errors.Is(context.Cause(s.Context()), sarama.ErrFencedInstancedId) {
		l.fail(l.takenOver())
	}
	if _, err := l.commit(true); err != nil {
		l.fail(fmt.Errorf("last commit of generation %d: %w", s.GenerationID(), err))
	}
	l.end()
	return h.goka.Cleanup(unmarked{s})
}

// ConsumeClaim implements sarama.ConsumerGroupHandler.
func (h *handler) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	if err := h.life.claimed(c.Topic(), c.Partition(), c.InitialOffset()); err != nil {
		h.life.fail(err)
		return err
	}
	b := &batchedClaim{ConsumerGroupClaim: c, out: make(chan *sarama.ConsumerMessage)}
	if w := h.life.worker(c.Partition()); w != nil {
		b.gate = w.gateOf(c.Topic())
	}
	go b.collect(s.Context(), &h.life.batches)
	return h.goka.ConsumeClaim(unmarked{s}, b)
}

// unmarked keeps goka from marking offsets: ours go with the transaction.
type unmarked struct{ sarama.ConsumerGroupSession }

func (unmarked) MarkOffset(string, int32, int64, string)     {}
func (unmarked) ResetOffset(string, int32, int64, string)    {}
func (unmarked) MarkMessage(*sarama.ConsumerMessage, string) {}
func (unmarked) Commit()                                     {}
