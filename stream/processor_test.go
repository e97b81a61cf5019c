package stream_test

import (
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

func TestSubRowsDoNotLiveWithoutTheirRow(t *testing.T) {
	type id string
	words := stream.NewTopic[id]("words", codecs.String(), nil, stream.Partitioned())
	known := stream.NewTopic[id]("known", codecs.Int64(), nil, stream.Events(0))
	row := tables.New[id]("subs-row", codecs.Int64())
	seen := tables.NewSub("seen", codecs.Int64())

	topo := stream.New("subs")
	p := stream.NewProcessor(topo, row)
	stream.WithSubs(p, seen.Name)
	stream.On(p, stream.From(topo, words), func(c *stream.Context[id, int64], word string) ([]int64, error) {
		subs := stream.SubsOf(c, seen)
		n, _, err := subs.Get("x")
		if err != nil {
			return nil, err
		}
		if err := subs.Set("x", n+1); err != nil {
			return nil, err
		}
		if word == "keep" {
			c.Row = new(int64)
		}
		return []int64{n}, nil
	}).To(known)
	built, err := topo.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := streamtest.New(t, built)
	for _, word := range []string{"drop", "drop", "keep", "keep"} {
		streamtest.Send(d, words, "k", word)
		d.Run()
	}
	var got []int64
	for _, r := range streamtest.Read(d, known) {
		got = append(got, *r.Value)
	}
	want := []int64{0, 0, 0, 1}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("what each record found: %v, want %v", got, want)
		}
	}
}
