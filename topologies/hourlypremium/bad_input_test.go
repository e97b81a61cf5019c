package hourlypremium_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

const input = "user_order"

// badInputs are records that can't be used, and what their dead letters must say.
var badInputs = []struct{ kind, value, reason string }{
	{"text that is no JSON", `order 1, premium 100`, "not JSON"},
	{"half an object", `{"id":1,`, "not JSON"},
	{"two objects", good(1) + good(2), "follows it"},
	{"a text instead of an object", `"1"`, "not a JSON object"},
	{"no id", `{"gmt_modified":1616634000000}`, "id is missing"},
	{"a null id", `{"id":null,"gmt_modified":1616634000000}`, "id is missing"},
	{"an id that is no number", `{"id":"a7","gmt_modified":1616634000000}`, `"id": "a7" is not an integer`},
	{"a fraction as text", `{"id":"12.7","gmt_modified":1616634000000}`, `"id": "12.7" is not an integer`},
	{"an id that is too large", `{"id":9223372036854775808,"gmt_modified":1616634000000}`, "out of the range of BIGINT"},
	{"an empty id", `{"id":"","gmt_modified":1616634000000}`, `"id": "" is not an integer`},
	{"a premium that is no number", `{"id":1,"account_payble":"ten","gmt_modified":1616634000000}`, `"account_payble": "ten" is not a decimal number`},
	{"a premium that is too large", `{"id":1,"account_payble":1e15,"gmt_modified":1616634000000}`, "below 10^15"},
	{"another amount that is no number", `{"id":1,"order_price":"80f","gmt_modified":1616634000000}`, `"order_price": "80f" is not a decimal number`},
	{"other numbers that are none", `{"id":1,"order_type":true,"gmt_modified":1616634000000}`, `"order_type": "true" is not an integer`},
	{"a time as text", `{"id":1,"gmt_modified":"2021-03-25 10:00:00"}`, `"gmt_modified": "2021-03-25 10:00:00" is not an integer`},
	{"a time in microseconds", `{"id":1,"gmt_modified":1616634000000000}`, "gmt_modified 1616634000000000 is no time in milliseconds"},
	{"a time of no calendar", `{"id":1,"gmt_modified":-9223372036854775808}`, "is no time in milliseconds"},
	{"an event a year ahead", `{"id":1,"gmt_modified":1648170000000}`, "ahead of the time of arrival"},
	{"invalid UTF-8", "{\"id\":1,\"order_no\":\"\xff\",\"gmt_modified\":1616634000000}", "invalid UTF-8"},
	{"an array with one bad record", "[" + good(8) + `,{"id":9,"account_payble":"x"}]`, "record 2 of the array"},
	{"an array whose last record has no id", "[" + good(8) + `,{"gmt_modified":1616634000000}]`, "id is missing"},
}

func good(id int) string {
	return fmt.Sprintf(`{"id":%d,"order_no":"P-1","customer_tel":"138","gmt_modified":1616634000000,"account_payble":1}`, id)
}

func TestABadRecordIsADeadLetterAndTheRestFlowsOn(t *testing.T) {
	o := open(t, hourlypremium.Config{Retain: hourlypremium.DefaultRetain}, streamtest.InputPartitions(input, 2))
	for i, bad := range badInputs {
		o.SendRaw(input, 1, []byte("key"), []byte(bad.value))
		o.SendRaw(input, 1, nil, []byte(good(100+i)))
	}
	o.Run()
	letters := o.DeadLetters()
	if len(letters) != len(badInputs) {
		t.Fatalf("%d dead letters, want %d: %+v", len(letters), len(badInputs), letters)
	}
	for i, l := range letters {
		bad := badInputs[i]
		if l.Topic != input || l.Partition != 1 || l.Offset != int64(2*i) || string(l.Key) != "key" || string(l.Value) != bad.value {
			t.Errorf("%s: the dead letter stands for %s/%d/%d: %s", bad.kind, l.Topic, l.Partition, l.Offset, l.Value)
		}
		if !strings.Contains(l.Reason, bad.reason) || l.Group != "hourlypremium-"+input {
			t.Errorf("%s: the reason is %q of group %s, want %q", bad.kind, l.Reason, l.Group, bad.reason)
		}
	}
	o.shows(table{"2021032509": {fmt.Sprint(len(badInputs)), 1, 1}})
}

func TestWithOrderNumbersAsIdentityTheyMustBeKeys(t *testing.T) {
	o := open(t, hourlypremium.Config{Identity: hourlypremium.ByOrderNo})
	for _, bad := range []struct{ value, reason string }{
		{`{"id":1,"gmt_modified":1616634000000}`, "order_no is missing"},
		{`{"id":1,"order_no":"","gmt_modified":1616634000000}`, "the key is empty"},
		{`{"id":1,"order_no":"a\u0000b","gmt_modified":1616634000000}`, "zero byte"},
		{`{"id":1,"order_no":"__offset","gmt_modified":1616634000000}`, "reserved"},
	} {
		o.SendRaw(input, 0, nil, []byte(bad.value))
		o.Run()
		letters := o.DeadLetters()
		if l := letters[len(letters)-1]; !strings.Contains(l.Reason, bad.reason) || l.Group != "hourlypremium-"+input {
			t.Errorf("%s: the reason is %q of group %s, want %q", bad.value, l.Reason, l.Group, bad.reason)
		}
	}
	o.shows(table{})
}

func TestAnyTextCanBeAPolicyOrAPhone(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.SendRaw(input, 0, nil, []byte(`{"id":1,"order_no":"a\u0000b","customer_tel":{"a": [1, 2.50]},"gmt_modified":1616634000000.9}`))
	o.SendRaw(input, 0, nil, []byte(`{"id":2,"order_no":"a","customer_tel":true,"gmt_modified":" 1616634000000 "}`))
	o.SendRaw(input, 0, nil, []byte(`{"id":3,"order_no":"a\u0000","customer_tel":1e2,"gmt_modified":16166340e5}`))
	o.Run()
	o.shows(table{"2021032509": {"0", 3, 3}})
	o.refusedNothing()
}

func TestAnArrayHoldsSeveralRecords(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.SendRaw(input, 0, nil, []byte("["+good(1)+","+good(2)+"]"))
	o.SendRaw(input, 0, nil, []byte("[]"))
	o.Run()
	o.shows(table{"2021032509": {"2", 1, 1}})
	o.refusedNothing()
}

func TestAnEmptyValueIsSkippedAndCounted(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.SendRaw(input, 0, []byte("1"), nil)
	o.Run()
	o.refusedNothing()
	if c := o.Counters("hourlypremium-" + input); c.Skipped != 1 {
		t.Errorf("counters: %+v", c)
	}
}
