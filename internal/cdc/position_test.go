package cdc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const server = "11111111-2222-3333-4444-555555555555"

func TestAPositionReadsAsItWasWritten(t *testing.T) {
	at, err := GTIDs(server + ":1-7:9")
	if err != nil {
		t.Fatal(err)
	}
	for text, p := range map[string]Position{
		`{"version":1,"gtids":"` + server + `:1-7:9","time":1616659200123,"snapshot":{"done":false,"rows":3,"by":["a","b"],"after":["7","x"],"until":["9","y"]},"partitions":4,"shape":"s"}`: {
			At: at, Time: time.UnixMilli(1616659200123).UTC(), Shape: "s", Partitions: 4,
			Snapshot: Snapshot{Rows: 3, By: []string{"a", "b"}, After: []string{"7", "x"}, Until: []string{"9", "y"}},
		},
		`{"version":1,"file":"binlog.000003","offset":154,"server":"` + server + `","time":0,"snapshot":{"done":true,"rows":0},"partitions":1,"shape":""}`: {
			At: Offset("binlog.000003", 154), Server: server, Time: time.UnixMilli(0).UTC(), Partitions: 1, Snapshot: Snapshot{Done: true},
		},
	} {
		b, err := json.Marshal(p)
		if err != nil || string(b) != text {
			t.Errorf("%s (%v), want %s", b, err, text)
		}
		var got Position
		if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v (%v), want %+v", got, err, p)
		}
	}
}

func TestAPositionOfANewerProgramIsRefused(t *testing.T) {
	var p Position
	err := json.Unmarshal([]byte(`{"version":2,"gtids":""}`), &p)
	if err == nil || !strings.Contains(err.Error(), "start the newer program") {
		t.Errorf("got %v", err)
	}
}

func TestAPlaceReachesWhatLiesBeforeIt(t *testing.T) {
	id := uuid.MustParse(server)
	at, _ := GTIDs(server + ":1-3")
	high, _ := GTIDs(server + ":1-5")
	held := at.clone()
	for _, n := range []int64{5, 4} { // commits may finish in another order than they are logged
		if at.Reached(high) {
			t.Errorf("%s has reached %s", at, high)
		}
		at.advance(Step{Server: id, Number: n})
	}
	if !at.Reached(high) || at.String() != server+":1-5" {
		t.Errorf("%s has not reached %s", at, high)
	}
	if held.Reached(high) {
		t.Error("a clone moves with its original")
	}
	for _, c := range []struct {
		at, high At
		want     bool
	}{
		{Offset("binlog.000002", 4), Offset("binlog.000001", 900), true},
		{Offset("binlog.000001", 900), Offset("binlog.000001", 900), true},
		{Offset("binlog.000001", 899), Offset("binlog.000001", 900), false},
		{Offset("binlog.1000000", 4), Offset("binlog.999999", 5), true},
	} {
		if got := c.at.Reached(c.high); got != c.want {
			t.Errorf("%s reaches %s: %t", c.at, c.high, got)
		}
	}
}
