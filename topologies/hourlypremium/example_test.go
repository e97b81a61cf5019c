package hourlypremium_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                      {}
func (printer) Logf(f string, args ...any)   { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// An order comes in at 09:40. Ten minutes later it is there with less to pay, an hour later with a new
// number: the premium stays what it was, and moves to the next hour.
func ExampleTopology() {
	topology, err := hourlypremium.Topology(hourlypremium.Config{Retain: hourlypremium.DefaultRetain})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	for _, order := range []string{
		`{"id":1,"order_no":"P-1","customer_tel":"13800000001","gmt_modified":1616636400000,"account_payble":120.50}`,
		`{"id":1,"order_no":"P-1","customer_tel":"13800000001","gmt_modified":1616637000000,"account_payble":"99.90"}`,
		`{"id":1,"order_no":"P-2","gmt_modified":1616640000000}`,
	} {
		d.SendRaw("user_order", 0, nil, []byte(order))
		d.Run()
		for _, r := range streamtest.Read(d, hourlypremium.HourlyPremiums) {
			if r.Value == nil {
				fmt.Println(r.Key, "is gone")
				continue
			}
			fmt.Println(r.Key, r.Value.Premium.V, r.Value.Policies, r.Value.Holders)
		}
	}
	// Output:
	// 2021032509 120.5 1 1
	// 2021032509 99.9 1 1
	// 2021032509 is gone
	// 2021032510 99.9 1 1
}
