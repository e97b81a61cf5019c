package coupon_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                      {}
func (printer) Logf(f string, args ...any)   { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// A buyer pays 123.45 yuan and gets back 23 of them, then everything. The amount is cut to whole yuan.
func ExampleTopology() {
	topology, err := coupon.Topology(coupon.Config{Retain: coupon.DefaultRetain})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	for _, in := range []struct{ topic, value string }{
		{"dwd_tb_trd_pay_ri", `{"biz_order_id":"1","pay_status":"2","buyer_id":"7","pay_time":"2021-03-25 10:00:00","div_idx_actual_total_fee":12345}`},
		{"dwd_tb_trd_rfd_ri", `{"biz_order_id":"1","pay_status":"6","buyer_id":"7","pay_time":"2021-03-25 10:00:00","refund_fee":-2300}`},
		{"dwd_tb_trd_rfd_ri", `{"biz_order_id":"1","pay_status":"6","buyer_id":"7","pay_time":"2021-03-25 10:00:00","refund_fee":-12345}`},
	} {
		d.SendRaw(in.topic, 0, nil, []byte(in.value))
		d.Run()
		for _, r := range streamtest.Read(d, coupon.TddlOutput) {
			if r.Value == nil {
				fmt.Println(r.Key, "is gone")
				continue
			}
			fmt.Println(r.Key, r.Value.Amount)
		}
	}
	// Output:
	// 7|20210325 123
	// 7|20210325 100
	// 7|20210325 is gone
}

// A buyer who pays 120 yuan is granted a coupon. A refund takes it back, and the budget has it again.
func ExampleParseCampaigns() {
	campaigns, err := coupon.ParseCampaigns([]byte(`[
		{"name": "spring", "budget": 1000, "from": "2021-03-01", "to": "2021-03-31", "tiers": [{"spend": 100, "face_value": 10}]}
	]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	topology, err := coupon.Topology(coupon.Config{Retain: coupon.DefaultRetain, Campaigns: campaigns})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	d.SendRaw("dwd_tb_trd_pay_ri", 0, nil, []byte(`{"biz_order_id":"1","pay_status":"2","buyer_id":"7","pay_time":"2021-03-25 10:00:00","div_idx_actual_total_fee":12000}`))
	d.Run()
	d.SendRaw("dwd_tb_trd_rfd_ri", 0, nil, []byte(`{"biz_order_id":"1","pay_status":"6","buyer_id":"7","pay_time":"2021-03-25 10:00:00","refund_fee":-5000}`))
	d.Run()
	for _, r := range streamtest.Read(d, coupon.Coupons) {
		fmt.Println(r.Value.Event, r.Value.ID, "remaining", r.Value.Remaining)
	}
	// Output:
	// issued spring|7|20210325|100|1 remaining 990
	// revoked spring|7|20210325|100|1 remaining 1000
}
