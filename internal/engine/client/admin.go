package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

const (
	// reachWithin bounds the first contact. It is short because it tells a wrong address from a right one.
	reachWithin = 9 * time.Second
	// patience bounds each later request with its retries: a leader's election or a broker's restart fits in.
	patience = 30 * time.Second
	// pause lies between two tries.
	pause = 100 * time.Millisecond
)

// Admin is an open connection for start-up and administrative work. Its methods may be called concurrently.
//
// Each method retries what passes by itself (a leader moves, a connection breaks) for up to 30 s or until the context
// ends, whichever is sooner. Requests under way are not interrupted by the context; they end by the network time-outs.
type Admin struct {
	connection Connection
	client     sarama.Client
}

// Open connects. It returns ErrUnreachable, naming the addresses, within 10 s if no broker answers; one that does is
// enough.
func Open(ctx context.Context, c Connection) (*Admin, error) {
	conf, err := c.Config()
	if err != nil {
		return nil, fmt.Errorf("connect to Kafka: %w", err)
	}
	conf.Net.DialTimeout = 2 * time.Second
	conf.Metadata.Timeout = 5 * time.Second
	// Config's 60 retries are for a running engine. Here retry does it, with fresh metadata each time.
	conf.Metadata.Retry.Max = 2
	client, err := dial(ctx, c, conf)
	if err != nil {
		return nil, err
	}
	return &Admin{connection: c, client: client}, nil
}

// Close ends the connection.
func (a *Admin) Close() error { return a.client.Close() }

// dial bounds sarama.NewClient, which knows no context. A client that comes too late is closed.
func dial(ctx context.Context, c Connection, conf *sarama.Config) (sarama.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, reachWithin, errors.New("time is up"))
	defer cancel()
	type result struct {
		client sarama.Client
		err    error
	}
	done := make(chan result)
	go func() {
		client, err := sarama.NewClient(c.Brokers, conf)
		select {
		case done <- result{client, err}:
		case <-ctx.Done():
			if err == nil {
				client.Close()
			}
		}
	}()
	var err error
	select {
	case r := <-done:
		if r.err == nil {
			return r.client, nil
		}
		err = r.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		return nil, fmt.Errorf("connect to Kafka at %s: the brokers refuse the user or the password: %w", c, err)
	}
	return nil, fmt.Errorf("connect to Kafka at %s: %w: check the addresses, TLS and SASL settings: %w", c, ErrUnreachable, err)
}

// retry calls f until it succeeds, fails for good, or time is up. Metadata is refreshed before each further try.
func (a *Admin) retry(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := f()
		if err == nil || !isPassing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (gave up: %w)", err, context.Cause(ctx))
		case <-time.After(pause):
		}
		// Its error does not matter: f finds out again, and says what it was about.
		_ = a.client.RefreshMetadata()
	}
}

// anyBroker calls f with one broker after the other until one answers.
func (a *Admin) anyBroker(f func(*sarama.Broker) error) error {
	brokers := a.client.Brokers()
	if len(brokers) == 0 {
		return sarama.ErrOutOfBrokers
	}
	var errs []error
	for _, b := range brokers {
		err := a.ask(b, f)
		if err == nil || !isTransport(err) {
			return err
		}
		errs = append(errs, fmt.Errorf("broker %s: %w", b.Addr(), err))
	}
	return errors.Join(errs...)
}

// ask calls f with a connected broker, and drops a connection that broke so that the next try opens a new one.
func (a *Admin) ask(b *sarama.Broker, f func(*sarama.Broker) error) error {
	_ = b.Open(a.client.Config()) // its only error is "already connected"; others show at the first request
	err := f(b)
	if err != nil && isTransport(err) {
		_ = b.Close()
	}
	return err
}
