package stream_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                           {}
func (printer) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (printer) Fatalf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func ExamplePreAggregate() {
	t := stream.New("shop")
	rows := stream.Latest(stream.KeyBy(stream.From(t, orders), byOrder, idOf), latest, newer)
	add := func(p totals, o order) totals { return totals{p.Orders + 1, p.Paid + o.Paid} }
	sub := func(p totals, o order) totals { return totals{p.Orders - 1, p.Paid - o.Paid} }
	sums := stream.Fold(stream.PreAggregate(rows, differences, channelOf, add, sub), summed,
		func(_ stream.Record, held *totals, p totals) (*totals, error) {
			if held != nil {
				p = totals{held.Orders + p.Orders, held.Paid + p.Paid}
			}
			if p.Orders == 0 {
				return nil, nil // no order is left
			}
			return &p, nil
		})
	sums.To(results)
	topology, err := t.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	d := streamtest.New(printer{}, topology, streamtest.CommitEvery(100))
	streamtest.Send(d, orders, "", order{ID: "a", Channel: "web", Version: 1, Paid: 5})
	streamtest.Send(d, orders, "", order{ID: "b", Channel: "web", Version: 1, Paid: 7})
	streamtest.Send(d, orders, "", order{ID: "a", Channel: "app", Version: 2, Paid: 5}) // moves
	d.Run()
	for _, r := range streamtest.Read(d, results) {
		fmt.Println(r.Key, *r.Value)
	}
	// Output:
	// web {1 7}
	// app {1 5}
}
