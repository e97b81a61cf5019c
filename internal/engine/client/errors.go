package client

import (
	"errors"
	"io"
	"net"

	"github.com/IBM/sarama"
)

var (
	// ErrUnreachable is returned when none of the brokers answers.
	ErrUnreachable = errors.New("no broker answers")
	// ErrNoTopic is returned when a topic that is asked for does not exist.
	ErrNoTopic = errors.New("topic does not exist")
)

// passing are the broker's answers that another try may turn into a success: leaders and coordinators move, topics and
// transactions take a moment to become known everywhere.
var passing = []error{
	sarama.ErrNotLeaderForPartition, sarama.ErrLeaderNotAvailable, sarama.ErrReplicaNotAvailable,
	sarama.ErrUnknownTopicOrPartition, sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch,
	sarama.ErrOffsetNotAvailable, sarama.ErrKafkaStorageError, sarama.ErrRequestTimedOut,
	sarama.ErrNotController, sarama.ErrControllerNotAvailable, sarama.ErrNotCoordinatorForConsumer,
	sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrOffsetsLoadInProgress, sarama.ErrUnstableOffsetCommit,
	sarama.ErrNetworkException, sarama.ErrNotEnoughReplicas, sarama.ErrIncompleteResponse,
}

func isPassing(err error) bool {
	for _, p := range passing {
		if errors.Is(err, p) {
			return true
		}
	}
	return isTransport(err)
}

// isTransport tells a broken or refused connection from a broker's answer.
func isTransport(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, sarama.ErrNotConnected) ||
		errors.Is(err, sarama.ErrBrokerNotFound) || errors.Is(err, sarama.ErrOutOfBrokers)
}
