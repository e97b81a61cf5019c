package txn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// ErrFenced is wrapped in errors of Commit when a broker says that this writer
// is no longer the one: a younger writer has its transactional id, the
// coordinator gave up on its transaction (transaction.timeout.ms), or its
// member is not in the group's current generation.
var ErrFenced = errors.New("fenced: another instance has taken over, or the transaction timed out")

// errClosed ends a Commit during Close, and is returned by one after it.
var errClosed = errors.New("writer is closed")

// stepTimeout is the cause of a step's end by the watchdog.
type stepTimeout time.Duration

func (t stepTimeout) Error() string {
	return fmt.Sprintf("not done within %v", time.Duration(t))
}

// unanswered is a request of which it is unknown whether the broker applied
// it, or will: the connection failed or the answer took too long.
type unanswered struct {
	address string
	cause   error
}

func (e *unanswered) Error() string {
	return fmt.Sprintf("no answer from broker %s: %v", e.address, e.cause)
}

func (e *unanswered) Unwrap() error { return e.cause }

func isUnanswered(err error) bool {
	_, yes := errors.AsType[*unanswered](err)
	return yes
}

// verdict turns a broker's error code into an error, nil for none.
func verdict(code sarama.KError) error {
	switch {
	case code == sarama.ErrNoError:
		return nil
	case producerFenced(code), memberFenced(code):
		return fenced(code)
	}
	return code
}

// fenced is a broker's code that means ErrFenced.
type fenced sarama.KError

func (f fenced) Error() string {
	reason := sarama.KError(f).Error()
	if sarama.KError(f) == sarama.ErrProducerFenced { // sarama has no text for it
		reason = "kafka server: there is a newer producer with the same transactional id (PRODUCER_FENCED)"
	}
	return fmt.Sprintf("%v: %s", ErrFenced, reason)
}

func (f fenced) Unwrap() []error { return []error{ErrFenced, sarama.KError(f)} }

// producerFenced reports whether the transaction is out of this writer's
// hands, so that it need not and cannot abort it.
func producerFenced(err error) bool {
	code, _ := errors.AsType[sarama.KError](err)
	switch code {
	case sarama.ErrProducerFenced,
		sarama.ErrInvalidProducerEpoch,
		sarama.ErrInvalidTxnState,
		sarama.ErrInvalidProducerIDMapping:
		return true
	}
	return false
}

// memberFenced reports whether the group refuses the member; the transaction
// is still this writer's.
func memberFenced(err error) bool {
	code, _ := errors.AsType[sarama.KError](err)
	switch code {
	case sarama.ErrIllegalGeneration,
		sarama.ErrUnknownMemberId,
		sarama.ErrFencedInstancedId:
		return true
	}
	return false
}

// coordinatorMoved reports whether the coordinator must be looked up again.
func coordinatorMoved(err error) bool {
	code, _ := errors.AsType[sarama.KError](err)
	switch code {
	case sarama.ErrNotCoordinatorForConsumer,
		sarama.ErrConsumerCoordinatorNotAvailable,
		sarama.ErrOffsetsLoadInProgress:
		return true
	}
	return isUnanswered(err)
}

// retriable reports whether the same request may succeed a little later. All
// requests of a transaction may be sent twice: produce requests because of
// their sequences, the others because they say what shall be, not what to add.
func retriable(err error) bool {
	code, _ := errors.AsType[sarama.KError](err)
	switch code {
	case sarama.ErrConcurrentTransactions, // the previous transaction's markers are being written
		sarama.ErrUnknownTopicOrPartition, // new topics are not known to all brokers at once
		sarama.ErrLeaderNotAvailable,
		sarama.ErrNotLeaderForPartition,
		sarama.ErrReplicaNotAvailable,
		sarama.ErrFencedLeaderEpoch,
		sarama.ErrUnknownLeaderEpoch,
		sarama.ErrNotEnoughReplicas,
		sarama.ErrNotEnoughReplicasAfterAppend,
		sarama.ErrKafkaStorageError,
		sarama.ErrBrokerNotAvailable,
		sarama.ErrNetworkException,
		sarama.ErrRequestTimedOut:
		return true
	}
	return coordinatorMoved(err) || errors.Is(err, sarama.ErrIncompleteResponse)
}

// permanent reports whether a failed round trip will fail again: what can't be
// encoded, is not supported or not permitted.
func permanent(err error) bool {
	if _, yes := errors.AsType[sarama.PacketEncodingError](err); yes {
		return true
	}
	if _, yes := errors.AsType[sarama.ConfigurationError](err); yes {
		return true
	}
	if _, yes := errors.AsType[*tls.CertificateVerificationError](err); yes {
		return true
	}
	_, yes := errors.AsType[sarama.KError](err) // sarama's own: authentication, versions
	return yes
}

// graver returns the error that decides about a step: one that ends it before
// one that can be retried.
func graver(a, b error) error {
	if a == nil || (b != nil && retriable(a) && !retriable(b)) {
		return b
	}
	return a
}
