// Package brokers gives tests a Kafka to run against: one inside the process, one started from a script or in
// containers, or one that the environment names.
//
// Records are written and read with franz-go, which shares no client code with the product: a mistake in one does not
// hide in the other.
package brokers

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/internal/embedded"
)

const (
	// addressesVar names running brokers, host:port, separated by commas.
	addressesVar = "TRIBUTARY_BROKERS"
	// kafkaVar is "local" (one broker) or "local3" (three) to start Kafka on this machine, "containers" or "containers3"
	// to start it in Docker.
	kafkaVar = "TRIBUTARY_KAFKA"
	// patience bounds everything a test asks of the brokers.
	patience = time.Minute
)

// Cluster is a Kafka that a test may use. Its topics outlive the test when the cluster does: see Unique.
type Cluster struct {
	addrs []string
	owned owned // nil unless this process started it
}

// owned is a cluster whose brokers this process may kill. They have numbers from 1 on.
type owned interface {
	kill(id int) error
	restart(id int) error
	isDown(id int) bool
}

// kinds are the values of kafkaVar.
var kinds = map[string]struct {
	size  int
	start func(size int) (owned, []string, error)
}{
	"local": {1, startLocal}, "local3": {3, startLocal}, "containers": {1, startContained}, "containers3": {3, startContained},
}

// Brokers are the bootstrap addresses.
func (c Cluster) Brokers() []string { return slices.Clone(c.addrs) }

// At is the cluster that has these brokers.
func At(addrs ...string) Cluster { return Cluster{addrs: slices.Clone(addrs)} }

// Embedded starts a broker of the test's own, inside the process. It ends with the test.
func Embedded(t testing.TB) Cluster {
	t.Helper()
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return Cluster{addrs: b.Addrs()}
}

// Real is the Kafka that the environment asks for, shared by all tests of the process. Without one the test is skipped.
func Real(t testing.TB) Cluster {
	t.Helper()
	if list := os.Getenv(addressesVar); list != "" {
		return Cluster{addrs: strings.Split(list, ",")}
	}
	kind, asked := kinds[os.Getenv(kafkaVar)]
	if !asked {
		t.Skipf("no Kafka: set %s=local (needs Java 17) or containers (needs Docker; local3, containers3 for three brokers) or %s=host:port,...",
			kafkaVar, addressesVar)
	}
	started.once.Do(func() { started.cluster.owned, started.cluster.addrs, started.err = kind.start(kind.size) })
	if started.err != nil {
		t.Fatalf("start Kafka: %v", started.err)
	}
	return started.cluster
}

// started is the process's one cluster: a start takes seconds, so all tests share it.
var started struct {
	once    sync.Once
	cluster Cluster
	err     error
}

// IDs are the brokers that Kill and Restart can be asked for. Empty if this process did not start them.
func (c Cluster) IDs() []int {
	if c.owned == nil {
		return nil
	}
	ids := make([]int, len(c.addrs))
	for i := range ids {
		ids[i] = i + 1
	}
	return ids
}

// Kill ends a broker with SIGKILL. Unless the test restarts it, its cleanup does: other tests use it too. The test is
// skipped if this process did not start the cluster.
func (c Cluster) Kill(t testing.TB, id int) {
	t.Helper()
	c.needOwned(t)
	t.Cleanup(func() {
		if c.owned.isDown(id) {
			c.Restart(t, id)
		}
	})
	if err := c.owned.kill(id); err != nil {
		t.Fatalf("kill broker %d: %v", id, err)
	}
}

// Restart starts a broker again, stopping it first if it runs. It accepts clients when Restart returns.
func (c Cluster) Restart(t testing.TB, id int) {
	t.Helper()
	c.needOwned(t)
	if err := c.owned.restart(id); err != nil {
		t.Fatalf("restart broker %d: %v", id, err)
	}
}

// Hop is a way to a broker on which a test may put a proxy. Clients that come that way are told of no other.
type Hop struct {
	Proxy  string // where the proxy listens; clients' bootstrap address
	Broker string // where it finds the broker
}

// Hops are those of all brokers, in the order of IDs. Nil: clients of this cluster can't be brought behind a proxy.
func (c Cluster) Hops() []Hop {
	if l, ok := c.owned.(*local); ok {
		return l.hops()
	}
	return nil
}

func (c Cluster) needOwned(t testing.TB) {
	t.Helper()
	if c.owned == nil {
		t.Skipf("this test kills brokers, so it needs %s=local, local3, containers or containers3", kafkaVar)
	}
}

// Unique makes a name that no other test uses, now or in an earlier run.
func Unique(t testing.TB, name string) string {
	t.Helper()
	b := make([]byte, 4)
	rand.Read(b) // never fails
	return name + "-" + hex.EncodeToString(b)
}

// client is a franz-go client that ends with the test.
func (c Cluster) client(t testing.TB, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := Client(c.addrs, options...)
	if err != nil {
		t.Fatal(fmt.Errorf("connect to %s: %w", strings.Join(c.addrs, ","), err))
	}
	t.Cleanup(client.Close)
	return client
}

// Client is a franz-go client that survives the restart of a broker wherever it meets it.
func Client(addrs []string, options ...kgo.Opt) (*kgo.Client, error) {
	// A connection that ends before its first answer is taken for a refusal otherwise (SASL is missing), and given up.
	return kgo.NewClient(append(options, kgo.SeedBrokers(addrs...), kgo.AlwaysRetryEOF())...)
}
