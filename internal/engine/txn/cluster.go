package txn

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// role separates connections by what waits on them, because a broker answers
// the requests of one connection in order: an abort must not queue behind a
// produce request that hangs, nor a look-up behind either.
type role int8

const (
	lookup  role = iota // metadata and FindCoordinator
	control             // the coordinators
	data                // produce
)

// endpoint is a connection's key: one role at one address.
type endpoint struct {
	role    role
	address string
}

// cluster is what the writer knows of Kafka: who the brokers are, who leads
// which partition, and the open connections.
//
// It takes the place of sarama.Client, which holds its lock while it waits for
// a broker's, retries below the watchdog, and on a brand-new cluster waits for
// __consumer_offsets although it asked for a transaction's coordinator.
type cluster struct {
	config   func() *sarama.Config
	version  sarama.KafkaVersion
	seeds    []string
	patience time.Duration // for one answer

	// Used by the writer's one goroutine.
	addresses map[int32]string // of brokers by id, from metadata
	leaders   map[TopicPartition]int32
	turn      int // which address the next look-up asks

	mu      sync.Mutex // requests to several brokers run at once
	open    map[endpoint]*connection
	closing sync.WaitGroup
}

func newCluster(c Config) *cluster {
	return &cluster{
		config:    c.Client,
		version:   c.Client().Version,
		seeds:     c.Brokers,
		patience:  c.StepTimeout / 6,
		addresses: map[int32]string{},
		leaders:   map[TopicPartition]int32{},
		open:      map[endpoint]*connection{},
	}
}

// ask sends one request over the endpoint's connection, opening it if needed.
// A failed one is dropped; its error is *unanswered unless it is permanent.
func ask[A any](ctx context.Context, c *cluster, at endpoint, send func(*sarama.Broker) (A, error)) (A, error) {
	var none A
	conn, err := c.connection(at)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience, stepTimeout(c.patience))
	defer cancel()
	answer, err := roundTrip(ctx, conn, send)
	if err == nil {
		return answer, nil
	}
	c.drop(at, conn)
	if permanent(err) {
		return none, fmt.Errorf("broker %s: %w", at.address, err)
	}
	return none, &unanswered{at.address, err}
}

func (c *cluster) connection(at endpoint) (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn := c.open[at]; conn != nil {
		return conn, nil
	}
	conn, err := connect(at.address, c.config())
	if err != nil {
		return nil, fmt.Errorf("broker %s: %w", at.address, err)
	}
	c.open[at] = conn
	return conn, nil
}

// drop closes a connection in the background; see roundTrip for what close may
// have to wait for.
func (c *cluster) drop(at endpoint, conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[at] == conn {
		delete(c.open, at)
	}
	conn.cut()
	c.closing.Go(conn.close)
}

// close drops all connections and waits for their ends, but not for ever.
func (c *cluster) close() {
	for at, conn := range c.open {
		c.drop(at, conn)
	}
	closed := make(chan struct{})
	go func() {
		c.closing.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(grace):
	}
}

// consult asks any broker. The next look-up asks another one if this fails.
func consult[A any](ctx context.Context, c *cluster, send func(*sarama.Broker) (A, error)) (A, error) {
	candidates := slices.Sorted(maps.Values(c.addresses))
	candidates = append(candidates, c.seeds...)
	answer, err := ask(ctx, c, endpoint{lookup, candidates[c.turn%len(candidates)]}, send)
	if err != nil {
		c.turn++
	}
	return answer, err
}

// findCoordinator returns the address of the broker that coordinates a group
// or a transactional id.
func (c *cluster) findCoordinator(ctx context.Context, kind sarama.CoordinatorType, key string) (string, error) {
	found, err := consult(ctx, c, func(b *sarama.Broker) (*sarama.FindCoordinatorResponse, error) {
		return b.FindCoordinator(&sarama.FindCoordinatorRequest{Version: 3, CoordinatorKey: key, CoordinatorType: kind})
	})
	if err != nil {
		return "", err
	}
	if found.Err != sarama.ErrNoError {
		return "", found.Err
	}
	return found.Coordinator.Addr(), nil
}

// leader returns where to produce to; false if it must be looked up.
func (c *cluster) leader(of TopicPartition) (endpoint, bool) {
	id, known := c.leaders[of]
	address, live := c.addresses[id]
	return endpoint{data, address}, known && live
}

// findLeaders asks for the leaders of topics' partitions. Those that have none
// stay unknown. Topics are never created by it.
func (c *cluster) findLeaders(ctx context.Context, topics []string) error {
	metadata, err := consult(ctx, c, func(b *sarama.Broker) (*sarama.MetadataResponse, error) {
		return b.GetMetadata(sarama.NewMetadataRequest(c.version, topics))
	})
	if err != nil {
		return err
	}
	if len(metadata.Brokers) > 0 { // a broker that is starting may know none
		clear(c.addresses)
	}
	for _, b := range metadata.Brokers {
		c.addresses[b.ID()] = b.Addr()
	}
	for _, topic := range metadata.Topics {
		if topic.Err != sarama.ErrNoError && !retriable(topic.Err) {
			return fmt.Errorf("topic %s: %w", topic.Name, topic.Err)
		}
		for _, p := range topic.Partitions {
			if p.Leader >= 0 {
				c.leaders[TopicPartition{topic.Name, p.ID}] = p.Leader
			}
		}
	}
	return nil
}
