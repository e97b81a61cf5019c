package lastpage_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                      {}
func (printer) Logf(f string, args ...any)   { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// An account opens the cart and clicks there. Its visit of the home page was before, and arrives late.
func ExampleTopology() {
	topology, err := lastpage.Topology(lastpage.Config{Retain: lastpage.DefaultRetain})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	for _, visit := range []string{
		`{"account_id":"a1","device_id":"d1","log_time":1616673420,"bury_point_type":"page","page_name":"/cart"}`,
		`{"account_id":"a1","device_id":"d1","log_time":1616673422,"bury_point_type":"click"}`,
		`{"account_id":"a1","device_id":"d1","log_time":1616673400,"bury_point_type":"page","page_name":"/home"}`,
	} {
		d.SendRaw("edw_zy_evt_bury_point_log", 0, nil, []byte(visit))
		d.Run()
		for _, r := range streamtest.Read(d, lastpage.UserLastLog) {
			fmt.Println(r.Key, r.Value.Kind.V, r.Value.Page.V)
		}
	}
	// Output:
	// a1|d1 page /cart
	// a1|d1 click /cart
}
