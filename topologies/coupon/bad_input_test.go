package coupon_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// source is an input with the name of its fee.
type source struct{ topic, fee string }

var sources = []source{{"dwd_tb_trd_pay_ri", "div_idx_actual_total_fee"}, {"dwd_tb_trd_rfd_ri", "refund_fee"}}

// badInputs are records that can't be used, and what their dead letters must say. FEE stands for the fee's
// name.
var badInputs = []struct{ kind, value, reason string }{
	{"text that is no JSON", `order 1, paid 100`, "not JSON"},
	{"half an object", `{"biz_order_id":"1",`, "not JSON"},
	{"two objects", `{}{}`, "follows it"},
	{"a boolean instead of an object", `true`, "not a JSON object"},
	{"a buyer who is no number", `{"biz_order_id":"1","pay_status":"2","buyer_id":"abc"}`, `buyer_id "abc" is not an integer`},
	{"an empty buyer", `{"biz_order_id":"1","pay_status":"2","buyer_id":""}`, `buyer_id "" is not an integer`},
	{"a buyer with a fraction", `{"biz_order_id":"1","pay_status":"2","buyer_id":7.5}`, `buyer_id "7.5" is not an integer`},
	{"a buyer who is too large", `{"biz_order_id":"1","pay_status":"2","buyer_id":9223372036854775808}`, "out of the range of BIGINT"},
	{"a fee that is no number", `{"biz_order_id":"1","FEE":"ten"}`, `"FEE": "ten" is not a decimal number`},
	{"a fee that is too large", `{"biz_order_id":"1","FEE":-1e15}`, "below 10^15"},
	{"NaN", `{"biz_order_id":"1","FEE":"NaN"}`, `"FEE": "NaN" is not a decimal number`},
	{"an order id with a zero byte", `{"biz_order_id":"a\u0000b"}`, "contains the byte 0x00"},
	{"a status with a zero byte", `{"pay_status":"a\u0000b"}`, "contains the byte 0x00"},
	{"invalid UTF-8", "{\"biz_order_id\":\"\xff\"}", "invalid UTF-8"},
	{"an event a year ahead", `{"biz_order_id":"1","pay_time":"2022-03-25 10:00:00"}`, "ahead of the time of arrival"},
	{"an array with one bad record", `[{"biz_order_id":"9","buyer_id":"9","pay_time":"2021-03-25","FEE":100},{"FEE":"x"}]`, "record 2 of the array"},
	{"an array whose last buyer is no number", `[{"biz_order_id":"9","buyer_id":"9","pay_time":"2021-03-25","FEE":100},{"buyer_id":"x"}]`, `buyer_id "x"`},
}

func (s source) record(pattern string) []byte {
	return []byte(strings.ReplaceAll(pattern, "FEE", s.fee))
}

func good(order int) string {
	return fmt.Sprintf(`{"biz_order_id":%d,"pay_status":2,"buyer_id":7,"pay_time":"2021-03-25 10:00:00","FEE":"100"}`, order)
}

func TestABadRecordIsADeadLetterAndTheRestFlowsOn(t *testing.T) {
	for _, in := range sources {
		t.Run(in.topic, func(t *testing.T) {
			s := open(t, coupon.Config{Retain: coupon.DefaultRetain}, streamtest.InputPartitions(in.topic, 2), streamtest.MaxAhead(time.Hour))
			for i, bad := range badInputs {
				s.SendRaw(in.topic, 1, []byte("key"), in.record(bad.value))
				s.SendRaw(in.topic, 1, nil, in.record(good(100+i)))
			}
			s.Run()
			s.amounts(map[coupon.BuyerDay]int64{day25: int64(len(badInputs))})
			s.refused(t, in)
		})
	}
}

// refused compares the dead letters with badInputs.
func (s shop) refused(t *testing.T, in source) {
	letters := s.DeadLetters()
	if len(letters) != len(badInputs) {
		t.Fatalf("%d dead letters, want %d: %+v", len(letters), len(badInputs), letters)
	}
	for i, l := range letters {
		bad := badInputs[i]
		if l.Topic != in.topic || l.Partition != 1 || l.Offset != int64(2*i) || string(l.Key) != "key" || string(l.Value) != string(in.record(bad.value)) {
			t.Errorf("%s: the dead letter stands for %s/%d/%d: %s", bad.kind, l.Topic, l.Partition, l.Offset, l.Value)
		}
		if !strings.Contains(l.Reason, string(in.record(bad.reason))) || l.Group != "coupon-"+in.topic {
			t.Errorf("%s: the reason is %q of group %s, want %q", bad.kind, l.Reason, l.Group, bad.reason)
		}
	}
}

func TestEachTopicHasItsOwnFee(t *testing.T) {
	s := open(t, coupon.Config{})
	s.SendRaw("dwd_tb_trd_pay_ri", 0, nil, sources[1].record(good(1)))
	s.SendRaw("dwd_tb_trd_rfd_ri", 0, nil, sources[0].record(good(2)))
	s.Run()
	s.amounts(map[coupon.BuyerDay]int64{})
	s.SendRaw("dwd_tb_trd_pay_ri", 0, nil, sources[0].record(good(1)))
	s.SendRaw("dwd_tb_trd_rfd_ri", 0, nil, sources[1].record(good(2)))
	s.Run()
	s.amounts(map[coupon.BuyerDay]int64{day25: 2})
}

func TestAnArrayHoldsSeveralRecords(t *testing.T) {
	for _, in := range sources {
		s := open(t, coupon.Config{})
		s.SendRaw(in.topic, 0, nil, in.record("["+good(1)+","+good(2)+"]"))
		s.SendRaw(in.topic, 0, nil, []byte("[]"))
		s.Run()
		s.amounts(map[coupon.BuyerDay]int64{day25: 2})
		s.refusedNothing()
	}
}

func TestAnEmptyValueIsSkippedAndCounted(t *testing.T) {
	for _, in := range sources {
		s := open(t, coupon.Config{})
		s.SendRaw(in.topic, 0, []byte("1"), nil)
		s.Run()
		s.refusedNothing()
		if c := s.Counters("coupon-" + in.topic); c.Skipped != 1 {
			t.Errorf("counters: %+v", c)
		}
	}
}
