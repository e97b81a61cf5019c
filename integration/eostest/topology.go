package eostest

import (
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Key is that of all records.
type Key string

// Reading is an input record.
type Reading struct {
	Key    Key   `json:"k"`
	Number int64 `json:"n"`
}

// Topology echoes the input and tells, after each of its records, the smallest number and the sum of the record's
// key; behind another topic, the largest and the count.
func Topology(x Topics) (*stream.Topology, error) {
	t := stream.New(x.Name)
	in := stream.NewTopic[Key](x.Data(), codecs.JSON[Reading](), nil, stream.Partitioned())
	via := stream.NewTopic[Key](x.Repartition(), codecs.JSON[Reading](), nil)
	data := stream.From(t, in)
	data.To(stream.NewTopic[Key](x.Echo(), codecs.JSON[Reading](), nil, stream.Events(0)))
	again := stream.KeyBy(data, via, func(r Reading) (Key, error) { return r.Key, nil })

	tell(t, data, x.Min(), func(held, n int64) int64 { return min(held, n) })
	tell(t, data, x.Sum(), func(held, n int64) int64 { return held + n })
	tell(t, again, x.Max(), func(held, n int64) int64 { return max(held, n) })
	one := stream.MapValues(again, func(r Reading) (Reading, error) { return Reading{r.Key, 1}, nil })
	tell(t, one, x.Count(), func(held, n int64) int64 { return held + n })
	return t.Build()
}

// tell keeps a number per key, the first one to begin with, and writes it to a topic after each record.
func tell(t *stream.Topology, in stream.Stream[Key, Reading], to string, next func(held, n int64) int64) {
	results := stream.NewTopic[Key](to, codecs.JSON[int64](), nil, stream.Events(0))
	p := stream.NewProcessor(t, tables.New[Key](group(to), codecs.JSON[int64]()))
	stream.On(p, in, func(c *stream.Context[Key, int64], r Reading) ([]int64, error) {
		n := r.Number
		if c.Row != nil {
			n = next(*c.Row, n)
		}
		c.Row = &n
		return []int64{n}, nil
	}).To(results)
}
