package stream_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

func sorted(ss []string) []string {
	slices.Sort(ss)
	return ss
}

// greeter greets each visitor by his name.
func greeter() *stream.Topology {
	t := stream.New("shop")
	byID := stream.KeyBy(stream.From(t, visits), visitsByID, visitor)
	stream.LeftJoinTable(byID, customersOf(t), func(v visit, c *customer) (string, error) {
		if c == nil {
			return v.Page + " nobody", nil
		}
		return v.Page + " " + c.Name, nil
	}).To(greeted)
	return t
}

func aVisit(d *streamtest.Driver, id, page string) { streamtest.Send(d, visits, "", visit{id, page}) }

func TestNoEventMeetsATableThatIsNotCompleteYet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := run(t, greeter(), streamtest.Partitions(rapid.IntRange(1, 4).Draw(t, "partitions")),
			streamtest.InputPartitions("customers", rapid.IntRange(1, 3).Draw(t, "customers")),
			streamtest.InputPartitions("visits", 2), streamtest.CommitEvery(rapid.IntRange(1, 20).Draw(t, "commit every")),
			streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
		const n = 20
		for i := range n {
			aVisit(d, fmt.Sprint(i), "early")
			upsert(d, fmt.Sprint(i), "wrong", "")
		}
		for i := range n {
			upsert(d, fmt.Sprint(i), fmt.Sprint("c", i), "")
		}
		for range rapid.IntRange(0, 3).Draw(t, "crashes") {
			for range rapid.IntRange(0, 60).Draw(t, "steps") {
				d.Step()
			}
			d.Restart()
		}
		d.Run()
		got := written(d, greeted)
		if len(got) != n {
			t.Fatalf("%d greetings, want %d", len(got), n)
		}
		for i := range n {
			if want := fmt.Sprintf("%d early c%d", i, i); !slices.Contains(got, want) {
				t.Fatalf("no greeting %q in %q", want, got)
			}
		}
		wantNoDeadLetters(t, d)
	})
}

func TestEventsWaitForThePartitionOfTheTableThatIsLast(t *testing.T) {
	d := run(t, greeter(), streamtest.Partitions(2), streamtest.InputPartitions("customers", 3))
	for i := range 6 {
		streamtest.Send(d, customers, stream.Unkeyed(fmt.Sprint("id=", i)), customer{ID: fmt.Sprint(i), Name: "n"}, streamtest.ToPartition(i%2))
		aVisit(d, fmt.Sprint(i), "p")
	}
	d.Hold("shop-customers", true, 2) // has nothing to read, but nobody knows
	d.Run()
	want(t, "greeted", written(d, greeted))
	d.Restart()
	d.Run()
	want(t, "greeted", written(d, greeted))
	d.Hold("shop-customers", false, 2)
	d.Run()
	if got := written(d, greeted); len(got) != 6 {
		t.Errorf("greeted %q", got)
	}
}

func TestATableThatIsEmptyHoldsNobodyBack(t *testing.T) {
	d := run(t, greeter(), streamtest.Partitions(3), streamtest.InputPartitions("customers", 2))
	aVisit(d, "1", "p")
	d.Run()
	want(t, "greeted", written(d, greeted), "1 p nobody")
}

func TestOnlyTheFirstStartIsBootstrapped(t *testing.T) {
	d := run(t, greeter(), streamtest.Partitions(2))
	upsert(d, "1", "Ada", "")
	d.Run()
	d.Hold("shop-customers", true)
	for range 2 {
		upsert(d, "1", "Eve", "")
		aVisit(d, "1", "p")
		d.Run()
		want(t, "greeted", written(d, greeted), "1 p Ada")
		d.Restart(streamtest.InputPartitions("customers", 2)) // a partition that came later holds nobody back
	}
	d.Hold("shop-customers", false)
	d.Run()
	aVisit(d, "1", "p")
	d.Run()
	want(t, "greeted", written(d, greeted), "1 p Eve")
}

func TestWhatComesOfABootstrappedTableIsBootstrappedToo(t *testing.T) {
	type city string
	type count struct {
		N int64 `json:"n" cbor:"1,keyasint"`
	}
	byCity := stream.NewChangeTopic[city]("shop-customers-by-city", codecs.Compact[customer](1))
	cities := tables.New[city]("shop-cities", codecs.Compact[count](1))
	asked := stream.NewTopic[stream.Unkeyed]("asked", codecs.String(), nil)
	askedByCity := stream.NewTopic[city]("shop-asked-by-city", codecs.String(), nil)
	answers := stream.NewTopic[city]("shop-answers", codecs.Int64(), nil, stream.Events(0))

	topology := stream.New("shop")
	grouped := stream.GroupBy(customersOf(topology), byCity, func(c customer) (city, error) { return city(c.City), nil })
	counts := stream.Aggregate(grouped, cities, stream.Count[customer]("n", func(c *count) *int64 { return &c.N }))
	questions := stream.KeyBy(stream.From(topology, asked), askedByCity, func(s string) (city, error) { return city(s), nil })
	stream.JoinTable(questions, counts, func(_ string, c count) (int64, error) { return c.N, nil }).To(answers)
	built := build(t, topology)

	for seed := range uint64(30) {
		d := streamtest.New(t, built, streamtest.Partitions(3), streamtest.InputPartitions("customers", 2), streamtest.Shuffle(seed))
		streamtest.Send(d, asked, "", "Linz")
		for i := range 9 {
			upsert(d, fmt.Sprint(i), "n", "Linz")
		}
		d.Run()
		want(t, "answers", written(d, answers), "Linz 9")
	}
}

func TestDescribeNamesWhatIsBootstrapped(t *testing.T) {
	want := `topology shop

topics
  visits                                   external
  shop-visits-by-id                        repartition
  customers                                external, bootstrapped
  shop-customers-by-id                     repartition, bootstrapped
  shop-greeted                             result
  shop-dead-letters                        dead letters

group shop-visits
  from visits
    key by, to shop-visits-by-id

group shop-customers
  from customers
    upserts, to shop-customers-by-id

group shop-known
  table shop-known-table, row version 1, retained for ever
  from shop-customers-by-id
    upserts, table shop-known
  from shop-visits-by-id
    left join, table shop-known
      to shop-greeted
`
	if got := build(t, greeter()).Describe(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
