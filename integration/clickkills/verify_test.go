package clickkills_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/clickkills"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// honest is what the topology leaves behind in memory, with nobody who kills it.
func honest(t *testing.T) clickkills.Left {
	t.Helper()
	topology, err := clickalerts.Topology(clickalerts.Config{Retain: clickalerts.DefaultRetain})
	if err != nil {
		t.Fatal(err)
	}
	d := streamtest.New(t, topology, streamtest.MaxAhead(0), streamtest.Partitions(3), streamtest.InputPartitions(clickkills.Clicks, 4), streamtest.CommitEvery(200))
	feed := clickkills.Feed{Clicks: 3000, Rand: rand.New(rand.NewPCG(1, 1))}
	for _, r := range feed.Records() {
		d.SendRaw(clickkills.Clicks, -1, []byte(r.Key), []byte(r.Value))
	}
	d.Run()
	read := func(topic string) (rs []brokers.Record) {
		for _, r := range d.ReadRaw(topic) {
			rs = append(rs, brokers.Record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Headers: r.Headers})
		}
		return rs
	}
	return clickkills.Left{Clicks: read(clickkills.Clicks), Alerts: read("alerts"), Refused: read("clickalerts-dead-letters")}
}

// TestTheVerifierFindsWhatItIsThereFor: without it nobody knows whether the proof could fail.
func TestTheVerifierFindsWhatItIsThereFor(t *testing.T) {
	l := honest(t)
	report := clickkills.Verify(l)
	t.Log(report)
	if !report.Exact() || len(report.Alerts) != 6 || report.Again == 0 {
		t.Fatalf("nothing is wrong, and the verifier says: %v", report)
	}
	having := func(rs []brokers.Record, text string) int {
		i := slices.IndexFunc(rs, func(r brokers.Record) bool { return bytes.Contains(r.Value, []byte(text)) })
		if i < 0 {
			t.Fatalf("no record has %s", text)
		}
		return i
	}
	changed := func(rs []brokers.Record, from, to string) []brokers.Record {
		rs = slices.Clone(rs)
		r := &rs[having(rs, from)]
		r.Value = bytes.Replace(r.Value, []byte(from), []byte(to), 1)
		return rs
	}
	for name, c := range map[string]struct {
		of    func(clickkills.Left) clickkills.Left
		finds string
	}{
		"an alert is lost": {func(l clickkills.Left) clickkills.Left {
			i := having(l.Alerts, "CART_ABANDONMENT")
			l.Alerts = slices.Delete(slices.Clone(l.Alerts), i, i+1)
			return l
		}, "is missing"},
		"an alert comes twice": {func(l clickkills.Left) clickkills.Left {
			i := having(l.Alerts, "CHURN_RISK")
			l.Alerts = slices.Insert(slices.Clone(l.Alerts), i, l.Alerts[i])
			return l
		}, "comes twice"},
		"an alert has another time": {func(l clickkills.Left) clickkills.Left {
			l.Alerts = changed(l.Alerts, "+08:00", "+07:00")
			return l
		}, "it has to be"},
		"an alert has another user": {func(l clickkills.Left) clickkills.Left {
			l.Alerts = changed(l.Alerts, `"userId":"u`, `"userId":"x`)
			return l
		}, "it has to be"},
		"clicks were not seen": {func(l clickkills.Left) clickkills.Left {
			l.Clicks = l.Clicks[len(l.Clicks)/2:]
			return l
		}, "none that a recomputation finds"},
		"a record was refused": {func(l clickkills.Left) clickkills.Left {
			l.Refused = l.Clicks[:1]
			return l
		}, "dead letter"},
	} {
		report := clickkills.Verify(c.of(l))
		if report.Exact() || !strings.Contains(strings.Join(report.Examples, "\n"), c.finds) {
			t.Errorf("%s, and the verifier says: %v", name, report)
		}
	}
}
