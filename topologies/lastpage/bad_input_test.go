package lastpage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

const input = "edw_zy_evt_bury_point_log"

// badInputs are records that can't be used, and what their dead letters must say.
var badInputs = []struct{ kind, value, reason string }{
	{"text that is no JSON", `nope`, "not JSON"},
	{"half an object", `{"account_id":"1",`, "not JSON"},
	{"two objects", good(1) + good(2), "follows it"},
	{"null", `null`, "not a JSON object"},
	{"a log_time that is no number", `{"account_id":"1","log_time":"noon"}`, `"log_time": "noon" is not an integer`},
	{"one of nobody's that is none either", `{"log_time":"noon"}`, `"log_time": "noon" is not an integer`},
	{"a log_time that is too large", `{"account_id":"1","log_time":1e30}`, "out of the range of BIGINT"},
	{"a log_time of no calendar", `{"account_id":"1","log_time":253402300800000}`, "log_time 253402300800000 is no time"},
	{"a log_time in microseconds", `{"account_id":"1","log_time":1616673600000000}`, "is no time in seconds or milliseconds"},
	{"a negative log_time", `{"account_id":"1","log_time":-1}`, "is no time in seconds or milliseconds"},
	{"an event a year ahead", `{"account_id":"1","log_time":1648209600}`, "ahead of the time of arrival"},
	{"an account with a zero byte", `{"account_id":"a\u0000b"}`, "contains the byte 0x00"},
	{"a device with a zero byte", `{"account_id":"a","device_id":"\u0000"}`, "contains the byte 0x00"},
	{"invalid UTF-8", "{\"account_id\":\"\xff\"}", "invalid UTF-8"},
	{"an array with one bad record", "[" + good(8) + `,{"account_id":"9","log_time":"x"}]`, "record 2 of the array"},
}

func good(device int) string {
	return fmt.Sprintf(`{"account_id":"a1","device_id":%d,"log_time":1616673600,"bury_point_type":"page","page_name":"/home"}`, device)
}

func TestABadRecordIsADeadLetterAndTheRestFlowsOn(t *testing.T) {
	s := open(t, lastpage.Config{Retain: lastpage.DefaultRetain}, streamtest.InputPartitions(input, 2))
	for i, bad := range badInputs {
		s.SendRaw(input, 1, []byte("key"), []byte(bad.value))
		s.SendRaw(input, 1, nil, []byte(good(100+i)))
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
		if !strings.Contains(l.Reason, bad.reason) || l.Group != "lastpage-"+input {
			t.Errorf("%s: the reason is %q of group %s, want %q", bad.kind, l.Reason, l.Group, bad.reason)
		}
	}
	if got := s.pages(); len(got) != len(badInputs) {
		t.Errorf("%d pages, want %d", len(got), len(badInputs))
	}
}

func TestTextFieldsTakeAnyValue(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.SendRaw(input, 0, nil, []byte(`{"account_id":7,"device_id":1e2,"bury_point_type":true,"page_name":{"a": [1.50]},"log_time":" 1616673600 "}`))
	s.Run()
	s.shows(table{"7|1e2": `true {"a":[1.50]}`})
	s.refusedNothing()
}

func TestAnArrayHoldsSeveralRecords(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.SendRaw(input, 0, nil, []byte("["+good(1)+","+good(2)+"]"))
	s.SendRaw(input, 0, nil, []byte("[]"))
	s.Run()
	s.shows(table{"a1|1": "page /home", "a1|2": "page /home"})
	s.refusedNothing()
}

func TestAnEmptyValueIsSkippedAndCounted(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.SendRaw(input, 0, []byte("1"), nil)
	s.Run()
	s.refusedNothing()
	if c := s.Counters("lastpage-" + input); c.Skipped != 1 {
		t.Errorf("counters: %+v", c)
	}
}
