// Package embedded runs a Kafka broker inside the process, for tests and for the demo.
//
// It speaks Kafka's protocol with transactions, fencing, read_committed and consumer groups, so that everything above
// it is the code that runs in production. It keeps records in memory only, on purpose: durability is what Kafka is
// there for, and an emulation that stores files loses the order of partial commits when its process is killed. Whoever
// needs records to outlive the process runs Kafka.
package embedded

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	defaultPartitions = 4
	defaultMaxBytes   = 64 << 20
	// segmentBytes is small because memory is freed by whole segments.
	segmentBytes = 4 << 20
	// never is the interval of the emulation's own cleaner. Its compaction ignores open transactions and may drop the
	// last committed value of a key, so it must not run; the changelogs of a demo stay whole instead.
	never = 10 * 365 * 24 * time.Hour
	// retainEvery is how often old records are dropped.
	retainEvery = time.Second
)

// Options of a broker. The zero value is a broker on any free port.
type Options struct {
	// Port on 127.0.0.1. 0: any free one.
	Port int
	// Partitions of a topic that is created without a number. 0: 4.
	Partitions int32
	// MaxBytesPerPartition bounds the memory of a partition: above it the oldest records go. 0: 64 MiB. It does not
	// apply to topics that are compacted (their records are state), that set retention.bytes themselves, or that ask to
	// be kept for ever with retention.ms=-1 (their owner deletes what was consumed).
	MaxBytesPerPartition int64
	// Topics to create at once, with their partitions (0: Partitions).
	Topics map[string]int32
}

// Broker is one running broker. Its methods may be called concurrently.
type Broker struct {
	cluster *kfake.Cluster
	addrs   []string
	close   sync.Once
	stop    chan struct{}
	stopped sync.WaitGroup
}

// Start runs a broker until Close. It can be used when Start returns.
func Start(o Options) (*Broker, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(o.clusterOptions()...)
	if err != nil {
		return nil, fmt.Errorf("start the embedded broker on port %d: %w", o.Port, err)
	}
	cluster.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		setRetention(r.(*kmsg.CreateTopicsRequest))
		return nil, nil, false
	})
	b := &Broker{cluster: cluster, addrs: cluster.ListenAddrs(), stop: make(chan struct{})}
	if err := b.create(o.Topics); err != nil {
		cluster.Close()
		return nil, err
	}
	b.stopped.Go(b.retain)
	return b, nil
}

// Addrs are the addresses to connect to, host:port.
func (b *Broker) Addrs() []string { return slices.Clone(b.addrs) }

// Close stops the broker and forgets all records. Connections are cut. Further calls do nothing.
func (b *Broker) Close() {
	b.close.Do(func() {
		close(b.stop)
		b.stopped.Wait() // before the cluster: a closed one would not answer
		b.cluster.Close()
	})
}

func (o Options) withDefaults() (Options, error) {
	if o.Port < 0 || o.Port > 65535 || o.Partitions < 0 || o.MaxBytesPerPartition < 0 {
		return o, errors.New("start the embedded broker: port, partitions and bytes cannot be negative, and a port is at most 65535")
	}
	if o.Partitions == 0 {
		o.Partitions = defaultPartitions
	}
	if o.MaxBytesPerPartition == 0 {
		o.MaxBytesPerPartition = defaultMaxBytes
	}
	return o, nil
}

func (o Options) clusterOptions() []kfake.Opt {
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.DefaultNumPartitions(int(o.Partitions)),
		kfake.GroupMinSessionTimeout(time.Second),
		kfake.BrokerConfigs(map[string]string{
			"log.segment.bytes":      strconv.Itoa(int(min(segmentBytes, max(o.MaxBytesPerPartition/4, 1)))),
			"log.retention.bytes":    strconv.FormatInt(o.MaxBytesPerPartition, 10),
			"log.cleaner.backoff.ms": strconv.FormatInt(never.Milliseconds(), 10),
		}),
	}
	if o.Port != 0 {
		options = append(options, kfake.Ports(o.Port))
	}
	return options
}

func (b *Broker) create(topics map[string]int32) error {
	for name, partitions := range topics {
		if err := b.cluster.CreateTopic(name, partitions, nil); err != nil {
			return fmt.Errorf("create topic %s on the embedded broker: %w", name, err)
		}
	}
	return nil
}

// retain drops old records until the broker is closed.
func (b *Broker) retain() {
	ticker := time.NewTicker(retainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.cluster.ApplyRetention()
		}
	}
}
