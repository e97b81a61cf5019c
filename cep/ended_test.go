package cep_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// lastEnd is how look-ups show what ended partial matches last.
type lastEnd struct {
	Name  string
	At    int64
	Event *click
	Ends  []struct {
		Why   string
		Runs  int
		Steps []string
	}
}

func (e lastEnd) String() string {
	text := e.Name + " at " + fmt.Sprint(time.UnixMilli(e.At).Sub(noon).Seconds())
	if e.Event != nil {
		text += " by " + e.Event.ID
	}
	for _, x := range e.Ends {
		text += fmt.Sprintf(", %s %d %v", x.Why, x.Runs, x.Steps)
	}
	return text
}

// traces are the rows that keys have left behind in cuts since the last call, as look-ups of a topology show them.
func traces(t *testing.T, d *streamtest.Driver, by *stream.Topology) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, r := range d.ReadRaw("shop-runs-table") {
		if !task.IsTrace(string(r.Key)) {
			continue
		}
		key, row, err := task.ParseTrace(r.Value)
		if err != nil || task.TraceOf(key) != string(r.Key) {
			t.Fatalf("key %q in place %q, %v", key, r.Key, err)
		}
		_, _, b, err := task.ParseRow(row)
		if err != nil {
			t.Fatal(err)
		}
		found[key] = ends(t, by, b)
	}
	return found
}

func ends(t *testing.T, by *stream.Topology, stored []byte) string {
	t.Helper()
	for _, g := range by.Plan().Groups {
		if g.Table == nil {
			continue
		}
		row, err := g.Table.Rows.Decode(stored)
		if err != nil {
			t.Fatal(err)
		}
		text, err := g.Table.Rows.JSON(row)
		if err != nil {
			t.Fatal(err)
		}
		return endsOf(t, string(text))
	}
	return ""
}

func endsOf(t *testing.T, row string) string {
	t.Helper()
	var doc struct{ Ended []lastEnd }
	if err := json.Unmarshal([]byte(row), &doc); err != nil {
		t.Fatalf("%s: %v", row, err)
	}
	var all []string
	for _, e := range doc.Ended {
		all = append(all, e.String())
	}
	return strings.Join(all, "; ")
}

func strict() cep.Rule[click, string] {
	return cep.Rule[click, string]{Name: "strict", OnMatch: say("strictly"), Pattern: cep.Begin("cart", is("cart")).Next("purchase", is("purchase"))}
}

func TestARowSaysWhatEndedPartialMatchesLast(t *testing.T) {
	topology := build(t, detected, bought(), strict())
	d := streamtest.New(t, topology, now)
	send(t, d, "1 ann cart 1, 2 ann view 2, 3 ann cart 3, 4 ann cart 4, 5 eve view 20")
	d.Run()
	if got := endsOf(t, shown(t, d, topology)["ann"]); got != "strict at 4 by 4, not_taken 1 [purchase]" {
		t.Errorf("ann: %s", got)
	}
	d.Restart()
	send(t, d, "6 ann purchase 30, 7 ann cart 31, 9 eve view 50")
	d.Run()
	if got := endsOf(t, shown(t, d, topology)["ann"]); got != "strict at 30 by 6, matched 1 []; cart at 30 by 6, matched 3 []" {
		t.Errorf("ann: %s", got)
	}
}

func TestAKeyWithoutPartialMatchesLeavesATraceOfTheLast(t *testing.T) {
	topology := build(t, detected, bought())
	d := streamtest.New(t, topology, now)
	send(t, d, "1 ann cart 1, 2 ann purchase 2, 3 bob cart 3, 4 dan view 4, 9 eve view 2000")
	d.Run()
	got := traces(t, d, topology)
	if len(got) != 2 || got["ann"] != "cart at 2 by 2, matched 1 []" || got["bob"] != "cart at 603, timed_out 1 [purchase]" {
		t.Errorf("traces: %q", got)
	}
}

func TestPartialMatchesOfADiscardedPatternSayThatTheyWere(t *testing.T) {
	first := build(t, detected, bought())
	d := streamtest.New(t, first, now)
	send(t, d, "1 ann cart 1, 9 eve view 20")
	d.Run()
	other := bought()
	other.Pattern = cep.Begin("cart", is("cart")).FollowedBy("purchase", is("purchase")).Within(time.Minute)
	other.Changed.Discard = true
	second := build(t, detected, other)
	d.Replace(second)
	send(t, d, "2 ann view 30, 9 eve view 60")
	d.Run()
	if got := traces(t, d, second)["ann"]; got != "cart at 30, discarded 0 []" {
		t.Errorf("ann: %s", got)
	}
}

// However many keys come and go, a partition keeps a bounded number of traces.
func TestTracesAreBounded(t *testing.T) {
	d := streamtest.New(t, build(t, detected, bought()), now)
	for i := range 5000 {
		send(t, d, fmt.Sprintf("c%d s%d cart %d, p%d s%d purchase %d", i, i, i, i, i, i+1))
	}
	send(t, d, "9 eve view 20000")
	d.Run()
	places := map[string]bool{}
	for _, r := range d.ReadRaw("shop-runs-table") {
		if task.IsTrace(string(r.Key)) {
			places[string(r.Key)] = true
		}
	}
	if n := len(places); n > 1024 || n < 900 {
		t.Errorf("%d traces, want nearly 1,024", n)
	}
}
