package client

import (
	"cmp"
	"time"

	"github.com/IBM/sarama"
)

// defaultClientID is used when Connection.ClientID is empty.
const defaultClientID = "tributary"

// Config builds a sarama configuration for consumers, consumer groups and transactional producers alike. It is a fresh
// one at each call, because goka's builders change the configuration they are given.
//
// What belongs to one client only is left to the caller: the transactional id, the partitioner, the balance strategy,
// the group instance id, and Producer.Return.Successes for a sarama.SyncProducer.
func (c Connection) Config() (*sarama.Config, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	s := sarama.NewConfig()
	// 3.0 is the oldest broker whose transactions check the group's generation on every path (KIP-447). Newer brokers
	// answer it too: each request is negotiated.
	s.Version = sarama.V3_0_0_0
	s.ClientID = c.ClientID
	if s.ClientID == "" {
		s.ClientID = defaultClientID
	}
	timeout := cmp.Or(c.Timeout, defaultTimeout)
	setNetwork(s, timeout)
	setConsumer(s)
	s.Consumer.Group.Rebalance.Timeout = timeout * 5 / 6 // below ReadTimeout: JoinGroup is answered only after it
	setProducer(s)
	if err := c.TLS.apply(s); err != nil {
		return nil, err
	}
	if err := c.SASL.apply(s); err != nil {
		return nil, err
	}
	return s, s.Validate()
}

func setNetwork(s *sarama.Config, timeout time.Duration) {
	s.Net.DialTimeout = min(5*time.Second, timeout)
	s.Net.ReadTimeout = timeout
	s.Net.WriteTimeout = timeout
	// 15 s: longer than the election of a new leader after a broker's death.
	s.Metadata.Retry.Max = 60
	s.Metadata.Retry.Backoff = 250 * time.Millisecond
	// Brokers that take connections and never answer would hold a refresh for ReadTimeout at each of the retries.
	s.Metadata.Timeout = 3 * timeout
	// A misspelt name is an error, not a new topic. Metadata.Full stays on: goka lists topics and brokers from it.
	s.Metadata.AllowAutoTopicCreation = false
}

func setConsumer(s *sarama.Config) {
	s.Consumer.IsolationLevel = sarama.ReadCommitted   // for records, and for offsets: it makes OffsetFetch wait for stable ones
	s.Consumer.Offsets.AutoCommit.Enable = false       // offsets are committed in the transaction only
	s.Consumer.Offsets.Initial = sarama.OffsetOldest   // a new group misses nothing
	s.Consumer.Offsets.Retry.Max = 120                 // UNSTABLE_OFFSET_COMMIT while another's transaction is open
	s.Consumer.Return.Errors = true                    // to be drained by whoever consumes
	s.Consumer.MaxWaitTime = 100 * time.Millisecond    // the longest a partition without data delays its broker's others
	s.Consumer.Group.Session.Timeout = 6 * time.Second // Kafka's default minimum
	s.Consumer.Group.Heartbeat.Interval = 1500 * time.Millisecond
}

func setProducer(s *sarama.Config) {
	s.Producer.Idempotent = true
	s.Producer.RequiredAcks = sarama.WaitForAll
	s.Net.MaxOpenRequests = 1 // an idempotent producer needs it
	s.Producer.Retry.Max = 300
	s.Producer.Retry.Backoff = 100 * time.Millisecond
	s.Producer.Flush.Frequency = 0 // otherwise CommitTxn waits for the timer
	s.Producer.Return.Successes = false
	s.Producer.Return.Errors = true
	s.Producer.MaxMessageBytes = 1 << 20
	s.Producer.Transaction.Timeout = 10 * time.Second // how long a dead instance holds readers back
	s.Producer.Transaction.Retry.Max = 600
	s.Producer.Transaction.Retry.BackoffFunc = transactionBackoff
}

// transactionBackoff grows from 2 to 100 ms: CONCURRENT_TRANSACTIONS right after a commit is over within a few.
func transactionBackoff(retries, _ int) time.Duration {
	return min(2*time.Millisecond<<min(retries, 6), 100*time.Millisecond)
}
