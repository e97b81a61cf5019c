package cep_test

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

type printer struct{}

func (printer) Helper()                           {}
func (printer) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (printer) Fatalf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func ExampleDetect() {
	abandoned := cep.
		Begin("cart", func(c click) bool { return c.Type == "cart" }).
		FollowedBy("purchase", func(c click) bool { return c.Type == "purchase" }).
		Within(10 * time.Minute)

	x := stream.New("shop")
	keyed := stream.KeyBy(stream.From(x, clicks), byWho, func(c click) (session, error) { return c.Who, nil })
	cep.Detect(keyed, detected, cep.Rule[click, string]{
		Name: "cart", Pattern: abandoned,
		OnMatch:   func(cep.Match[click], time.Time) []string { return []string{"bought"} },
		OnTimeout: func(cep.Match[click], time.Time) []string { return []string{"abandoned"} },
	}).To(alerts)
	topology, err := x.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	d := streamtest.New(printer{}, topology, now)
	for _, c := range []click{{"1", "ann", "cart", noon}, {"2", "bob", "cart", noon}, {"3", "ann", "purchase", noon.Add(time.Minute)}, {"4", "eve", "view", noon.Add(time.Hour)}} {
		streamtest.Send(d, clicks, "", c)
	}
	d.Run()
	for _, r := range streamtest.Read(d, alerts) {
		fmt.Println(r.Key, *r.Value, r.EventTime.Format("15:04:05"))
	}
	// Output:
	// ann bought 12:01:00
	// bob abandoned 12:10:00
}

func ExamplePattern_NextWhere() {
	// A second view of a product that has become cheaper.
	cheaper := cep.
		Begin("first", func(p price) bool { return true }).
		NextWhere("second", func(p price, so cep.Match[price]) bool {
			first, _ := so.Last("first")
			return p < first
		})
	fmt.Println(cheaper.Err())
	// Output: <nil>
}

type price int

func ExamplePattern_Err() {
	fmt.Println(cep.Begin("a", cep.Any[price]).Next("a", nil).Err())
	// Output:
	// malformed pattern: two steps have the name "a"
	// malformed pattern: step "a" has no condition: one that takes every event must say so
}
