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

// shown are the rows of the runs that were written since the last call, as look-ups of a topology show them.
func shown(t *testing.T, d *streamtest.Driver, by *stream.Topology) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, r := range d.ReadRaw("shop-runs-table") {
		if !task.IsRow(string(r.Key)) || r.Value == nil {
			continue
		}
		_, _, b, err := task.ParseRow(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range by.Plan().Groups {
			if g.Table == nil {
				continue
			}
			row, err := g.Table.Rows.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			text, err := g.Table.Rows.JSON(row)
			if err != nil || !json.Valid(text) {
				t.Fatalf("%s, %v", text, err)
			}
			rows[string(r.Key)] = string(text)
		}
	}
	return rows
}

func after(seconds float64) int64 {
	return noon.Add(time.Duration(seconds * float64(time.Second))).UnixMilli()
}

func TestALookUpShowsWhatIsOpenAndWhatItWaitsFor(t *testing.T) {
	topology := build(t, detected, bought())
	d := streamtest.New(t, topology, now)
	send(t, d, "1 ann cart 1, 2 ann cart 5, 3 ann view 7, 4 eve view 20")
	d.Run()
	run := func(seconds float64) string {
		return fmt.Sprintf(`{"next":["purchase"],"began":%d,"latest":%d,"times_out":%d}`, after(seconds), after(seconds), after(seconds+600))
	}
	got := shown(t, d, topology)["ann"]
	if !strings.HasPrefix(got, `{"processed":3,"waiting":0,"stored_events":2,"open":[{"name":"cart","fingerprint":"`) ||
		!strings.HasSuffix(got, `","known":true,"held":0,"runs":[`+run(1)+","+run(5)+`]}]}`) {
		t.Errorf("ann: %s", got)
	}
	for _, g := range topology.Plan().Groups {
		if g.Table != nil && fmt.Sprint(g.Table.Patterns) != "[cart]" {
			t.Errorf("the table has patterns %v", g.Table.Patterns)
		}
	}
}

func TestALookUpWithAnotherPatternSaysSo(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 1, 4 eve view 20")
	d.Run()
	other := bought()
	other.Pattern = cep.Begin("cart", is("cart")).FollowedBy("purchase", is("purchase")).Within(time.Minute)
	other.Changed.Discard = true
	if got := shown(t, d, build(t, detected, other))["ann"]; !strings.HasSuffix(got, `,"known":false,"held":0,"runs":[]}]}`) {
		t.Errorf("ann: %s", got)
	}
}
