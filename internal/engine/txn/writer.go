package txn

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// abortTimeout bounds the courtesy of aborting a failed transaction; the next
// Writer or the coordinator does it otherwise.
const abortTimeout = time.Second

// Writer writes transactions, one after the other, as one transactional
// producer. Its methods are safe for concurrent use; Commits wait for each
// other.
type Writer struct {
	config  Config
	cluster *cluster

	life context.Context // ends with Close
	end  context.CancelCauseFunc
	busy chan struct{} // holds one token during Commit and Close

	// Owned by who holds the token.
	failed       error // why the writer is dead
	producer     producer
	sequences    map[TopicPartition]int32 // of the next record
	coordinators map[sarama.CoordinatorType]endpoint
	strays       bool // a control request may still arrive late, see renew
}

// producer is the broker's name for a transactional id's current owner.
type producer struct {
	id    int64
	epoch int16
}

// New finds the coordinators and takes over the transactional id: what its
// predecessor left open is aborted, and whatever that one still sends is
// refused. Each of the two steps ends within StepTimeout.
//
// The group's coordinator is asked for first, because that makes a brand-new
// cluster create __consumer_offsets while it creates __transaction_state.
func New(ctx context.Context, c Config) (*Writer, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("transactions of %q: %w", c.TransactionalID, err)
	}
	c = c.withDefaults()
	w := &Writer{
		config:       c,
		cluster:      newCluster(c),
		busy:         make(chan struct{}, 1),
		producer:     nobody,
		sequences:    map[TopicPartition]int32{},
		coordinators: map[sarama.CoordinatorType]endpoint{},
	}
	w.life, w.end = context.WithCancelCause(context.Background())
	if err := w.start(ctx); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("transactions of %q: %w", c.TransactionalID, err)
	}
	if c.WithoutTransactions {
		return w, nil
	}
	c.Logger.Info("transactional producer started", "transactional_id", c.TransactionalID,
		"producer", w.producer.id, "epoch", w.producer.epoch)
	return w, nil
}

func (w *Writer) start(ctx context.Context) error {
	if w.config.Group != "" {
		find := func(ctx context.Context) error {
			_, err := w.coordinator(ctx, sarama.CoordinatorGroup)
			return err
		}
		if err := w.step(ctx, "start", find); err != nil {
			return err
		}
	}
	if w.config.WithoutTransactions {
		return nil
	}
	return w.initProducer(ctx)
}

// Commit makes the transaction visible as a whole and sets Last of its
// batches. An empty one is done without asking anybody.
//
// A mistake in the transaction itself is returned before anything is sent. Any
// other error is the writer's last: it tries to abort, and further Commits
// fail at once. Then the transaction is not visible, except if the error is
// about EndTxn: that one may have been carried out although its answer was
// lost. In either case a new Writer decides it, and what is committed tells.
//
// Commit ends within StepTimeout for each of its steps and within a moment of
// the end of ctx, whatever the brokers do.
func (w *Writer) Commit(ctx context.Context, t *Transaction) error {
	if err := w.commit(ctx, t); err != nil {
		return fmt.Errorf("transaction of %q: %w", w.config.TransactionalID, err)
	}
	return nil
}

func (w *Writer) commit(ctx context.Context, t *Transaction) error {
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.release()
	if w.failed != nil {
		return fmt.Errorf("the writer failed before: %w", w.failed)
	}
	if err := t.check(w.config.Group); err != nil {
		return err
	}
	if t.empty() {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.life, func() { cancel(errClosed) })()

	if w.config.WithoutTransactions {
		w.failed = w.plain(ctx, t)
		return w.failed
	}
	if w.failed = w.prepare(ctx, t); w.failed != nil {
		w.abort(ctx)
		return w.failed
	}
	w.failed = w.endTxn(ctx, true)
	return w.failed
}

// prepare does all but the decision.
func (w *Writer) prepare(ctx context.Context, t *Transaction) error {
	if err := w.renew(ctx); err != nil {
		return err
	}
	if err := w.addPartitions(ctx, t.partitions()); err != nil {
		return err
	}
	if len(t.Offsets) == 0 {
		return w.produce(ctx, t.Batches)
	}
	if err := w.addOffsets(ctx); err != nil {
		return err
	}
	if err := w.produce(ctx, t.Batches); err != nil {
		return err
	}
	return w.commitOffsets(ctx, t.Member, t.positions())
}

// abort ends the failed transaction, so that readers need not wait for the
// coordinator to do it. It goes on after the end of ctx, for a moment.
func (w *Writer) abort(ctx context.Context) {
	if producerFenced(w.failed) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(abortTimeout, w.config.StepTimeout))
	defer cancel()
	err := w.endTxn(ctx, false)
	if err != nil && !producerFenced(err) { // fenced: nothing was open
		w.config.Logger.Warn("transaction not aborted; its successor or transaction.timeout.ms will do it",
			"transactional_id", w.config.TransactionalID, "error", err)
	}
}

// Close ends a Commit in progress, which then returns an error, and closes the
// connections. It may be called more than once.
func (w *Writer) Close() error {
	w.end(errClosed)
	w.busy <- struct{}{} // a Commit ends soon after life did
	defer w.release()
	w.cluster.close()
	return nil
}

func (w *Writer) take(ctx context.Context) error {
	select {
	case w.busy <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if w.life.Err() != nil {
		w.release()
		return errClosed
	}
	return nil
}

func (w *Writer) release() { <-w.busy }
