package sqlsink

import (
	"fmt"
	"testing"
	"time"
)

// ghost is a row whose tombstone was never seen.
const ghost = "INSERT INTO visits (place, number, visitors) VALUES ('ghost', 99, 1)"

func (s *scene) settle(stop func() error) {
	s.Helper()
	s.awaitPosition()
	if err := stop(); err != nil {
		s.Error(err)
	}
}

func TestASinkThatWasAwayForTooLongDeletesWhatTheTopicDoesNotHave(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 2)
		s.send("a|1", `{"visitors":1}`, "b|2", `{"visitors":1}`, "c|3", `{"visitors":1}`, "c|3", "", `\N|4`, `{"visitors":1}`)
		_, stop := s.start()
		left := [][]string{{"a", "1", null, "1", null, null, null}, {"b", "2", null, "1", null, null, null}, {"(none)", "4", null, "1", null, null, null}}
		s.await(left...)
		s.settle(stop)
		s.exec(t, ghost)

		_, stop = s.start() // it was away for a moment only, and trusts that it has seen all tombstones
		s.send("d|5", `{"visitors":1}`)
		left = append(left, []string{"d", "5", null, "1", null, null, null})
		s.await(append(append([][]string{}, left...), []string{"ghost", "99", null, "1", null, null, null})...)
		s.settle(stop)

		fourDays := time.Now().Add(-4 * 24 * time.Hour).UnixMilli() // tombstones are kept for seven
		s.exec(t, fmt.Sprintf("UPDATE tributary_positions SET complete_at = %d WHERE partition_id = 1", fourDays))
		s.send("e|6", `{"visitors":1}`, "a|1", "")
		_, stop = s.start()
		left = append(left[1:], []string{"e", "6", null, "1", null, null, null})
		s.await(left...)
		within(t, 30*time.Second, func() (bool, string) { // it is noted after the rows were deleted
			rows := s.query(t, fmt.Sprintf("SELECT COUNT(*) FROM tributary_positions WHERE complete_at > %d", time.Now().Add(-time.Hour).UnixMilli()))
			return rows[0][0] == "2", rows[0][0] + " partitions are noted as complete, want 2"
		})
		s.settle(stop)
	})
}

func TestATopicThatWasMadeAnewReplacesTheRowsOfTheOld(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 2)
		s.send("a|1", `{"visitors":1}`, "b|2", `{"visitors":1}`, "b|2", `{"visitors":2}`)
		_, stop := s.start()
		s.await([]string{"a", "1", null, "1", null, null, null}, []string{"b", "2", null, "2", null, null, null})
		s.settle(stop)
		s.cluster.DeleteTopic(t, s.topic)
		s.createTopic()
		s.send("b|2", `{"visitors":3}`, "c|3", `{"visitors":1}`)
		_, stop = s.start()
		s.await([]string{"b", "2", null, "3", null, null, null}, []string{"c", "3", null, "1", null, null, null})
		s.settle(stop)
	})
}

func TestManyRowsAreComparedPageByPage(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 2)
		s.cluster.ProduceTo(t, s.topic, s.history(3, 30_000, 15_000)...)
		_, stop := s.start()
		s.settle(stop)
		s.exec(t, "INSERT INTO visits (place, number, visitors) SELECT 'p0', -number, visitors FROM visits WHERE number > 0")
		s.exec(t, "INSERT INTO visits (place, number, visitors) SELECT 'zz', number, visitors FROM visits WHERE place = 'p3'")
		s.exec(t, ghost)
		s.config.Reconcile = true
		sink, stop := s.start()
		within(t, 60*time.Second, func() (bool, string) { err := sink.Ready(); return err == nil, fmt.Sprint(err) })
		s.settle(stop)
		s.mustEqualTopic()
	})
}

func TestAFirstStartLeavesRowsThatWereThere(t *testing.T) {
	s := newScene(t, sqliteStore(t), 1)
	s.exec(t, createTable(&sqliteDialect{}, s.projection))
	s.exec(t, ghost)
	s.send("a|1", `{"visitors":1}`)
	s.start()
	s.await([]string{"a", "1", null, "1", null, null, null}, []string{"ghost", "99", null, "1", null, null, null})
}

func TestATopicThatIsReplacedWhileTheSinkRunsIsNoticed(t *testing.T) {
	s := newScene(t, sqliteStore(t), 2)
	s.send("a|1", `{"visitors":1}`, "b|2", `{"visitors":1}`)
	s.start()
	s.await([]string{"a", "1", null, "1", null, null, null}, []string{"b", "2", null, "1", null, null, null})
	s.cluster.DeleteTopic(t, s.topic)
	s.partitions = 3
	s.createTopic()
	s.send("b|2", `{"visitors":2}`, "c|3", `{"visitors":1}`)
	s.await([]string{"b", "2", null, "2", null, null, null}, []string{"c", "3", null, "1", null, null, null})
}
