package stream_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

func TestARecordMeetsTheRowOfItsKeyAsOfNow(t *testing.T) {
	topology := stream.New("shop")
	byID := stream.KeyBy(stream.From(topology, visits), visitsByID, visitor)
	stream.JoinTable(byID, customersOf(topology), func(v visit, c customer) (string, error) {
		switch v.Page {
		case "skip":
			return "", stream.ErrSkip
		case "fail":
			return "", errors.New("can't be joined")
		}
		return v.Page + " " + c.Name, nil
	}).To(greeted)
	d := run(t, topology, streamtest.Partitions(4))
	step := func(f func()) {
		f()
		d.Run()
	}
	step(func() { aVisit(d, "1", "a") }) // not known yet
	step(func() { upsert(d, "1", "Ada", "") })
	step(func() { aVisit(d, "1", "b") })
	step(func() { upsert(d, "1", "Eve", "") })
	step(func() { aVisit(d, "1", "c"); aVisit(d, "1", "skip"); aVisit(d, "1", "fail") })
	step(func() { remove(d, "1") })
	step(func() { aVisit(d, "1", "d") })
	want(t, "joined", written(d, greeted), "1 b Ada", "1 c Eve")
	if c := d.Counters("shop-known"); c.Skipped != 3 || c.DeadLetters != 1 {
		t.Errorf("counters %+v", c)
	}
}

func TestAJoinSeesTheTableThroughItsSteps(t *testing.T) {
	topology := stream.New("shop")
	byID := stream.KeyBy(stream.From(topology, visits), visitsByID, visitor)
	local := customersOf(topology).Filter(func(c customer) bool { return c.City == "Linz" })
	arrivals := stream.MapRows(local, func(r tables.Row[customerID, customer]) (string, error) {
		return fmt.Sprint(r.Key, " ", r.Value.Name, " ", r.UpdatedAt.Sub(noon)), nil
	})
	stream.LeftJoinTable(byID, arrivals, func(v visit, c *string) (string, error) {
		if c == nil {
			return v.Page + " nobody", nil
		}
		return v.Page + " " + *c, nil
	}).To(greeted)
	d := run(t, topology)
	upsert(d, "1", "Ada", "Linz")
	upsert(d, "2", "Bob", "Graz")
	d.Run()
	streamtest.Send(d, visits, "", visit{"1", "a"}, streamtest.Arrived(minute(9)))
	aVisit(d, "2", "b")
	d.Run()
	want(t, "joined", written(d, greeted), "1 a 1 Ada 0s", "2 b nobody")
}

func TestARecordThatIsJoinedTwiceIsSkippedOnlyWhereItHasNoRow(t *testing.T) {
	topology := stream.New("shop")
	byID := stream.KeyBy(stream.From(topology, visits), visitsByID, visitor)
	c := customersOf(topology)
	stream.LeftJoinTable(byID, c, func(v visit, _ *customer) (string, error) { return "left " + v.Page, nil }).To(greeted)
	stream.JoinTable(byID, c, func(v visit, _ customer) (string, error) { return "inner " + v.Page, nil }).To(greeted)
	d := run(t, topology)
	aVisit(d, "1", "a")
	d.Run()
	want(t, "joined", written(d, greeted), "1 left a")
}

func TestTheJoinedRowCanBeChangedByNobody(t *testing.T) {
	topology := stream.New("shop")
	byID := stream.KeyBy(stream.From(topology, visits), visitsByID, visitor)
	stream.LeftJoinTable(byID, customersOf(topology), func(_ visit, c *customer) (string, error) {
		c.Name += "!"
		return c.Name, nil
	}).To(greeted)
	d := run(t, topology, streamtest.CommitEvery(10))
	upsert(d, "1", "Ada", "")
	aVisit(d, "1", "a")
	aVisit(d, "1", "b")
	d.Run()
	want(t, "joined", written(d, greeted), "1 Ada!", "1 Ada!")
}

func TestAnEventOlderThanTheRetentionOfItsTableIsTooLateToBeJoined(t *testing.T) {
	topology := stream.New("shop")
	at := stream.NewTopic[stream.Unkeyed]("visits", codecs.JSON[visit](), nil)
	byID := stream.KeyBy(stream.From(topology, at), visitsByID, visitor)
	short := known
	short.Retain = minute(10).Sub(noon)
	c := stream.ToTable(stream.UpsertsFrom(topology, customers, customersByID, customerKey), short)
	stream.LeftJoinTable(byID, c, func(v visit, _ *customer) (string, error) { return v.Page, nil }).To(greeted)
	d := run(t, topology, streamtest.InputPartitions("visits", 1))
	streamtest.Send(d, visits, "", visit{"1", "a"}, streamtest.Arrived(minute(30)))
	upsert(d, "2", "n", "")
	d.Advance(minute(1).Sub(noon)) // the customers are idle
	streamtest.Send(d, visits, "", visit{"1", "late"}, streamtest.Arrived(minute(20)))
	d.Run()
	want(t, "joined", written(d, greeted), "1 a")
	if c := d.Counters("shop-known"); c.Late != 1 {
		t.Errorf("counters %+v", c)
	}
}

