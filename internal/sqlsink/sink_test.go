package sqlsink

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/databases"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/tables"
)

// visits is a table with a column of every type.
func visits(topic string) tables.Projection {
	return tables.Projection{
		Topic: topic, Table: "visits", Key: []string{"place", "number"},
		Columns: []tables.Column{
			{Name: "place", Type: tables.Varchar(16), ForNull: "(none)"},
			{Name: "name", Type: tables.Varchar(10)},
			{Name: "number", Type: tables.BigInt},
			{Name: "visitors", Type: tables.BigInt, NotNull: true},
			{Name: "amount", Type: tables.Double},
			{Name: "price", Type: tables.Decimal(10, 2)},
			{Name: "note", Field: "remark", Type: tables.LongText},
		},
	}
}

const allVisits = "SELECT place, number, name, visitors, amount, price, note FROM visits"

// scene is a topic, a table, and whoever fills it.
type scene struct {
	*testing.T
	store
	cluster    brokers.Cluster
	topic      string
	projection tables.Projection
	partitions int32
	config     Config
	log        *lines
}

func newScene(t *testing.T, s store, partitions int32) *scene {
	t.Helper()
	c := &scene{T: t, store: s, cluster: brokers.Embedded(t), topic: brokers.Unique(t, "visits"), partitions: partitions, log: &lines{}}
	c.createTopic()
	c.projection = visits(c.topic)
	c.config = Config{
		Connection: client.Connection{Brokers: c.cluster.Brokers()}, Database: s.settings, CreateTables: true, Owner: "test",
		Log: slog.New(slog.NewTextHandler(c.log, nil)),
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", c.log.text())
		}
	})
	return c
}

func (s *scene) createTopic() {
	s.cluster.CreateTopic(s.T, s.topic, s.partitions, map[string]string{"cleanup.policy": "compact", "delete.retention.ms": "604800000"})
}

// lines is a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (s *scene) open() *Sink {
	s.Helper()
	s.config.Tables = []tables.Projection{s.projection}
	sink, err := Open(s.Context(), s.config)
	if err != nil {
		s.Fatal(err)
	}
	return sink
}

// start runs a sink until stop is called, which returns its error, or until the test ends.
func (s *scene) start() (sink *Sink, stop func() error) {
	s.Helper()
	sink = s.open()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sink.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		err := <-done
		sink.Close()
		return err
	})
	s.Cleanup(func() { _ = stop() })
	return sink, stop
}

