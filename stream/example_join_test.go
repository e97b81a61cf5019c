package stream_test

import (
	"fmt"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// Customers lie in a topic that others write. The visit waits for them, though it came first.
func ExampleJoinTable() {
	t := stream.New("shop")
	known := stream.ToTable(stream.UpsertsFrom(t, customers, customersByID, customerKey), known)
	byCustomer := stream.KeyBy(stream.From(t, visits), visitsByID, visitor)
	stream.JoinTable(byCustomer, known, func(v visit, c customer) (string, error) {
		return c.Name + " saw " + v.Page, nil
	}).To(greeted)
	topology, err := t.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	d := streamtest.New(printer{}, topology)
	streamtest.Send(d, visits, "", visit{Customer: "1", Page: "/cart"})
	streamtest.Send(d, visits, "", visit{Customer: "7", Page: "/cart"}) // nobody we know
	streamtest.Send(d, customers, "id=1", customer{ID: "1", Name: "Ada"})
	d.Run()
	for _, r := range streamtest.Read(d, greeted) {
		fmt.Println(r.Key, *r.Value)
	}
	// Output:
	// 1 Ada saw /cart
}

// Names of cities are few, and the same for all: every instance has them.
func ExampleJoinGlobal() {
	t := stream.New("shop")
	byCustomer := stream.KeyBy(stream.From(t, visits), visitsByID, visitor)
	stream.JoinGlobal(byCustomer, stream.GlobalFrom(t, cityNames), cityOf, func(_ visit, name string) (string, error) {
		return "was in " + name, nil
	}).To(greeted)
	topology, err := t.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	d := streamtest.New(printer{}, topology)
	streamtest.Send(d, cityNames, "lnz", "Linz")
	streamtest.Send(d, visits, "", visit{Customer: "1", Page: "lnz"})
	d.Run()
	for _, r := range streamtest.Read(d, greeted) {
		fmt.Println(r.Key, *r.Value)
	}
	// Output:
	// 1 was in Linz
}

// A profile without its customer is no row of an inner join; when either side goes, so does the row.
func ExampleInnerJoin() {
	t := stream.New("shop")
	l := stream.Through(stream.ToTable(stream.UpsertsFrom(t, customers, customersByID, customerKey), known), customersToJoin)
	r := stream.Through(stream.ToTable(stream.UpsertsFrom(t, profiles, profilesByID, profileKey), profileTable), profilesToJoin)
	stream.MapRows(stream.InnerJoin(l, r, joined), func(r tables.Row[customerID, both]) (string, error) {
		return fmt.Sprintf("%s, %d", r.Value.Left.Name, r.Value.Right.Age), nil
	}).To(names)
	topology, err := t.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	d := streamtest.New(printer{}, topology)
	for _, change := range []func(){
		func() { streamtest.Send(d, profiles, "id=1", profile{ID: "1", Age: 36}) },
		func() { streamtest.Send(d, customers, "id=1", customer{ID: "1", Name: "Ada"}) },
		func() { d.SendRaw("profiles", 0, []byte("id=1"), nil) },
	} {
		change()
		d.Run()
		for _, r := range streamtest.Read(d, names) {
			if r.Value == nil {
				fmt.Println(r.Key, "deleted")
				continue
			}
			fmt.Println(r.Key, *r.Value)
		}
	}
	// Output:
	// 1 Ada, 36
	// 1 deleted
}
