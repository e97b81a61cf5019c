package channelgmv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

const input = "trade_order_detail_info"

// badInputs are records that can't be used, and what their dead letters must say.
var badInputs = []struct{ kind, value, reason string }{
	{"text that is no JSON", `order 1, paid 100`, "not JSON"},
	{"half an object", `{"order_id":"1",`, "not JSON"},
	{"two objects", good("1") + good("2"), "follows it"},
	{"a number instead of an object", `7`, "not a JSON object"},
	{"no order id", `{"real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, "order_id is missing"},
	{"a null order id", `{"order_id":null,"real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, "order_id is missing"},
	{"an empty order id", `{"order_id":"","real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, "the key is empty"},
	{"an amount that is no number", `{"order_id":"1","real_pay":"ten","pay_time":"2021-03-25 10:00:00"}`, `"real_pay": "ten" is not a decimal number`},
	{"another amount that is no number", `{"order_id":"1","pay_amount":true,"real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, `"pay_amount": "true" is not a decimal number`},
	{"an amount that is too large", `{"order_id":"1","real_pay":1e15,"pay_time":"2021-03-25 10:00:00"}`, "below 10^15"},
	{"no pay time", `{"order_id":"1","real_pay":1}`, "pay_time is missing"},
	{"a pay time that is none", `{"order_id":"1","real_pay":1,"pay_time":"yesterday"}`, `pay_time "yesterday" is not a time`},
	{"a date alone", `{"order_id":"1","real_pay":1,"pay_time":"2021-03-25"}`, "is not a time"},
	{"a date that does not exist", `{"order_id":"1","real_pay":1,"pay_time":"2021-02-30 10:00:00"}`, "is not a time"},
	{"a time with a zone", `{"order_id":"1","real_pay":1,"pay_time":"2021-03-25 10:00:00+08:00"}`, "is not a time"},
	{"invalid UTF-8", "{\"order_id\":\"\xff\",\"real_pay\":1,\"pay_time\":\"2021-03-25 10:00:00\"}", "invalid UTF-8"},
	{"an order id with a zero byte", `{"order_id":"a\u0000b","real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, "zero byte"},
	{"a user with a zero byte", `{"order_id":"1","user_id":"a\u0000b","real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, "user_id"},
	{"a reserved order id", `{"order_id":"__offset","real_pay":1,"pay_time":"2021-03-25 10:00:00"}`, "reserved"},
	{"an event a year ahead", `{"order_id":"1","real_pay":1,"pay_time":"2022-03-25 10:00:00"}`, "ahead of the time of arrival"},
	{"an array with one bad record", "[" + good("8") + `,{"order_id":"9","real_pay":"x"}]`, "record 2 of the array"},
	{"an array whose last record has no id", "[" + good("8") + `,{"real_pay":1,"pay_time":"2021-03-25 10:00:00"}]`, "order_id is missing"},
}

func good(id string) string {
	return fmt.Sprintf(`{"order_id":%q,"order_channel":"webShop","real_pay":1,"pay_time":"2021-03-25 10:02:03","user_id":"alice"}`, id)
}

func TestABadRecordIsADeadLetterAndTheRestFlowsOn(t *testing.T) {
	s := open(t, channelgmv.Config{Retain: channelgmv.DefaultRetain}, streamtest.InputPartitions(input, 2))
	for i, bad := range badInputs {
		s.SendRaw(input, 1, []byte("key"), []byte(bad.value))
		s.SendRaw(input, 1, nil, []byte(good(fmt.Sprintf("good-%d", i))))
	}
	s.Run()
	letters := s.DeadLetters()
	if len(letters) != len(badInputs) {
		t.Fatalf("%d dead letters, want %d: %+v", len(letters), len(badInputs), letters)
	}
	for i, l := range letters {
		bad := badInputs[i]
		if l.Topic != input || l.Partition != 1 || l.Offset != int64(2*i) || string(l.Key) != "key" || string(l.Value) != bad.value {
			t.Errorf("%s: the dead letter stands for %s/%d/%d: %s", bad.kind, l.Topic, l.Partition, l.Offset, l.Value)
		}
		if !strings.Contains(l.Reason, bad.reason) || l.Group != "channelgmv-"+input {
			t.Errorf("%s: the reason is %q of group %s, want %q", bad.kind, l.Reason, l.Group, bad.reason)
		}
	}
	n := int64(len(badInputs))
	s.shows(table{web25: {fmt.Sprint(n), 1, n, "2021-03-25 10:02:03"}})
}

func TestAnArrayHoldsSeveralRecords(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.SendRaw(input, 0, nil, []byte("["+good("1")+","+good("2")+"]"))
	s.SendRaw(input, 0, nil, []byte("[]"))
	s.Run()
	s.shows(table{web25: {"2", 1, 2, "2021-03-25 10:02:03"}})
	s.refusedNothing()
}

func TestAnEmptyValueIsSkippedAndCounted(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.SendRaw(input, 0, []byte("1"), nil)
	s.Run()
	s.refusedNothing()
	if c := s.Counters("channelgmv-" + input); c.Skipped != 1 {
		t.Errorf("counters: %+v", c)
	}
}
