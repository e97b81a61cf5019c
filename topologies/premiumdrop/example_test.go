package premiumdrop_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                      {}
func (printer) Logf(f string, args ...any)   { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// Three premiums of customer 1: one that falls by half, one by a tenth, and one by a fifth.
func ExampleTopology() {
	topology, err := premiumdrop.Topology(premiumdrop.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	d.SendRaw("raw_info", 0, []byte("1"), []byte(`{"id":1,"raw_premium":"200","raw_info":"car","version":1}`))
	for _, trace := range []string{
		`{"id":1,"now_premium":"100","now_info":"van"}`,
		`{"id":1,"now_premium":"90","now_info":"van"}`,
		`{"id":1,"now_premium":"72","now_info":"bus"}`,
	} {
		d.SendRaw("dh_prd_dm_account_wechat_trace", 0, nil, []byte(trace))
		d.Run()
		for _, r := range streamtest.Read(d, premiumdrop.Alerts) {
			fmt.Printf("%d: %s %s, was %s %s\n", r.Value.ID, r.Value.NowPremium, r.Value.NowInfo.V, r.Value.RawPremium.V, r.Value.RawInfo.V)
		}
	}
	// Output:
	// 1: 100 van, was 200 car
	// 1: 72 bus, was 90 van
}
