package channelgmv_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                      {}
func (printer) Logf(f string, args ...any)   { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// An order is paid on the website. Then it turns out that it was placed in the app, and cost less.
func ExampleTopology() {
	topology, err := channelgmv.Topology(channelgmv.Config{Retain: channelgmv.DefaultRetain})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	for _, order := range []string{
		`{"order_id":"1","order_channel":"webShop","order_time":"2021-03-25 10:00:00","real_pay":"100.00","pay_time":"2021-03-25 10:02:03","user_id":"0001"}`,
		`{"order_id":"1","order_channel":"appShop","order_time":"2021-03-25 10:00:01","real_pay":"80.00","pay_time":"2021-03-25 10:02:03","user_id":"0001"}`,
	} {
		d.SendRaw("trade_order_detail_info", 0, nil, []byte(order))
		d.Run()
		for _, r := range streamtest.Read(d, channelgmv.TradeChannelCollect) {
			if r.Value == nil {
				fmt.Println(r.Key, "is gone")
				continue
			}
			fmt.Println(r.Key, r.Value.ChannelName, r.Value.GMV.V, r.Value.Payers, r.Value.Orders)
		}
	}
	// Output:
	// 2021-03-25 00:00:00|webShop Website 100 1 1
	// 2021-03-25 00:00:00|webShop is gone
	// 2021-03-25 00:00:00|appShop Shopping App 80 1 1
}
