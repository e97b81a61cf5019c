package exactlyonce_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/exactlyonce"
	"github.com/tributary-go/tributary/integration/kills"
)

// Controls: the same story with and without a defect. Without them nobody knows whether the verifier and the
// stories could find anything.

func onEachCluster(t *testing.T, f func(t *testing.T, c brokers.Cluster)) {
	t.Run("embedded", func(t *testing.T) { f(t, brokers.Embedded(t)) })
	if os.Getenv("TRIBUTARY_KAFKA")+os.Getenv("TRIBUTARY_BROKERS") != "" {
		t.Run("kafka", func(t *testing.T) { f(t, brokers.Real(t)) })
	}
}

// A process stops for longer than its session right before a commit. Others take over its partitions and
// process what it had processed. Then it goes on, and commits.
func TestAZombieIsRefused(t *testing.T) {
	onEachCluster(t, func(t *testing.T, c brokers.Cluster) {
		report, log := zombie(t, c)
		if !report.Exact() {
			t.Errorf("not exactly once: %v", report)
		}
		t.Log(report, log)
	})
}

func TestWithoutFencingAZombieIsFound(t *testing.T) {
	onEachCluster(t, func(t *testing.T, c brokers.Cluster) {
		report, _ := zombie(t, c, "--no-fencing")
		if report.Exact() {
			t.Errorf("a zombie could commit, and nobody noticed: %v", report)
		}
		t.Log(report)
	})
}

func zombie(t *testing.T, c brokers.Cluster, defect ...string) (*exactlyonce.Report, string) {
	topics := newTopics(t, c, 4)
	binary := exactlyonce.Binary(t)
	a := exactlyonce.NewInstance(t, binary, c, topics, "a", "--session", "2s")
	b := exactlyonce.NewInstance(t, binary, c, topics, "b", "--session", "2s")
	a.Start(append(defect, "--stop-at", "1000")...)
	feed(t, c, topics, 5_000)
	a.AwaitLog("stopping itself")
	b.Start()
	exactlyonce.AwaitDone(t, c, topics, time.Minute)
	a.Continue()
	a.Terminate() // what it was about to commit is decided before it ends; unfenced, it sets offsets back, too
	b.Terminate()
	return exactlyonce.Verify(t, c, topics), a.Log()
}

// A process is killed after it processed records and before it commits them.
func TestWhatWasNotCommittedIsProcessedAgain(t *testing.T) {
	onEachCluster(t, func(t *testing.T, c brokers.Cluster) {
		if report := killed(t, c); !report.Exact() {
			t.Errorf("not exactly once: %v", report)
		}
	})
}

func TestAStoreWrittenBeforeTheCommitIsFound(t *testing.T) {
	onEachCluster(t, func(t *testing.T, c brokers.Cluster) {
		report := killed(t, c, "--write-early")
		if report.Exact() {
			t.Errorf("the local store was ahead of the commit, and nobody noticed: %v", report)
		}
		t.Log(report)
	})
}

// killed strikes at the very first commit: no row of it is in the changelog, so that recovery can't mend what
// a defect has left in the local store.
func killed(t *testing.T, c brokers.Cluster, defect ...string) *exactlyonce.Report {
	topics := newTopics(t, c, 4)
	a := exactlyonce.NewInstance(t, exactlyonce.Binary(t), c, topics, "a", "--session", "2s")
	a.Start(append(defect, "--kill-at", "1")...)
	a.ExpectEnd()
	feed(t, c, topics, 5_000)
	a.AwaitEnd(time.Minute)
	a.Start()
	exactlyonce.AwaitDone(t, c, topics, time.Minute)
	a.Terminate()
	return exactlyonce.Verify(t, c, topics)
}

func feed(t *testing.T, c brokers.Cluster, topics exactlyonce.Topics, n int) {
	t.Helper()
	f := exactlyonce.Feed{Topic: topics.In, Records: n, Users: 500, Rand: kills.Seed(t)}
	if err := f.Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}
