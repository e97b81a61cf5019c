package cep_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

type session string

// click is the event of the tests.
type click struct {
	ID   string    `cbor:"1,keyasint" json:"id"`
	Who  session   `cbor:"2,keyasint" json:"who"`
	Type string    `cbor:"3,keyasint" json:"type"`
	At   time.Time `cbor:"4,keyasint" json:"at"`
}

var (
	clicks   = stream.NewTopic[stream.Unkeyed]("clicks", codecs.JSON[click](), func(c click) (time.Time, error) { return c.At, nil }, stream.OutOfOrder(2*time.Second))
	byWho    = stream.NewTopic[session]("shop-clicks-by-session", codecs.Compact[click](1), nil)
	runs     = cep.NewRuns[session]("shop-runs")
	alerts   = stream.NewTopic[session]("alerts", codecs.JSON[string](), nil, stream.Events(0))
	late     = stream.NewTopic[session]("late", codecs.JSON[click](), nil, stream.Events(0))
	noon     = time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)
	detected = cep.Detection[session, click]{Runs: runs, Events: codecs.Compact[click](1)}
)

func is(kind string) func(click) bool { return func(c click) bool { return c.Type == kind } }

// bought is the rule of most tests.
func bought() cep.Rule[click, string] {
	p := cep.Begin("cart", is("cart")).FollowedBy("purchase", is("purchase")).Within(10 * time.Minute)
	return cep.Rule[click, string]{Name: "cart", Pattern: p, OnMatch: say("bought"), OnTimeout: say("abandoned")}
}

// say makes an alert of all events of a match.
func say(what string) func(cep.Match[click], time.Time) []string {
	return func(m cep.Match[click], _ time.Time) []string {
		text := what
		for _, t := range m.Taken() {
			text += " " + t.Event.Value.ID
		}
		return []string{text}
	}
}

func build(t testing.TB, d cep.Detection[session, click], rules ...cep.Rule[click, string]) *stream.Topology {
	t.Helper()
	x := stream.New("shop")
	keyed := stream.KeyBy(stream.From(x, clicks), byWho, func(c click) (session, error) { return c.Who, nil })
	cep.Detect(keyed, d, rules...).To(alerts)
	topology, err := x.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topology
}

func drive(t testing.TB, rules ...cep.Rule[click, string]) *streamtest.Driver {
	t.Helper()
	return streamtest.New(t, build(t, detected, rules...), now)
}

// now: all events lie in the past.
var now = streamtest.Start(noon.Add(48 * time.Hour))

// send sends events that are written as "id who type seconds after noon", separated by commas.
func send(t streamtest.TB, d *streamtest.Driver, events string) {
	t.Helper()
	for _, text := range strings.Split(events, ",") {
		var c click
		var seconds float64
		if _, err := fmt.Sscan(text, &c.ID, &c.Who, &c.Type, &seconds); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		c.At = noon.Add(time.Duration(seconds * float64(time.Second)))
		streamtest.Send(d, clicks, "", c)
	}
}

// said are the alerts since it was called last: "who: text at seconds".
func said(d *streamtest.Driver) string {
	var all []string
	for _, r := range streamtest.Read(d, alerts) {
		all = append(all, fmt.Sprintf("%s: %s at %v", r.Key, *r.Value, r.EventTime.Sub(noon).Seconds()))
	}
	return strings.Join(all, ", ")
}

func want(t testing.TB, d *streamtest.Driver, alerts string) {
	t.Helper()
	d.Run()
	if got := said(d); got != alerts {
		t.Errorf("alerts: %s\nwant:   %s", got, alerts)
	}
}
