package brokers

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/tributary-go/tributary/integration/containers"
)

// imageVar names the image of Kafka. Any with the settings of apache/kafka will do.
const imageVar = "KAFKA_IMAGE"

// contained is a Kafka in containers of this process.
type contained struct {
	brokers []*containers.Container

	mu   sync.Mutex
	down map[int]bool
}

// startContained makes a cluster that lives until this process ends, however it ends.
func startContained(size int) (owned, []string, error) {
	network, err := containers.NewNetwork()
	if err != nil {
		return nil, nil, err
	}
	base, err := freePorts(size)
	if err != nil {
		return nil, nil, err
	}
	c := &contained{brokers: make([]*containers.Container, size), down: make(map[int]bool)}
	addrs, errs := make([]string, size), make(chan error, size)
	for i := range size { // side by side: the first is not ready before the others vote
		addrs[i] = "127.0.0.1:" + strconv.Itoa(base+i)
		go func() {
			var err error
			c.brokers[i], err = containers.Start(containers.Spec{
				Image: cmp.Or(os.Getenv(imageVar), "apache/kafka:4.1.1"), Env: settings(i+1, size, addrs[i]), Port: hostPort, HostPort: base + i,
				Network: network, Alias: alias(i + 1), Started: "Kafka Server started",
			})
			errs <- err
		}()
	}
	for range size {
		err = errors.Join(err, <-errs)
	}
	return c, addrs, err
}

// hostPort is where a broker listens for clients outside of its network.
const hostPort = 9092

func alias(id int) string { return fmt.Sprintf("kafka-%d", id) }

// settings are those of kafka-local.sh, as variables of the image.
func settings(id, size int, address string) map[string]string {
	var voters []string
	for i := range size {
		voters = append(voters, fmt.Sprintf("%d@%s:9093", i+1, alias(i+1)))
	}
	env := map[string]string{
		"CLUSTER_ID":                             "a2Fma2EtbG9jYWwtY2x1cw",
		"KAFKA_NODE_ID":                          strconv.Itoa(id),
		"KAFKA_PROCESS_ROLES":                    "broker,controller",
		"KAFKA_CONTROLLER_QUORUM_VOTERS":         strings.Join(voters, ","),
		"KAFKA_LISTENERS":                        fmt.Sprintf("CLIENT://:%d,INSIDE://:29092,CONTROLLER://:9093", hostPort),
		"KAFKA_ADVERTISED_LISTENERS":             fmt.Sprintf("CLIENT://%s,INSIDE://%s:29092", address, alias(id)),
		"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":   "CLIENT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"KAFKA_INTER_BROKER_LISTENER_NAME":       "INSIDE",
		"KAFKA_CONTROLLER_LISTENER_NAMES":        "CONTROLLER",
		"KAFKA_LOG_DIRS":                         "/var/lib/kafka/data",
		"KAFKA_HEAP_OPTS":                        "-Xms128m -Xmx512m",
		"KAFKA_AUTO_CREATE_TOPICS_ENABLE":        "false",
		"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
		"KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS":     "1000",
		"KAFKA_LOG_RETENTION_MS":                 "-1",
		// A broker that was killed can come back when its session has ended.
		"KAFKA_BROKER_SESSION_TIMEOUT_MS":      "3000",
		"KAFKA_BROKER_HEARTBEAT_INTERVAL_MS":   "500",
		"KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE": "16777216",
		"KAFKA_LOG_INDEX_SIZE_MAX_BYTES":       "2097152",
		"KAFKA_NUM_NETWORK_THREADS":            "2",
		"KAFKA_NUM_IO_THREADS":                 "4",
	}
	maps.Copy(env, replication(size))
	return env
}

func replication(size int) map[string]string {
	replicas, inSync := strconv.Itoa(size), "1"
	if size > 1 {
		inSync = "2"
	}
	return map[string]string{
		"KAFKA_DEFAULT_REPLICATION_FACTOR":                       replicas,
		"KAFKA_MIN_INSYNC_REPLICAS":                              inSync,
		"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR":                 replicas,
		"KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS":                     "6",
		"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR":         replicas,
		"KAFKA_TRANSACTION_STATE_LOG_MIN_ISR":                    inSync,
		"KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS":             "6",
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": replicas,
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR":            inSync,
		"KAFKA_SHARE_COORDINATOR_STATE_TOPIC_NUM_PARTITIONS":     "3",
	}
}

func (c *contained) kill(id int) error {
	err := c.brokers[id-1].Kill()
	if err == nil {
		c.setDown(id, true)
	}
	return err
}

func (c *contained) restart(id int) error {
	err := c.brokers[id-1].Restart()
	if err == nil {
		c.setDown(id, false)
	}
	return err
}

func (c *contained) setDown(id int, down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down[id] = down
}

func (c *contained) isDown(id int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down[id]
}
