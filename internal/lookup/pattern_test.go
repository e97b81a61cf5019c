package lookup_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

// patterned is a table that holds partial matches.
func patterned(name string, patterns ...string) *lookuptest.Table {
	return lookuptest.Described(lookup.Info{Name: name, Topic: name, Key: "any text", Partitions: 1, Doc: "A table in memory.", Patterns: patterns})
}

// clocked is a table with a clock.
type clocked struct {
	*lookuptest.Table
	clock lookup.Clock
	err   error
}

func (c clocked) Clock(int32) (lookup.Clock, bool, error) { return c.clock, true, c.err }

type openRun struct {
	Next          []string
	Began, Latest int64
	Left          *int64
}

type explained struct {
	Table         string
	Open          []openRun
	Held, Waiting int
	Watermark     *int64
	Senders       []lookup.Sender
}

func ms(n int64) *int64 { return &n }

const twoOpen = `{"processed":3,"waiting":2,"stored_events":3,"open":[
	{"name":"cart","fingerprint":"a","known":true,"held":1,"runs":[
		{"next":["purchase"],"began":1000,"latest":1000,"times_out":11000},
		{"next":["purchase"],"began":2000,"latest":3000,"times_out":null}]},
	{"name":"view","fingerprint":"b","known":true,"held":0,"runs":[{"next":["cart"],"began":5,"latest":5,"times_out":6}]}]}`

func TestAPatternSaysWhatItWaitsForAndHowLong(t *testing.T) {
	sender := lookup.Sender{Topic: "clicks", Group: "reader", Partition: 3, Watermark: ms(4000), Holds: true}
	table := clocked{Table: patterned("runs", "cart", "view"), clock: lookup.Clock{Watermark: ms(4000), Senders: []lookup.Sender{sender}}}
	table.Put("s/1", twoOpen)
	h := handler(t, lookup.Config{Tables: []lookup.Table{table}})
	got := decode[explained](t, get(h, "/v1/cep/cart/s/1"))
	if len(got.Open) != 2 || got.Held != 1 || got.Waiting != 2 || got.Table != "runs" || *got.Watermark != 4000 {
		t.Fatalf("%+v", got)
	}
	if run := got.Open[0]; !slices.Equal(run.Next, []string{"purchase"}) || run.Began != 1000 || *run.Left != 7000 {
		t.Errorf("the first run is %+v", run)
	}
	if run := got.Open[1]; run.Latest != 3000 || run.Left != nil {
		t.Errorf("a run without a window is %+v", run)
	}
	if len(got.Senders) != 1 || got.Senders[0].Group != "reader" || !got.Senders[0].Holds || *got.Senders[0].Watermark != 4000 {
		t.Errorf("senders %+v", got.Senders)
	}
	table.clock = lookup.Clock{Watermark: ms(60_000)}
	h = handler(t, lookup.Config{Tables: []lookup.Table{table}})
	if run := decode[explained](t, get(h, "/v1/cep/cart/s/1")).Open[0]; *run.Left != 0 {
		t.Errorf("time that is over leaves %d", *run.Left)
	}
}

func TestAKeyOfWhichNothingIsOpenIsNoError(t *testing.T) {
	h := ofTable(t, patterned("runs", "cart"))
	w := get(h, "/v1/cep/cart/nobody")
	got := decode[explained](t, w)
	if w.Code != 200 || got.Open == nil || len(got.Open) > 0 || got.Senders == nil || got.Watermark != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAPatternThatCannotBeExplainedIsToldWhy(t *testing.T) {
	runs, again := patterned("runs", "cart", "both"), patterned("again", "both")
	runs.Put("other", `{"open":[{"name":"cart","fingerprint":"f","known":false,"runs":[]}]}`)
	runs.Put("damaged", `[]`)
	again.Put("k", twoOpen)
	stopped := clocked{Table: patterned("stopped", "stopped"), err: errors.New("no clock")}
	h := handler(t, lookup.Config{Tables: []lookup.Table{runs, again, stopped}})
	for target, want := range map[string]struct {
		status     int
		code, text string
	}{
		"cart/other":              {409, "other_pattern", "fingerprint f"},
		"cart/damaged":            {500, "read_failed", "table runs"},
		"stopped/k":               {500, "read_failed", "table stopped"},
		"none/k":                  {404, "unknown_pattern", `"none"`},
		"cart/k?table=again":      {404, "unknown_pattern", `"cart"`},
		"both/k":                  {400, "bad_request", "again, runs"},
		"cart":                    {400, "bad_request", "a pattern and a key"},
		"cart/":                   {400, "bad_request", "a pattern and a key"},
		"cart/%00":                {400, "bad_request", "0x00"},
		"cart/k?min_position=7:1": {400, "bad_request", "partition 7"},
	} {
		w := get(h, "/v1/cep/"+target)
		wantFailure(t, w, want.status, want.code, want.text)
	}
	if got := decode[explained](t, get(h, "/v1/cep/both/k?table=again")); got.Table != "again" {
		t.Errorf("asked for a table, got %+v", got)
	}
}

// traced is a table that knows what keys without a row have left.
type traced struct {
	*lookuptest.Table
	left map[string]string
	err  error
}

func (x traced) Left(key string) (lookup.Row, bool, error) {
	v, found := x.left[key]
	return lookup.Row{Key: key, Value: []byte(v)}, found, x.err
}

func TestAPatternSaysWhatEndedPartialMatchesLast(t *testing.T) {
	const matched = `{"open":[],"ended":[{"name":"view","at":7,"event":null,"ends":[]},{"name":"cart","at":5,"event":{"id":"e"},"ends":[{"why":"matched","runs":1,"began":2,"steps":[]}]}]}`
	const timedOut = `{"open":[],"ended":[{"name":"cart","at":9,"event":null,"ends":[{"why":"timed_out","runs":2,"began":3,"steps":["purchase"]}]}]}`
	table := traced{Table: patterned("runs", "cart"), left: map[string]string{"left": timedOut, "both": timedOut, "before": timedOut, "damaged": "[]"}}
	table.Put("row", matched)
	table.Put("both", matched)
	table.Put("before", `{"open":[]}`)
	h := handler(t, lookup.Config{Tables: []lookup.Table{table}})
	inRow := `"last_end":{"at":5,"event":{"id":"e"},"ends":[{"why":"matched","runs":1,"began":2,"steps":[]}]},`
	inTrace := `"last_end":{"at":9,"event":null,"ends":[{"why":"timed_out","runs":2,"began":3,"steps":["purchase"]}]},`
	for key, want := range map[string]string{"row": inRow, "both": inRow, "left": inTrace, "before": inTrace, "nobody": `"last_end":null,`} {
		if w := get(h, "/v1/cep/cart/"+key); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s\nwant %s", key, w.Code, w.Body, want)
		}
	}
	wantFailure(t, get(h, "/v1/cep/cart/damaged"), 500, "read_failed", "table runs")
	table.err = errors.New("no traces")
	wantFailure(t, get(handler(t, lookup.Config{Tables: []lookup.Table{table}}), "/v1/cep/cart/left"), 500, "read_failed", "table runs")
}
