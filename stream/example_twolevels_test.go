package stream_test

import (
	"fmt"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// channelUser is a user in a channel: channel|user.
type channelUser string

// userOrders is a row of the first level. The channel is part of the key; GroupBy needs it in the row.
type userOrders struct {
	Channel string `cbor:"1,keyasint,omitempty"`
	Orders  int64  `cbor:"2,keyasint"`
}

// reach is a row of the second level.
type reach struct {
	Users  int64 `json:"users" cbor:"1,keyasint"`
	Orders int64 `json:"orders" cbor:"2,keyasint"`
}

var (
	byChannelUser  = stream.NewChangeTopic[channelUser]("shop-by-channel-user", codecs.Compact[order](1))
	perUser        = tables.New[channelUser]("shop-channel-users", codecs.Compact[userOrders](1))
	usersByChannel = stream.NewChangeTopic[channel]("shop-users-by-channel", codecs.Compact[userOrders](1))
	perChannel     = tables.New[channel]("shop-reach", codecs.Compact[reach](1))
	reachResults   = stream.NewTopic[channel]("shop-reach-results", codecs.JSON[reach](), nil)
)

// channelUserOf: of guests each order is a member, or all of them would share one key.
func channelUserOf(o order) (channelUser, error) {
	if o.User == "" {
		return tables.JoinKey[channelUser](tables.Text(o.Channel), tables.Part{}, tables.Text(o.ID))
	}
	return tables.JoinKey[channelUser](tables.Text(o.Channel), tables.Text(o.User))
}

func namedChannel(r tables.Row[channelUser, userOrders]) (userOrders, error) {
	parts, err := tables.SplitKey(r.Key)
	if err != nil {
		return userOrders{}, err
	}
	return userOrders{parts[0].V, r.Value.Orders}, nil
}

// twoLevels counts by channel and user first, and then the rows of that by channel.
func twoLevels() *stream.Topology {
	t := stream.New("shop")
	rows := stream.Latest(stream.KeyBy(stream.From(t, orders), byOrder, idOf), latest, newer)
	users := stream.Aggregate(stream.GroupBy(rows, byChannelUser, channelUserOf), perUser,
		stream.Count[order]("orders", func(a *userOrders) *int64 { return &a.Orders }))
	grouped := stream.GroupBy(stream.MapRows(users, namedChannel), usersByChannel,
		func(u userOrders) (channel, error) { return channel(u.Channel), nil })
	stream.Aggregate(grouped, perChannel,
		stream.Count[userOrders]("users", func(a *reach) *int64 { return &a.Users }),
		stream.SumInt("orders", func(a *reach) *int64 { return &a.Orders }, func(u userOrders) int64 { return u.Orders }),
	).To(reachResults)
	return t
}

// Distinct users of a channel that nearly everybody uses: one partition would hold them all. In two levels the
// users of a channel are spread over the partitions, and the channel's own task takes in what changes of each
// user's row.
func ExampleGroupBy_twoLevels() {
	topology, err := twoLevels().Build()
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
		r := streamtest.Table(d, reachResults)[c]
		fmt.Println(c, r.Users, "users,", r.Orders, "orders")
	}
	// Output:
	// app 1 users, 1 orders
	// web 3 users, 4 orders
}
