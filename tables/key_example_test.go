package tables_test

import (
	"fmt"

	"github.com/tributary-go/tributary/tables"
)

// ChannelDay is a sales channel on a day. A null channel is a channel of its own.
type ChannelDay string

func NewChannelDay(day string, channel tables.Part) (ChannelDay, error) {
	return tables.JoinKey[ChannelDay](tables.Text(day), channel)
}

func (k ChannelDay) Channel() (tables.Part, error) {
	parts, err := tables.SplitKey(k)
	if err != nil {
		return tables.Part{}, err
	}
	if len(parts) != 2 {
		return tables.Part{}, fmt.Errorf("%w: %q has %d parts, want day and channel", tables.ErrKey, string(k), len(parts))
	}
	return parts[1], nil
}

func ExampleJoinKey() {
	web, _ := NewChannelDay("2021-03-25", tables.Text("webShop"))
	none, _ := NewChannelDay("2021-03-25", tables.Part{})
	_, err := NewChannelDay("2021-03-25", tables.Text("web\x00Shop"))
	fmt.Println(web)
	fmt.Println(none)
	fmt.Println(err)
	// Output:
	// 2021-03-25|webShop
	// 2021-03-25|\N
	// not a valid key: "2021-03-25|web\x00Shop" contains the byte 0x00
}

func ExampleSplitKey() {
	channel, err := ChannelDay(`2021-03-25|pop\|up`).Channel()
	fmt.Printf("%q %v\n", channel.V, err)
	// Output: "pop|up" <nil>
}

func ExamplePrefix() {
	p, _ := tables.Prefix(tables.Text("2021-03-25"))
	fmt.Println(p) // all channels of the day
	// Output: 2021-03-25|
}

func ExampleCheckKey() {
	fmt.Println(tables.CheckKey(ChannelDay("__offset")))
	// Output: not a valid key: "__offset" is reserved for goka
}
