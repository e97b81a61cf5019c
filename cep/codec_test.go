package cep

import (
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/codecs"
)

func TestRowsStayReadable(t *testing.T) {
	row := Runs{&runsState{seq: 7, arrived: 300, waiting: 2, timer: 1616673600000, stored: 5, swept: 1, rules: []ruleRuns{{"cart", "4e9842b090561576", []byte{1, 2, 3}}}, ended: []lastEnd{{"cart", []byte("e"), []nfa.Ended{
		{Why: nfa.ByMatch, Runs: 1, Began: 9000, At: 9100}, {Why: nfa.ByMiss, Runs: 2, Steps: []string{"next"}, Began: 1000, At: 1000},
	}}}}}
	const golden = "0207ac0202050180c88b948d5e0104636172741034653938343262303930353631353736030102030104636172740165020101d08c01c801000302d00f0001046e657874"
	b, err := runsCodec{}.Encode(nil, row)
	if err != nil || hex.EncodeToString(b) != golden {
		t.Errorf("stored as %x, %v", b, err)
	}
	back, err := runsCodec{}.Decode(b)
	if err != nil || !reflect.DeepEqual(back, row) {
		t.Errorf("read as %+v, %v", back.s, err)
	}
	if n := (runsCodec{}).Bound(row); n < len(b) {
		t.Errorf("bound %d, it has %d bytes", n, len(b))
	}
	for n := range b {
		if _, err := (runsCodec{}).Decode(b[:n]); !errors.Is(err, errRuns) {
			t.Errorf("%d of %d bytes are read: %v", n, len(b), err)
		}
	}
}

func TestEventsOfRunsStayReadable(t *testing.T) {
	c := takenCodec[string]{codecs.String()}
	e := taken[string]{event: &nfa.Event[string]{Time: 1616673600000, Value: "view"}, by: []places{{0xabcdef01, []byte{1, 0, 0}}}}
	const golden = "0180c88b948d5e01abcdef010301000076696577"
	b, err := c.Encode(nil, e)
	if err != nil || hex.EncodeToString(b) != golden {
		t.Errorf("stored as %x, %v", b, err)
	}
	back, err := c.Decode(b)
	if err != nil || !reflect.DeepEqual(back, e) {
		t.Errorf("read as %+v, %v", back, err)
	}
}

func TestEventsThatWaitSortByTimeThenArrival(t *testing.T) {
	last := ""
	for _, key := range []string{waitingKey(-5, 9), waitingKey(0, 1), waitingKey(0, 2), waitingKey(1, 0), waitingKey(1<<40, 0)} {
		if key <= last {
			t.Errorf("%x comes before %x", key, last)
		}
		last = key
	}
}

func TestRowsWithoutLastEndsAreStillRead(t *testing.T) {
	b, err := hex.DecodeString("0107ac0202050180c88b948d5e010463617274103465393834326230393035363135373603010203")
	if err != nil {
		t.Fatal(err)
	}
	back, err := runsCodec{}.Decode(b)
	if err != nil || back.s.seq != 7 || len(back.s.rules) != 1 || back.s.ended != nil {
		t.Errorf("read as %+v, %v", back.s, err)
	}
}
