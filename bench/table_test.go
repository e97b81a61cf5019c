package main

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

type pair struct {
	A raw   `json:"a"`
	N int64 `json:"n"`
}

func write(t *testing.T, to *table[pair], key, value string) {
	t.Helper()
	r := &kgo.Record{Topic: "pairs", Key: []byte(key)}
	if value != "" {
		r.Value = []byte(value)
	}
	if err := to.take(r); err != nil {
		t.Fatal(err)
	}
}

func TestATableIsRightWhenEachRowIs(t *testing.T) {
	x := newTable("pairs", map[string]pair{"x": {`"text"`, 1}, "y": {"null", 2}})
	for _, step := range []struct {
		key, value, wrong string
	}{
		{"x", `{"a":"text","n":1,"more":0}`, `"y": no row, the recount says {A:null N:2}`},
		{"y", `{"a":null,"n":2}`, ""},
		{"z", `{"n":3}`, `"z": {A: N:3}, the recount says no row`},
		{"z", "", ""},
		{"x", `{"a":"text","n":2}`, `"x": {A:"text" N:2}, the recount says {A:"text" N:1}`},
		{"x", `{"a":"text","n":1}`, ""},
		{"y", "", `"y": no row`},
	} {
		write(t, x, step.key, step.value)
		err := x.compare()
		if (err == nil) != (step.wrong == "") || err != nil && !strings.Contains(err.Error(), step.wrong) {
			t.Errorf("after %s %s: %v, want %q", step.key, step.value, err, step.wrong)
		}
	}
}

func TestWhatIsExpectedMayChange(t *testing.T) {
	x := newTable("pairs", map[string]pair{})
	x.expect("x", pair{N: 1})
	x.expect("y", pair{N: 1})
	x.renounce("y")
	if x.compare() == nil {
		t.Error("a row that is missing is not noticed")
	}
	x.set("x", pair{N: 1})
	if err := x.compare(); err != nil {
		t.Error(err)
	}
}

func TestARowThatCannotBeReadIsNamed(t *testing.T) {
	x := newTable("pairs", map[string]pair{})
	err := x.take(&kgo.Record{Topic: "pairs", Offset: 7, Key: []byte("x"), Value: []byte("{")})
	if err == nil || !strings.Contains(err.Error(), "topic pairs, partition 0, offset 7") {
		t.Errorf("%v", err)
	}
}
