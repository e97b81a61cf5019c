package golden

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// This file runs the cases through cep.Detect, in memory. Detect has a finer notion of time than Flink's
// operator: each window closes by itself, at its own time, whether or not the key has another event. So what is
// compared is which matches and time-outs there are, not their order.

type cepID string

var (
	cepByKey   = stream.NewTopic[cepID]("cep-events-by-key", codecs.JSON[CEPEvent](), nil)
	cepFound   = stream.NewTopic[cepID]("found", codecs.JSON[string](), nil, stream.Events(0))
	cepLate    = stream.NewTopic[cepID]("late", codecs.JSON[CEPEvent](), nil, stream.Events(0))
	cepPattern = cep.Detection[cepID, CEPEvent]{Runs: cep.NewRuns[cepID]("cep-runs"), Events: codecs.JSON[CEPEvent](), Late: cepLate}
)

// cepEvents is the topic of a case's events.
func cepEvents(c *CEPCase) stream.Topic[stream.Unkeyed, CEPEvent] {
	return stream.NewTopic[stream.Unkeyed]("events", codecs.JSON[CEPEvent](), CEPEvent.at, stream.OutOfOrder(time.Duration(c.BoundMs)*time.Millisecond))
}

func (e CEPEvent) at() (time.Time, error) { return time.UnixMilli(e.Ts), nil }

// endOfCase is later than all events and windows of the cases, ms.
const endOfCase = int64(1) << 42

// DetectCEP runs a case through cep.Detect. What is found is a sorted list for each key.
func DetectCEP(t TB, c *CEPCase) (found map[string][]string, late []string) {
	t.Helper()
	topology, err := detectCEP(c)
	if err != nil {
		t.Fatalf("%v", err)
		return nil, nil
	}
	d := streamtest.New(t, topology, streamtest.MaxAhead(0))
	for _, e := range append(slices.Clone(c.Events), CEPEvent{ID: "end", Key: "end", UserID: "end", UserSession: "end", Ts: endOfCase}) {
		streamtest.Send(d, cepEvents(c), "", e)
	}
	d.Run()
	found = map[string][]string{}
	for _, r := range streamtest.Read(d, cepFound) {
		found[string(r.Key)] = append(found[string(r.Key)], *r.Value)
	}
	for _, r := range streamtest.Read(d, cepLate) {
		late = append(late, r.Value.ID)
	}
	return sorted(found), late
}

func detectCEP(c *CEPCase) (*stream.Topology, error) {
	p, err := c.decode()
	if err != nil {
		return nil, err
	}
	x := stream.New("cep")
	events := stream.KeyBy(stream.From(x, cepEvents(c)), cepByKey, func(e CEPEvent) (cepID, error) { return cepID(c.key(&e)), nil })
	cep.Detect(events, cepPattern, cep.Rule[CEPEvent, string]{
		Name: "case", Pattern: cep.Define(p), OnMatch: foundAs("match"), OnTimeout: foundAs("time-out"),
	}).To(cepFound)
	return x.Build()
}

// foundAs writes what was found as compared.
func foundAs(what string) func(cep.Match[CEPEvent], time.Time) []string {
	return func(m cep.Match[CEPEvent], _ time.Time) []string {
		by := map[string][]string{}
		for _, t := range m.Taken() {
			by[t.Step] = append(by[t.Step], t.Event.Value.ID)
		}
		return []string{fmt.Sprint(what, " ", by)}
	}
}

func sorted(m map[string][]string) map[string][]string {
	for _, lines := range m {
		slices.Sort(lines)
	}
	return m
}

// set are Flink's matches and time-outs, as DetectCEP returns its own.
func (c *CEPCase) set() map[string][]string {
	m := map[string][]string{}
	for _, f := range c.Matches {
		m[f.Key] = append(m[f.Key], fmt.Sprint("match ", f.Events))
	}
	for _, f := range c.Timeouts {
		m[f.Key] = append(m[f.Key], fmt.Sprint("time-out ", f.Events))
	}
	return sorted(m)
}

// CheckDetectCEP runs a case through cep.Detect and reports what Flink found otherwise, and is not named in
// DetectExceptions.
func CheckDetectCEP(t TB, c *CEPCase) {
	t.Helper()
	got, late := DetectCEP(t, c)
	if !slices.Equal(late, c.Late) {
		t.Errorf("late are %v, want %v", late, c.Late)
	}
	x, want := DetectExceptions[c.Name], c.set()
	for key, lines := range x.More {
		want[key] = append(want[key], lines...)
	}
	for key, lines := range x.Less {
		want[key] = slices.DeleteFunc(want[key], func(line string) bool { return slices.Contains(lines, line) })
	}
	sorted(want)
	for _, key := range keysOf(got, want) {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("key %s: found\n%s\nwant\n%s", key, strings.Join(got[key], "\n"), strings.Join(want[key], "\n"))
		}
	}
}

// DetectException is a case in which Detect finds on purpose something else than Flink.
type DetectException struct {
	Reason     string
	More, Less map[string][]string // by key: what Detect finds besides, and what it does not
}

const (
	silent   = "a window closes by a timer of its own also where it runs since the event before, or since the epoch; Flink waits for another event of the key, which never comes"
	oneByOne = "windows close one after the other: a match that waits for a partial match is there when that one's window closes, and skips those whose windows close later; Flink closes all between two events at once"
)

// DetectExceptions are all of them, by the name of the case.
var DetectExceptions = map[string]DetectException{
	"timeout_prevCurr_silent_key/1":           {Reason: silent, More: map[string][]string{"x": {"time-out map[a:[e1]]"}}},
	"timeout_prevCurr_silent_key/2":           {Reason: silent, More: map[string][]string{"k1": {"time-out map[a:[e16]]"}}},
	"notFollowedBy_end_prevCurr_silent_key/1": {Reason: silent, More: map[string][]string{"x": {"match map[a:[e1]]"}}},
	"timeout_zero_timestamp_silent_key/1":     {Reason: silent, More: map[string][]string{"x": {"time-out map[a:[e1]]"}}},
	"rnd_g_106": {Reason: oneByOne, Less: map[string][]string{"k": {
		"time-out map[s1:[e19] s2:[e20 e22 e23 e24 e25]]", "time-out map[s1:[e19] s2:[e20 e22 e23 e24] s3:[e25]]", "time-out map[s1:[e19] s2:[e20 e22 e23] s3:[e24 e25]]",
		"time-out map[s2:[e19 e20 e22 e23 e24 e25]]", "time-out map[s2:[e19 e20 e22 e23 e24] s3:[e25]]", "time-out map[s2:[e19 e20 e22 e23] s3:[e24 e25]]", "time-out map[s2:[e19 e20 e22] s3:[e23 e24 e25]]",
	}}},
}
