// Package capture proves that a captured topic equals its table: whatever is written meanwhile, and however often the
// capture is killed.
//
// What a topic must hold is asked of MySQL in SQL, and read from Kafka with franz-go: no code of the product decides
// what is right.
package capture

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/databases"
)

// Bench is a database and brokers, with names of the test's own.
type Bench struct {
	t        testing.TB
	Kafka    brokers.Cluster
	MySQL    databases.Server
	Database string
	Topic    string
	file     string // the capture's JSON
	there    map[string]bool
	running  *Running // the latest in this process
}

// NewBench makes an empty database. The capture writes to a topic that nobody else uses; definition is its JSON with
// TOPIC in the place of the name.
func NewBench(t testing.TB, kafka brokers.Cluster, definition string) *Bench {
	t.Helper()
	return NewBenchOn(t, kafka, databases.MySQL(t), definition)
}

// NewBenchOn is NewBench on another server.
func NewBenchOn(t testing.TB, kafka brokers.Cluster, server databases.Server, definition string) *Bench {
	t.Helper()
	b := &Bench{t: t, Kafka: kafka, MySQL: server, Database: server.NewDatabase(t), Topic: brokers.Unique(t, "captured"), there: map[string]bool{}}
	if definition != "" {
		b.Define(definition)
	}
	return b
}

// Define replaces the capture's definition.
func (b *Bench) Define(definition string) {
	b.t.Helper()
	b.file = filepath.Join(b.t.TempDir(), "capture.json")
	if err := os.WriteFile(b.file, []byte(strings.ReplaceAll(definition, "TOPIC", b.Topic)), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Exec runs statements in the database.
func (b *Bench) Exec(statements ...string) {
	b.t.Helper()
	b.MySQL.Exec(b.t, b.Database, statements...)
}

// End kills a connection by its number. One that has ended meanwhile is no error.
func (b *Bench) End(connection string) {
	b.t.Helper()
	const unknown = 1094
	_, err := b.Connect("timeout=1m").Exec("KILL " + connection)
	if e, ok := errors.AsType[*mysql.MySQLError](err); err != nil && (!ok || e.Number != unknown) {
		b.t.Fatalf("kill connection %s: %v", connection, err)
	}
}

// Connect opens connections with settings of the session, name=value as in a URL.
func (b *Bench) Connect(settings string) *sql.DB {
	b.t.Helper()
	dsn := b.MySQL.DSN(b.Database)
	mark := "?"
	if strings.Contains(dsn, "?") {
		mark = "&"
	}
	db, err := sql.Open("mysql", dsn+mark+settings)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { db.Close() })
	return db
}

// Address of MySQL.
func (b *Bench) Address() string { return net.JoinHostPort(b.MySQL.Host, strconv.Itoa(b.MySQL.Port)) }

// Position is what a capture has committed last.
type Position struct {
	GTIDs    *string `json:"gtids"`
	File     string  `json:"file"`
	Time     int64   `json:"time"`
	Snapshot struct {
		Done bool  `json:"done"`
		Rows int64 `json:"rows"`
	} `json:"snapshot"`
}

// Position returns what is committed; false if nothing is yet.
func (b *Bench) Position() (p Position, found bool) {
	b.t.Helper()
	if !b.exists(b.Topic + "-position") {
		return p, false
	}
	for _, r := range b.Kafka.ReadCommitted(b.t, b.Topic+"-position") {
		if string(r.Key) != b.Topic {
			continue
		}
		found = true
		p = Position{}
		if err := json.Unmarshal(r.Value, &p); err != nil {
			b.t.Fatalf("position %s: %v", r.Value, err)
		}
	}
	return p, found
}

// Records are the topic's, as a reader of committed records sees them.
func (b *Bench) Records() []brokers.Record {
	b.t.Helper()
	return b.RecordsOf(b.Topic)
}

// RecordsOf are those of another topic; none if there is no such topic.
func (b *Bench) RecordsOf(topic string) []brokers.Record {
	b.t.Helper()
	if !b.exists(topic) {
		return nil
	}
	return b.Kafka.ReadCommitted(b.t, topic)
}

// exists: the capture creates its topics.
func (b *Bench) exists(topic string) bool {
	b.t.Helper()
	if b.there[topic] {
		return true
	}
	client, err := brokers.Client(b.Kafka.Brokers())
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	topics, err := kadm.NewClient(client).ListTopics(ctx, topic)
	if err != nil {
		b.t.Fatal(err)
	}
	b.there[topic] = topics.Has(topic) && topics[topic].Err == nil && len(topics[topic].Partitions) > 0
	return b.there[topic]
}

// Compacted is what is left of records when of each key only the last counts.
func Compacted(t testing.TB, records []brokers.Record) map[string]string {
	t.Helper()
	left := map[string]string{}
	partition := map[string]int32{}
	for _, r := range records {
		if p, seen := partition[string(r.Key)]; seen && p != r.Partition {
			t.Fatalf("key %s is in the partitions %d and %d", r.Key, p, r.Partition)
		}
		partition[string(r.Key)] = r.Partition
		if r.Value == nil {
			delete(left, string(r.Key))
			continue
		}
		left[string(r.Key)] = string(r.Value)
	}
	return left
}

// Table asks MySQL for what the topic must hold: a query of two columns, key and value as text.
func (b *Bench) Table(query string) map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for _, row := range b.MySQL.Query(b.t, b.Database, query) {
		all[row[0]] = row[1]
	}
	return all
}

// Difference describes where two maps differ, "" if nowhere.
func Difference(got, want map[string]string) string {
	var b strings.Builder
	shown := 0
	show := func(format string, args ...any) {
		if shown++; shown <= 5 {
			fmt.Fprintf(&b, "\n"+format, args...)
		}
	}
	for k, w := range want {
		switch g, there := got[k]; {
		case !there:
			show("%s is missing: %s", k, w)
		case g != w:
			show("%s is %s, want %s", k, g, w)
		}
	}
	for k, g := range got {
		if _, there := want[k]; !there {
			show("%s should not be there: %s", k, g)
		}
	}
	if shown == 0 {
		return ""
	}
	return fmt.Sprintf("%d differences among %d rows:%s", shown, len(want), b.String())
}

// Await polls until a condition holds.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited two minutes in vain: %s", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
