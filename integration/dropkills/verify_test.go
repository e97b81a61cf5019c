package dropkills_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/dropkills"
)

func TestAnHonestRunIsExact(t *testing.T) {
	report := dropkills.Verify(memory{}.run(t))
	if !report.Exact() || report.Echoes == 0 || report.Letters == 0 || report.Alone < 80 || report.Alerts == 0 {
		t.Errorf("nothing is wrong, and the verifier says: %v", report)
	}
	t.Log(report)
}

// Two runs that went wrong in ways that the topology prevents.
func TestADimensionThatWasNotCompleteIsFound(t *testing.T) {
	finds(t, "events met an incomplete dimension", memory{impatient: true}.run(t), "no order of its")
}

func TestAnEchoThatChangesSomethingIsFound(t *testing.T) {
	finds(t, "echoes were taken over", memory{echoesCount: true}.run(t), "no order of its")
}

func finds(t *testing.T, what string, l dropkills.Left, text string) {
	t.Helper()
	report := dropkills.Verify(l)
	if report.Exact() || !strings.Contains(strings.Join(report.Examples, "\n"), text) {
		t.Errorf("%s, and the verifier says: %v", what, report)
	}
}

func dropped(rs []brokers.Record, i int) []brokers.Record {
	return slices.Delete(slices.Clone(rs), i, i+1)
}

func doubled(rs []brokers.Record, i int) []brokers.Record {
	return slices.Insert(slices.Clone(rs), i, rs[i])
}

// changed puts another text into one record.
func changed(t *testing.T, rs []brokers.Record, i int, from, to string) []brokers.Record {
	t.Helper()
	rs = slices.Clone(rs)
	value := strings.Replace(string(rs[i].Value), from, to, 1)
	if value == string(rs[i].Value) {
		t.Fatalf("%s is not in %s", from, value)
	}
	rs[i].Value = []byte(value)
	return rs
}

// quiet is an id that has alerts and was left alone: number i of them.
func quiet(l dropkills.Left, i int) (id string) {
	ids := slices.Sorted(maps.Keys(l.LastAlerts))
	ids = slices.DeleteFunc(ids, func(id string) bool { return len(id) < 2 || id < "20" || l.Dimension[id] == "" })
	return ids[i]
}

// of is the place of the first or the last record of an id.
func of(t *testing.T, rs []brokers.Record, id string, last bool) int {
	t.Helper()
	var all []int
	for i, x := range rs {
		if string(x.Key) == id {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		t.Fatalf("there is no record of id %s", id)
	}
	if last {
		return all[len(all)-1]
	}
	return all[0]
}

// falsified is a run in which something went wrong, and what the verifier must say of it.
type falsified struct {
	spoil func(l *dropkills.Left)
	finds string
}

// wrongResults spoils what was written about an id.
func wrongResults(t *testing.T, id string) map[string]falsified {
	return map[string]falsified{
		"the first alert is missed": {func(l *dropkills.Left) {
			l.Alerts = dropped(l.Alerts, of(t, l.Alerts, id, false))
		}, "no order of its"},
		"an alert comes twice": {func(l *dropkills.Left) {
			l.Alerts = doubled(l.Alerts, of(t, l.Alerts, id, true))
		}, "no order of its"},
		"an alert compares with something else": {func(l *dropkills.Left) {
			l.Alerts = changed(t, l.Alerts, of(t, l.Alerts, id, false), `"raw_info":"row`, `"raw_info":"raw`)
		}, "no order of its"},
		"an alert was made at another time": {func(l *dropkills.Left) {
			l.Alerts = changed(t, l.Alerts, of(t, l.Alerts, id, false), `"updated_at":"2021`, `"updated_at":"2022`)
		}, "no order of its"},
		"the last alert is an old one": {func(l *dropkills.Left) {
			l.LastAlerts[id] = "{}"
		}, "the look-up shows"},
		"an update is missed": {func(l *dropkills.Left) {
			l.Updates = dropped(l.Updates, of(t, l.Updates, id, true))
		}, "no order of its"},
		"an update comes twice": {func(l *dropkills.Left) {
			l.Updates = doubled(l.Updates, of(t, l.Updates, id, true))
		}, "after version"},
		"a version is left out": {func(l *dropkills.Left) {
			l.Updates = changed(t, l.Updates, of(t, l.Updates, id, false), `"version":`, `"version":1`)
		}, "no order of its"},
		"a row is old": {func(l *dropkills.Left) {
			l.Dimension[id] = strings.Replace(l.Dimension[id], `"version":`, `"version":1`, 1)
		}, "no order of its"},
		"a row is lost": {func(l *dropkills.Left) {
			delete(l.Dimension, id)
		}, "last row <nil>"},
		"a deleted row is still there": {func(l *dropkills.Left) {
			l.Dimension["104"] = l.Dimension[id]
		}, "no order of its 0 rows"},
	}
}

// wrongInputs pretends that something else was read, or refused.
func wrongInputs(t *testing.T, id string) map[string]falsified {
	return map[string]falsified{
		"an event was processed that is not there": {func(l *dropkills.Left) {
			l.Events = dropped(l.Events, of(t, l.Events, id, false))
		}, "no order of its"},
		"an event was not processed": {func(l *dropkills.Left) {
			x := l.Events[of(t, l.Events, id, true)]
			x.Value = fmt.Appendf(nil, `{"id":%s,"now_premium":"7","now_info":"lost"}`, id)
			l.Events = append(slices.Clone(l.Events), x)
		}, "no order of its"},
		"a row was not taken over": {func(l *dropkills.Left) {
			x := l.RawInfo[of(t, l.RawInfo, id, false)]
			x.Offset, x.Value = 1<<40, fmt.Appendf(nil, `{"id":%s,"raw_premium":"7","raw_info":"lost","version":99999999}`, id)
			l.RawInfo = append(slices.Clone(l.RawInfo), x)
		}, "no order of its"},
		"a dead letter is lost": {func(l *dropkills.Left) {
			l.Refused = dropped(l.Refused, 1)
		}, "0 dead letters of the event"},
		"a dead letter comes twice": {func(l *dropkills.Left) {
			l.Refused = doubled(l.Refused, 1)
		}, "2 dead letters of the event"},
		"an event was refused that can be read": {func(l *dropkills.Left) {
			l.Refused = append(slices.Clone(l.Refused), l.Events[0])
		}, "which can be read"},
		"an echo is of no update": {func(l *dropkills.Left) {
			i := slices.IndexFunc(l.RawInfo, func(x brokers.Record) bool { return bytes.Contains(x.Value, []byte("updated_at")) })
			l.RawInfo = changed(t, l.RawInfo, i, `"version":`, `"version":1`)
		}, "of no update"},
	}
}

// TestTheVerifierFindsWhatItIsThereFor: without it nobody knows whether the proof could fail.
func TestTheVerifierFindsWhatItIsThereFor(t *testing.T) {
	honest := memory{}.run(t)
	id := quiet(honest, 3)
	cases := wrongResults(t, id)
	maps.Copy(cases, wrongInputs(t, id))
	for name, c := range cases {
		l := honest
		l.Dimension, l.LastAlerts = maps.Clone(l.Dimension), maps.Clone(l.LastAlerts)
		c.spoil(&l)
		finds(t, name, l, c.finds)
	}
}
