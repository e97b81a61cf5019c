package stream_test

import (
	"fmt"

	"github.com/tributary-go/tributary/codecs"
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

// Distinct users of a channel that nearly everybody uses: one partition would hold them all. In two levels the
// users of a channel are spread over the partitions, and the channel's own task takes in one change per user
// that comes or goes, instead of one per order.
func ExampleGroupBy_twoLevels() {
	type channelUser string
	type seen struct {
		Channel string `cbor:"1,keyasint"`
		Orders  int64  `cbor:"2,keyasint"`
	}
	type reach struct {
		Users  int64 `json:"users" cbor:"1,keyasint"`
		Orders int64 `json:"orders" cbor:"2,keyasint"`
	}
	byUser := stream.NewChangeTopic[channelUser]("shop-by-channel-user", codecs.Compact[order](1))
	perUser := tables.New[channelUser]("shop-channel-users", codecs.Compact[seen](1))
	byChannel := stream.NewChangeTopic[channel]("shop-users-by-channel", codecs.Compact[seen](1))
	perChannel := tables.New[channel]("shop-reach", codecs.Compact[reach](1))
	results := stream.NewTopic[channel]("shop-reach-results", codecs.JSON[reach](), nil)

	channelUserOf := func(o order) (channelUser, error) {
		member := tables.Text(o.User)
		if o.User == "" { // of guests each order is a member, or they would all share one key
			return tables.JoinKey[channelUser](tables.Text(o.Channel), tables.Part{}, tables.Text(o.ID))
		}
		return tables.JoinKey[channelUser](tables.Text(o.Channel), member)
	}

	t := stream.New("shop")
	rows := stream.Latest(stream.KeyBy(stream.From(t, orders), byOrder, idOf), latest, newer)
	users := stream.Aggregate(stream.GroupBy(rows, byUser, channelUserOf), perUser,
		stream.Count[order]("orders", func(a *seen) *int64 { return &a.Orders }))
	named := stream.MapRows(users, func(r tables.Row[channelUser, seen]) (seen, error) {
		parts, err := tables.SplitKey(r.Key)
		if err != nil {
			return seen{}, err
		}
		return seen{parts[0].V, r.Value.Orders}, nil
	})
	grouped := stream.GroupBy(named, byChannel, func(s seen) (channel, error) { return channel(s.Channel), nil })
	stream.Aggregate(grouped, perChannel,
		stream.Count[seen]("users", func(a *reach) *int64 { return &a.Users }),
		stream.SumInt("orders", func(a *reach) *int64 { return &a.Orders }, func(s seen) int64 { return s.Orders }),
	).To(results)
	topology, err := t.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	d := streamtest.New(printer{}, topology, streamtest.Partitions(4))
	for _, o := range []order{
		{ID: "a", Channel: "web", User: "u1", Version: 1}, {ID: "b", Channel: "web", User: "u1", Version: 1},
		{ID: "c", Channel: "web", User: "u2", Version: 1}, {ID: "d", Channel: "web", Version: 1}, {ID: "e", Channel: "web", Version: 1},
		{ID: "c", Channel: "app", User: "u2", Version: 2}, // moves
	} {
		streamtest.Send(d, orders, "", o)
		d.Run()
	}
	for _, c := range []channel{"app", "web"} {
		fmt.Println(c, streamtest.Table(d, results)[c])
	}
	// Output:
	// app {1 1}
	// web {3 4}
}
