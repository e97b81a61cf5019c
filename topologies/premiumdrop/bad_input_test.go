package premiumdrop_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

type badInput struct{ kind, key, value, reason string }

// badTraces are traces that can't be used, and what their dead letters must say.
var badTraces = []badInput{
	{"text that is no JSON", "1", `nope`, "not JSON"},
	{"half an object", "1", `{"id":1,`, "not JSON"},
	{"two objects", "1", `{}{}`, "follows it"},
	{"null", "1", `null`, "not a JSON object"},
	{"an id that is no number", "1", `{"id":"a","now_premium":"1"}`, `"id": "a" is not an integer`},
	{"an id with a fraction in quotes", "1", `{"id":"1.5","now_premium":"1"}`, "is not an integer"},
	{"an id that is too large", "1", `{"id":9223372036854775808,"now_premium":"1"}`, "out of the range of BIGINT"},
	{"no premium", "1", `{"id":1}`, "now_premium is missing"},
	{"a premium that is no number", "1", `{"id":1,"now_premium":"abc"}`, `now_premium "abc" is not a decimal number`},
	{"an empty premium", "1", `{"id":1,"now_premium":""}`, `now_premium "" is not a decimal number`},
	{"NaN", "1", `{"id":1,"now_premium":"NaN"}`, "is not a decimal number"},
	{"a Java suffix", "1", `{"id":1,"now_premium":"80f"}`, "is not a decimal number"},
	{"full-width digits", "1", `{"id":1,"now_premium":"８０"}`, "is not a decimal number"},
	{"an object", "1", `{"id":1,"now_premium":{}}`, "is not a decimal number"},
	{"a premium that is too large", "1", `{"id":1,"now_premium":1e15}`, "below 10^15"},
	{"a bad premium of nobody", "1", `{"id":77,"now_premium":"x"}`, "is not a decimal number"},
	{"a time that is no number", "1", `{"id":1,"now_premium":1,"gmt_modified":"noon"}`, `"gmt_modified": "noon"`},
	{"invalid UTF-8", "1", "{\"id\":1,\"now_info\":\"\xff\"}", "invalid UTF-8"},
	{"an array with one bad trace", "1", `[{"id":1,"now_premium":1},{"id":1}]`, "now_premium is missing"},
}

// badRows are rows of the dimension that can't be used.
var badRows = []badInput{
	{"text that is no JSON", "1", `nope`, "not JSON"},
	{"no id", "1", `{"raw_premium":"1"}`, "id is missing"},
	{"an id that is no number", "1", `{"id":"a"}`, "is not an integer"},
	{"a version that is no number", "1", `{"id":1,"version":"new"}`, `"version": "new" is not an integer`},
	{"a version that is the last", "1", `{"id":1,"version":9223372036854775807}`, "leaves none for the next change"},
	{"an array with one bad row", "1", `[{"id":1,"raw_premium":"1"},{}]`, "id is missing"},
	{"a deletion of nobody", "", ``, "does not say which row is deleted"},
	{"a deletion of somebody without a number", "x", ``, `"x" is not an integer`},
	{"a deletion of an object without an id", `{"key":1}`, ``, "has no id"},
	{"a deletion of half an object", `{"id":`, ``, "has no id"},
}

func TestABadRecordIsADeadLetterAndTheRestFlowsOn(t *testing.T) {
	for topic, bad := range map[string][]badInput{traces: badTraces, rawInfo: badRows} {
		o := open(t, premiumdrop.Config{}, streamtest.InputPartitions(topic, 2))
		o.row(1, "100", "a", 1)
		for _, b := range bad {
			var key, value []byte
			if b.key != "" {
				key = []byte(b.key)
			}
			if b.value != "" {
				value = []byte(b.value)
			}
			o.SendRaw(topic, 1, key, value)
		}
		o.knows(known{"1": "100 a 1"})
		o.trace(1, "50", "b")
		o.alerts("1: 100 a -> 50 b")
		letters := o.DeadLetters()
		if len(letters) != len(bad) {
			t.Fatalf("topic %s: %d dead letters, want %d: %+v", topic, len(letters), len(bad), letters)
		}
		for i, l := range letters {
			if l.Topic != topic || l.Partition != 1 || string(l.Value) != bad[i].value || !strings.Contains(l.Reason, bad[i].reason) || l.Group != "premiumdrop-"+topic {
				t.Errorf("%s: dead letter %+v, want the reason %s", bad[i].kind, l, bad[i].reason)
			}
		}
	}
}

func TestAnArrayHoldsSeveralRecords(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.SendRaw(rawInfo, 0, nil, []byte(`[{"id":1,"raw_premium":100},{"id":2,"raw_premium":"100"}]`))
	o.SendRaw(traces, 0, nil, []byte(`[{"id":1,"now_premium":90},{"id":2,"now_premium":"80"}]`))
	o.SendRaw(traces, 0, nil, []byte("[]"))
	o.alerts("2: 100 null -> 80 null")
	o.refusedNothing()
}

func TestAnEmptyTraceIsSkippedAndCounted(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.SendRaw(traces, 0, []byte("1"), nil)
	o.Run()
	o.refusedNothing()
	if c := o.Counters("premiumdrop-" + traces); c.Skipped != 1 {
		t.Errorf("counters: %+v", c)
	}
}

func TestAMistakeInTheMiddleOfTheDimensionHoldsNobodyBack(t *testing.T) {
	o := open(t, premiumdrop.Config{}, streamtest.Partitions(2))
	o.trace(1, "50", "b")
	o.row(1, "100", "a", 1)
	for i := range 3 {
		o.SendRaw(rawInfo, 0, nil, fmt.Appendf(nil, "bad %d", i))
	}
	o.alerts("1: 100 a -> 50 b")
}
