// Package compose runs docker-compose.yml for a test, under a name and at ports of its own.
package compose

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

const (
	// askVar is "1" where these tests may start containers.
	askVar = "TRIBUTARY_COMPOSE"
	// startWithin bounds the start: images that have to be pulled, and Kafka and MySQL on a slow machine.
	startWithin = 8 * time.Minute
	// answerWithin bounds a command in a container.
	answerWithin = time.Minute
)

// Project is the compose file, running.
type Project struct {
	name                    string
	dir                     string // the folder of docker-compose.yml
	kafka, database, lookup int    // ports at 127.0.0.1
}

// Start brings everything up and waits until it is healthy. Containers and volumes are gone when the test ends. The test
// is skipped unless the environment asks for it.
func Start(t testing.TB) *Project {
	t.Helper()
	if os.Getenv(askVar) != "1" {
		t.Skipf("no containers: set %s=1 (needs Docker with Compose v2, and the image of make image)", askVar)
	}
	p := &Project{name: "tributary-test-" + random(), dir: root(t)}
	for _, port := range []*int{&p.kafka, &p.database, &p.lookup} {
		*port = freePort(t)
	}
	t.Cleanup(func() { p.remove(t) })
	began := time.Now()
	seconds := strconv.Itoa(int(startWithin.Seconds()))
	if out, err := p.compose(startWithin+answerWithin, "", "up", "--detach", "--no-build", "--wait", "--wait-timeout", seconds); err != nil {
		t.Fatalf("docker compose up: %v\n%s", err, out)
	}
	t.Logf("everything is healthy after %v", time.Since(began).Round(time.Second))
	return p
}

func (p *Project) remove(t testing.TB) {
	if t.Failed() {
		for _, args := range [][]string{{"ps", "--all"}, {"logs", "--no-color", "--tail", "30"}} {
			out, _ := p.compose(answerWithin, "", args...)
			t.Logf("docker compose %s:\n%s", strings.Join(args, " "), out)
		}
	}
	if out, err := p.compose(2*answerWithin, "", "down", "--volumes", "--timeout", "10"); err != nil {
		t.Errorf("docker compose down: %v; containers of project %s may be left\n%s", err, p.name, out)
	}
}

// compose runs a command of docker compose on the project and returns what it printed.
func (p *Project) compose(patience time.Duration, input string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", append([]string{"compose", "--project-name", p.name}, args...)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("KAFKA_PORT=%d", p.kafka), fmt.Sprintf("MYSQL_PORT=%d", p.database), fmt.Sprintf("LOOKUP_PORT=%d", p.lookup))
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// Produce writes lines to a topic with Kafka's console producer, without keys: as somebody would who tries it.
func (p *Project) Produce(t testing.TB, topic, lines string) {
	t.Helper()
	out, err := p.compose(answerWithin, lines, "exec", "-T", "kafka",
		"/opt/kafka/bin/kafka-console-producer.sh", "--bootstrap-server", "kafka:29092", "--topic", topic)
	if err != nil || strings.Contains(out, "ERROR") {
		t.Fatalf("produce to topic %s: %v\n%s", topic, err, out)
	}
}

// Kafka is the project's broker.
func (p *Project) Kafka() brokers.Cluster { return brokers.At("127.0.0.1:" + strconv.Itoa(p.kafka)) }

// Look is the address of a table, or of a row, at the project's look-up.
func (p *Project) Look(table string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/v1/tables/%s", p.lookup, table)
}

func random() string {
	b := make([]byte, 4)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// freePort is free when it is asked for. Compose fails, and says so, if somebody else takes it before Docker does.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// root is the folder of go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "docker-compose.yml")); err != nil {
		t.Fatal(err)
	}
	return dir
}