// record has its partition by its key.
func (s *scene) record(key, value string) brokers.Record {
	r := brokers.Record{Key: []byte(key), Partition: int32(len(key)+int(key[len(key)-1])) % s.partitions}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

func (s *scene) send(keyValues ...string) {
	s.Helper()
	var records []brokers.Record
	for i := 0; i < len(keyValues); i += 2 {
		records = append(records, s.record(keyValues[i], keyValues[i+1]))
	}
	s.cluster.ProduceTo(s.T, s.topic, records...)
}

func (s *scene) await(want ...[]string) {
	s.Helper()
	within(s.T, 30*time.Second, func() (bool, string) {
		got := s.query(s.T, allVisits+" ORDER BY number, place")
		return reflect.DeepEqual(got, want), fmt.Sprintf("rows\n%s, want\n%s", shorten(got), shorten(want))
	})
}

// awaitPosition waits until all that is in the topic has been written.
func (s *scene) awaitPosition() {
	s.Helper()
	behind := map[string]int64{}
	for _, r := range s.cluster.ReadCommitted(s.T, s.topic) {
		behind[strconv.Itoa(int(r.Partition))] = r.Offset + 1
	}
	within(s.T, 60*time.Second, func() (bool, string) {
		got := map[string]int64{}
		for _, r := range s.query(s.T, "SELECT partition_id, next_offset FROM tributary_positions WHERE table_name = '"+s.projection.Table+"'") {
			n, _ := strconv.ParseInt(r[1], 10, 64)
			if n > 0 {
				got[r[0]] = n
			}
		}
		return reflect.DeepEqual(got, behind), fmt.Sprintf("positions %v, want %v", got, behind)
	})
}

// recompute makes the table anew from what is in the topic, in another way than the product.
func (s *scene) recompute() [][]string {
	s.Helper()
	last := map[string][]byte{}
	for _, r := range s.cluster.ReadCommitted(s.T, s.topic) {
		last[string(r.Key)] = r.Value
	}
	var rows [][]string
	for key, value := range last {
		if value == nil {
			continue
		}
		place, number, _ := strings.Cut(key, "|")
		if place == `\N` {
			place = "(none)"
		}
		var fields map[string]any
		d := json.NewDecoder(bytes.NewReader(value))
		d.UseNumber()
		if err := d.Decode(&fields); err != nil {
			s.Fatal(err)
		}
		row := []string{place, number}
		for _, f := range []string{"name", "visitors", "amount", "price", "remark"} {
			text := databases.Null
			if v, ok := fields[f]; ok && v != nil {
				text = fmt.Sprint(v)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return sorted(rows)
}

func sorted(rows [][]string) [][]string {
	sort.Slice(rows, func(i, j int) bool { return slices.Compare(rows[i], rows[j]) < 0 })
	return rows
}

// mustEqualTopic compares row for row.
func (s *scene) mustEqualTopic() {
	s.Helper()
	got, want := sorted(s.query(s.T, allVisits)), s.recompute()
	if len(got) != len(want) {
		s.Errorf("%d rows, the topic has %d", len(got), len(want))
	}
	wrong := 0
	for i := range min(len(got), len(want)) {
		if !slices.Equal(got[i], want[i]) {
			if wrong++; wrong < 5 {
				s.Errorf("row %d is %q, want %q", i, got[i], want[i])
			}
		}
	}
}

// letters are the dead letters, by offset in their topic.
func (s *scene) letters() []brokers.Record {
	s.Helper()
	return s.cluster.ReadCommitted(s.T, "sqlsink-dead-letters")
}

const null = databases.Null

func TestRowsFollowTheTopic(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 3)
		s.send("Linz|1", `{"name":"a","visitors":1,"amount":1.5,"price":2.25,"remark":"x"}`,
			"Graz|2", `{"visitors":"2","name":null}`,
			`\N|3`, `{"visitors":3}`)
		_, stop := s.start()
		s.await([]string{"Linz", "1", "a", "1", "1.5", "2.25", "x"}, []string{"Graz", "2", null, "2", null, null, null}, []string{"(none)", "3", null, "3", null, null, null})
		s.send("Graz|2", "", "Linz|1", `{"visitors":-9223372036854775808,"amount":-0.125}`, "Wels|4", "")
		s.await([]string{"Linz", "1", null, "-9223372036854775808", "-0.125", null, null}, []string{"(none)", "3", null, "3", null, null, null})
		s.send(`\N|3`, "", "Linz|1", "")
		s.await()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestTextsComeThroughUnchanged(t *testing.T) {
	texts := []string{`it's`, `"quoted"`, `back\slash`, `\N`, `\`, "tab\tnew\nline\rreturn", "%_?$1:x", "小程序 🛒", "-- ; /* */", "", " in spaces ", "\x1a\b", `\.`, "NULL", "' OR 1=1"}
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 2)
		var want [][]string
		for i, text := range texts {
			part, err := tables.JoinKey[place](tables.Text("k'\\"+strconv.Itoa(i)), tables.Text(strconv.Itoa(i)))
			if err != nil {
				t.Fatal(err)
			}
			value, _ := json.Marshal(map[string]any{"visitors": 1, "remark": text})
			s.send(string(part), string(value))
			want = append(want, []string{"k'\\" + strconv.Itoa(i), strconv.Itoa(i), null, "1", null, null, text})
		}
		s.start()
		s.await(want...)
		for i := range texts { // and the keys are found again
			part, _ := tables.JoinKey[place](tables.Text("k'\\"+strconv.Itoa(i)), tables.Text(strconv.Itoa(i)))
			s.send(string(part), "")
		}
		s.await()
	})
}

type place string

func TestUncommittedRecordsAreNotWritten(t *testing.T) {
	s := newScene(t, sqliteStore(t), 1)
	x := s.cluster.Begin(t)
	x.Produce(t, s.topic, s.record("a|1", `{"visitors":1}`))
	x.Abort(t)
	x.Next(t)
	x.Produce(t, s.topic, s.record("b|2", `{"visitors":2}`))
	x.Commit(t)
	x.Next(t)
	x.Produce(t, s.topic, s.record("c|3", `{"visitors":3}`))
	sink, _ := s.start()
	s.await([]string{"b", "2", null, "2", null, null, null})
	within(t, 30*time.Second, func() (bool, string) { err := sink.Ready(); return err == nil, fmt.Sprint(err) })
	x.Commit(t)
	s.await([]string{"b", "2", null, "2", null, null, null}, []string{"c", "3", null, "3", null, null, null})
}