// ---- tables with tables

type profile struct {
	ID  string `json:"id" cbor:"1,keyasint,omitzero"`
	Age int64  `json:"age" cbor:"2,keyasint,omitzero"`
}

type both = stream.Both[customer, profile]

var (
	profiles        = stream.NewTopic[stream.Unkeyed]("profiles", codecs.JSON[profile](), nil)
	profilesByID    = stream.NewTopic[customerID]("shop-profiles-by-id", codecs.Compact[profile](1), nil)
	profileTable    = tables.New[customerID]("shop-profile-table", codecs.Compact[profile](1))
	customersToJoin = stream.NewChangeTopic[customerID]("shop-customers-to-join", codecs.Compact[customer](1))
	profilesToJoin  = stream.NewChangeTopic[customerID]("shop-profiles-to-join", codecs.Compact[profile](1))
	joined          = tables.New[customerID]("shop-joined", codecs.Compact[both](1))
	joinedCustomers = stream.NewTopic[customerID]("shop-joined-customers", codecs.JSON[both](), nil)
)

// joinKind is one of the three joins, and for which rows it has a result.
type joinKind struct {
	name string
	join func(stream.Grouped[customerID, customer], stream.Grouped[customerID, profile], tables.Table[customerID, both]) stream.Changes[customerID, both]
	has  func(left, right bool) bool
}

var joinKinds = []joinKind{
	{"inner", stream.InnerJoin[customerID, customer, profile], func(l, r bool) bool { return l && r }},
	{"left", stream.LeftJoin[customerID, customer, profile], func(l, _ bool) bool { return l }},
	{"outer", stream.OuterJoin[customerID, customer, profile], func(l, r bool) bool { return l || r }},
}

func profileKey(record stream.Unkeyed, _ *profile) (customerID, error) {
	return customerID(record[len("id="):]), nil
}

func joinedShop(k joinKind) *stream.Topology {
	t := stream.New("shop")
	l := stream.Through(customersOf(t), customersToJoin)
	r := stream.Through(stream.ToTable(stream.UpsertsFrom(t, profiles, profilesByID, profileKey), profileTable), profilesToJoin)
	k.join(l, r, joined).To(joinedCustomers)
	return t
}

func profileOf(d *streamtest.Driver, id string, age int64) {
	streamtest.Send(d, profiles, stream.Unkeyed("id="+id), profile{id, age})
}

func show(b both) string {
	s := "-"
	if b.Left != nil {
		s = b.Left.Name
	}
	if b.Right != nil {
		return fmt.Sprint(s, " ", b.Right.Age)
	}
	return s + " -"
}

func TestTablesAreJoinedAsTheyChange(t *testing.T) {
	steps := []struct {
		do                 func(*streamtest.Driver)
		inner, left, outer string // what is written; "": nothing
	}{
		{func(d *streamtest.Driver) { upsert(d, "1", "Ada", "") }, "", "1 Ada -", "1 Ada -"},
		{func(d *streamtest.Driver) { profileOf(d, "1", 36) }, "1 Ada 36", "1 Ada 36", "1 Ada 36"},
		{func(d *streamtest.Driver) { profileOf(d, "1", 36) }, "", "", ""},
		{func(d *streamtest.Driver) { profileOf(d, "1", 37) }, "1 Ada 37", "1 Ada 37", "1 Ada 37"},
		{func(d *streamtest.Driver) { remove(d, "1") }, "1 gone", "1 gone", "1 - 37"},
		{func(d *streamtest.Driver) { upsert(d, "1", "Eve", "") }, "1 Eve 37", "1 Eve 37", "1 Eve 37"},
		{func(d *streamtest.Driver) { d.SendRaw("profiles", -1, []byte("id=1"), nil) }, "1 gone", "1 Eve -", "1 Eve -"},
		{func(d *streamtest.Driver) { remove(d, "1") }, "", "1 gone", "1 gone"},
		{func(d *streamtest.Driver) { profileOf(d, "1", 1) }, "", "", "1 - 1"},
		{func(d *streamtest.Driver) { d.SendRaw("profiles", -1, []byte("id=1"), nil) }, "", "", "1 gone"},
	}
	for i, k := range joinKinds {
		d := run(t, joinedShop(k), streamtest.Partitions(3))
		for n, step := range steps {
			step.do(d)
			d.Run()
			got := ""
			for _, r := range streamtest.Read(d, joinedCustomers) {
				if got += string(r.Key) + " gone"; r.Value != nil {
					got = strings.TrimSuffix(got, "gone") + show(*r.Value)
				}
			}
			if want := []string{step.inner, step.left, step.outer}[i]; got != want {
				t.Errorf("%s join, step %d wrote %q, want %q", k.name, n+1, got, want)
			}
		}
		if keys := d.StateKeys(joined.Name); len(keys) != 0 {
			t.Errorf("%s join: the table still holds %q", k.name, keys)
		}
		wantNoDeadLetters(t, d)
	}
}

func TestJoinedTablesAreTheJoinOfTheTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(joinKinds).Draw(t, "join")
		d := run(t, joinedShop(k), streamtest.Partitions(rapid.IntRange(1, 3).Draw(t, "partitions")),
			streamtest.CommitEvery(rapid.IntRange(1, 9).Draw(t, "commit every")), streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
		left, right := map[string]string{}, map[string]int64{}
		ids := []string{"1", "2", "3"}
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				remove(d, id)
				delete(left, id)
			case 1:
				d.SendRaw("profiles", -1, []byte("id="+id), nil)
				delete(right, id)
			case 2, 3:
				left[id] = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")
				upsert(d, id, left[id], "")
			default:
				right[id] = rapid.Int64Range(1, 2).Draw(t, "age")
				profileOf(d, id, right[id])
			}
			for range rapid.IntRange(0, 9).Draw(t, "steps") {
				d.Step()
			}
			if rapid.IntRange(0, 15).Draw(t, "crash") == 0 {
				d.Restart()
			}
		}
		d.Run()
		want := map[customerID]string{}
		for _, id := range ids {
			name, l := left[id]
			age, r := right[id]
			if k.has(l, r) {
				b := both{}
				if l {
					b.Left = &customer{Name: name}
				}
				if r {
					b.Right = &profile{Age: age}
				}
				want[customerID(id)] = show(b)
			}
		}
		got := map[customerID]string{}
		for id, b := range streamtest.Table(d, joinedCustomers) {
			got[id] = show(b)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%s join: %v, want %v", k.name, got, want)
		}
		if c := d.Counters(joined.Name); c.Orphans != 0 || c.DeadLetters != 0 {
			t.Fatalf("counters %+v", c)
		}
	})
}

func TestARowThatLeavesAKeyDoesNotTakeTheOneThatCameAfterItAway(t *testing.T) {
	type badge string
	byBadge := stream.NewChangeTopic[badge]("shop-customers-by-badge", codecs.Compact[customer](1))
	profileByBadge := stream.NewChangeTopic[badge]("shop-profiles-by-badge", codecs.Compact[profile](1))
	out := stream.NewTopic[badge]("shop-badges", codecs.JSON[both](), nil)
	topology := stream.New("shop")
	l := stream.GroupBy(customersOf(topology), byBadge, func(c customer) (badge, error) { return badge(c.City), nil })
	ps := stream.ToTable(stream.UpsertsFrom(topology, profiles, profilesByID, profileKey), profileTable)
	r := stream.GroupBy(ps, profileByBadge, func(p profile) (badge, error) { return badge(p.ID), nil })
	stream.LeftJoin(l, r, tables.New[badge]("shop-joined", codecs.Compact[both](1))).To(out)
	built := build(t, topology)
	for seed := range uint64(50) {
		d := streamtest.New(t, built, streamtest.Partitions(4), streamtest.InputPartitions("customers", 4), streamtest.Shuffle(seed))
		upsert(d, "1", "Ada", "b1")
		d.Run()
		upsert(d, "1", "Ada", "b2") // leaves b1 ...
		upsert(d, "2", "Bob", "b1") // ... who takes it comes through another partition
		d.Run()
		got := map[badge]string{}
		for k, b := range streamtest.Table(d, out) {
			got[k] = show(b)
		}
		if want := (map[badge]string{"b1": "Bob -", "b2": "Ada -"}); !maps.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}

func TestAJoinedTableMustRememberLongerThanThoseItIsMadeOf(t *testing.T) {
	topology := stream.New("shop")
	short := known
	short.Retain = 24 * minute(60).Sub(noon)
	same := joined
	same.Retain = short.Retain
	l := stream.Through(stream.ToTable(stream.UpsertsFrom(topology, customers, customersByID, customerKey), short), customersToJoin)
	r := stream.Through(stream.ToTable(stream.UpsertsFrom(topology, profiles, profilesByID, profileKey), profileTable), profilesToJoin)
	stream.InnerJoin(l, r, same).To(joinedCustomers)
	if _, err := topology.Build(); err == nil || !strings.Contains(err.Error(), "it must be a day longer at least") {
		t.Errorf("error %v", err)
	}
}
