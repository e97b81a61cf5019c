package txn

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
)

// Config says how a Writer reaches Kafka and how long it may take.
type Config struct {
	// Client returns a fresh sarama configuration: TLS, SASL, Version (2.8 or
	// newer), ClientID. It is called once per connection, because the Writer
	// puts its own dialer (around a configured proxy) into each.
	Client func() *sarama.Config

	// Brokers are the addresses to start from, host:port.
	Brokers []string

	// TransactionalID fences: of all writers with one id, the youngest lives.
	TransactionalID string

	// Group is the consumer group whose offsets are committed. "": none.
	Group string

	// TransactionTimeout is transaction.timeout.ms: after it, the coordinator
	// aborts what a dead writer left open, and readers go on. Default 10 s;
	// not above the broker's transaction.max.timeout.ms (15 min). A crashed
	// broker is replaced after about 10 s (broker.session.timeout.ms and an
	// election); a transaction that has to wait for that outlives it only
	// with a longer timeout, otherwise it ends with ErrFenced.
	TransactionTimeout time.Duration

	// StepTimeout bounds each step (one kind of request with all its retries;
	// of produce requests, one round). Default 30 s. A sixth of it is the
	// longest wait for a single answer, so that a broker that hangs leaves
	// time to find its successor.
	StepTimeout time.Duration

	// MaxBatchBytes is the size, before compression, from which a batch is
	// split; a single record may be larger. Default 900 KiB, which leaves
	// room below the brokers' default message.max.bytes.
	MaxBatchBytes int

	// Compression of record batches. Zero: none.
	Compression sarama.CompressionCodec

	// WithoutTransactions gives up what this package is for: records and
	// offsets are written one after the other, and a failure in between
	// leaves some of them, maybe twice. For records that may be there twice,
	// and to measure what transactions cost. The transactional id is then only
	// a name in errors and logs.
	WithoutTransactions bool

	// Logger receives retries (debug) and aborts. Nil: discard.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.TransactionTimeout <= 0 {
		c.TransactionTimeout = 10 * time.Second
	}
	if c.StepTimeout <= 0 {
		c.StepTimeout = 30 * time.Second
	}
	if c.MaxBatchBytes <= 0 {
		c.MaxBatchBytes = 900 << 10
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// validate returns all mistakes at once.
func (c Config) validate() error {
	var mistakes []error
	if c.TransactionalID == "" {
		mistakes = append(mistakes, errors.New("transactional id is empty"))
	}
	if len(c.Brokers) == 0 {
		mistakes = append(mistakes, errors.New("no broker address given"))
	}
	if c.Client == nil {
		mistakes = append(mistakes, errors.New("client configuration is nil"))
	} else if conf := c.Client(); !conf.Version.IsAtLeast(sarama.V2_8_0_0) {
		mistakes = append(mistakes, fmt.Errorf("client configuration is for Kafka %s; set Version to 2.8.0 or newer", conf.Version))
	} else if err := conf.Validate(); err != nil {
		mistakes = append(mistakes, fmt.Errorf("client configuration: %w", err))
	}
	return errors.Join(mistakes...)
}
