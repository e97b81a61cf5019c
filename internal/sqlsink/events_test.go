package sqlsink

import (
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/tables"
)

const allEvents = "SELECT id, event, amount FROM happened ORDER BY id, event"

// newEventScene is a topic of events, keyed by something that is no row's.
func newEventScene(t *testing.T, st store) *scene {
	t.Helper()
	s := newScene(t, st, 2)
	s.topic = brokers.Unique(t, "events")
	s.createEvents()
	s.projection = tables.Projection{
		Topic: s.topic, Table: "happened", Key: []string{"id", "event"}, Events: true,
		Columns: []tables.Column{
			{Name: "id", Type: tables.Varchar(512)}, {Name: "event", Type: tables.Varchar(16)}, {Name: "amount", Type: tables.BigInt, NotNull: true},
		},
	}
	return s
}

func (s *scene) createEvents() {
	s.cluster.CreateTopic(s.T, s.topic, s.partitions, map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"})
}

func (s *scene) awaitEvents(want ...string) {
	s.Helper()
	within(s.T, 30*time.Second, func() (bool, string) {
		var got []string
		for _, r := range s.query(s.T, allEvents) {
			got = append(got, strings.Join(r, " "))
		}
		return strings.Join(got, "\n") == strings.Join(want, "\n"), shorten(got)
	})
}

func TestEachEventIsARow(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newEventScene(t, st)
		s.send("k", `{"id":"a|1","event":"issued","amount":5}`, "k", `{"id":"a|1","event":"revoked","amount":5}`,
			"m", `{"id":"A|1","event":"issued","amount":7}`, "k", "", "k", `{"event":"issued","amount":5}`)
		_, stop := s.start()
		s.awaitEvents("A|1 issued 7", "a|1 issued 5", "a|1 revoked 5")
		s.settle(stop)
		letters := s.letters()
		if len(letters) != 2 || !strings.Contains(letters[0].Headers["reason"], "an event has no value") || !strings.Contains(letters[1].Headers["reason"], "column id of the primary key is null") {
			t.Errorf("dead letters %v", letters)
		}
		long := strings.Repeat("é", 512) // the index takes it
		s.send("k", `{"id":"`+long+`","event":"denied","amount":1}`)
		s.start()
		s.awaitEvents("A|1 issued 7", "a|1 issued 5", "a|1 revoked 5", long+" denied 1")
	})
}

func TestATableOfEventsKeepsWhatTheTopicHasForgotten(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newEventScene(t, st)
		s.send("k", `{"id":"a","event":"issued","amount":1}`)
		_, stop := s.start()
		s.awaitEvents("a issued 1")
		s.settle(stop)
		s.cluster.DeleteTopic(t, s.topic)
		s.createEvents()
		s.exec(t, "UPDATE tributary_positions SET complete_at = 1") // and it was away for ever
		s.send("k", `{"id":"b","event":"issued","amount":2}`)
		s.config.Reconcile = true
		sink, stop := s.start()
		s.awaitEvents("a issued 1", "b issued 2")
		within(t, 30*time.Second, func() (bool, string) { return sink.Ready() == nil, "the sink is not ready" })
		s.settle(stop)
	})
}

func TestACompactedTopicIsNoTopicOfEvents(t *testing.T) {
	s := newEventScene(t, sqliteStore(t))
	s.topic = brokers.Unique(t, "visits")
	s.createTopic()
	s.projection.Topic = s.topic
	s.refuses("cleanup.policy=compact", "wanted is delete")
}

// Whichever way events are cut into batches, each is there once, and the last of those with one key counts.
func TestEventsOfOneKeyInOneBatchAreOneRow(t *testing.T) {
	p := tables.Projection{Topic: "t", Table: "happened", Key: []string{"id"}, Events: true, Columns: []tables.Column{{Name: "id", Type: tables.BigInt}, {Name: "v", Type: tables.BigInt}}}
	b := newBatch()
	for i, value := range []string{`{"id":"7","v":1}`, `{"id":8,"v":2}`, `{"id":7.0,"v":3}`, `{"id":7,"v":4}`, `{"id":7,"v":"x"}`} {
		b.add(message("t", 0, int64(i), "same", value))
	}
	changes, refused := b.changes(newTarget(p))
	if len(changes) != 2 || changes[0].row[1].V != "4" || changes[1].row[1].V != "2" || changes[0].older == nil || len(refused) != 2 {
		t.Errorf("%d changes, %d refused: %v", len(changes), len(refused), refused)
	}
}
