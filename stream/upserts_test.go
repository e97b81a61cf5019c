package stream_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// Customers are a table that others write, keyed by who knows what; visits are events that meet them.

type customerID string

type customer struct {
	ID   string `json:"id" cbor:"1,keyasint,omitzero"`
	Name string `json:"name" cbor:"2,keyasint,omitzero"`
	City string `json:"city" cbor:"3,keyasint,omitzero"`
}

type visit struct {
	Customer string `json:"customer" cbor:"1,keyasint,omitzero"`
	Page     string `json:"page" cbor:"2,keyasint,omitzero"`
}

var (
	customers     = stream.NewTopic[stream.Unkeyed]("customers", codecs.JSON[customer](), nil, stream.Bootstrap())
	customersByID = stream.NewTopic[customerID]("shop-customers-by-id", codecs.Compact[customer](1), nil)
	known         = tables.New[customerID]("shop-known", codecs.Compact[customer](1))
	visits        = stream.NewTopic[stream.Unkeyed]("visits", codecs.JSON[visit](), nil)
	visitsByID    = stream.NewTopic[customerID]("shop-visits-by-id", codecs.Compact[visit](1), nil)
	names         = stream.NewTopic[customerID]("shop-names", codecs.String(), nil)
	greeted       = stream.NewTopic[customerID]("shop-greeted", codecs.String(), nil, stream.Events(0))
)

func customerKey(record stream.Unkeyed, c *customer) (customerID, error) {
	if c == nil {
		return customerID(strings.TrimPrefix(string(record), "id=")), nil
	}
	if c.ID == "" {
		return "", errors.New("has no id")
	}
	return customerID(c.ID), nil
}

func visitor(v visit) (customerID, error) { return customerID(v.Customer), nil }

func customersOf(t *stream.Topology) stream.Changes[customerID, customer] {
	return stream.ToTable(stream.UpsertsFrom(t, customers, customersByID, customerKey), known)
}

func upsert(d *streamtest.Driver, id, name, city string) {
	streamtest.Send(d, customers, stream.Unkeyed("id="+id), customer{id, name, city})
}

func remove(d *streamtest.Driver, id string) {
	d.SendRaw(customers.Name, -1, []byte("id="+id), nil)
}

func TestATableFromOutsideFollowsUpsertsAndTombstones(t *testing.T) {
	topology := stream.New("shop")
	nameOf := func(r tables.Row[customerID, customer]) (string, error) { return r.Value.Name, nil }
	stream.MapRows(customersOf(topology), nameOf).To(names)
	d := run(t, topology, streamtest.Partitions(4), streamtest.InputPartitions("customers", 3))
	upsert(d, "1", "Ada", "Linz")
	upsert(d, "2", "Bob", "Graz")
	d.Run()
	want(t, "names", sorted(written(d, names)), "1 Ada", "2 Bob")
	upsert(d, "1", "Ada", "Linz") // equal
	upsert(d, "2", "Bob", "Wels") // equal in what is written
	remove(d, "1")
	remove(d, "7") // never there
	d.Run()
	want(t, "names", written(d, names), "1")
	d.SendRaw(customers.Name, -1, []byte("id=2"), []byte{}) // empty says the same as none
	d.Run()
	if got := streamtest.Table(d, names); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	if keys := d.StateKeys(known.Name); len(keys) != 0 {
		t.Errorf("the table holds %q", keys)
	}
	wantNoDeadLetters(t, d)
}

func TestUpsertsThatSayNothingOfTheirKeyAreDeadLetters(t *testing.T) {
	topology := stream.New("shop")
	customersOf(topology)
	d := run(t, topology)
	d.SendRaw(customers.Name, 0, nil, nil)
	d.SendRaw(customers.Name, 0, []byte("id="), nil)
	d.SendRaw(customers.Name, 0, []byte("id=a\x00"), nil)
	d.SendRaw(customers.Name, 0, nil, []byte(`{"name":"Ada"}`))
	d.SendRaw(customers.Name, 0, nil, []byte(`{`))
	upsert(d, "1", "Ada", "Linz")
	d.Run()
	reasons := []string{"does not say which row is deleted", "the key is empty", "contains a zero byte", "has no id", "JSON"}
	ls := d.DeadLetters()
	if len(ls) != len(reasons) {
		t.Fatalf("%d dead letters: %+v", len(ls), ls)
	}
	for i, l := range ls {
		if !strings.Contains(l.Reason, reasons[i]) || l.Group != "shop-customers" {
			t.Errorf("dead letter %d: %s of group %s, want %s", i, l.Reason, l.Group, reasons[i])
		}
	}
	if rows := streamtest.Rows(d, known); len(rows) != 1 {
		t.Errorf("rows %v", rows)
	}
}

func TestAProcessorIsHandedUpsertsAndTombstones(t *testing.T) {
	topology := stream.New("shop")
	p := stream.NewProcessor(topology, known)
	stream.OnUpsert(p, stream.UpsertsFrom(topology, customers, customersByID, customerKey), func(c *stream.Context[customerID, customer], v *customer) ([]string, error) {
		c.Row = v
		if v == nil {
			return []string{"gone"}, nil
		}
		return []string{v.Name}, nil
	}).To(greeted)
	d := run(t, topology)
	upsert(d, "1", "Ada", "")
	remove(d, "1")
	d.Run()
	want(t, "greeted", written(d, greeted), "1 Ada", "1 gone")
}

func TestAValueMayHoldSeveralUpserts(t *testing.T) {
	type row struct{ ID codecs.Text }
	several := stream.NewTopic[stream.Unkeyed]("customers", codecs.Object(codecs.TextField("id", func(r *row) *codecs.Text { return &r.ID })), nil)
	via := stream.NewTopic[customerID]("shop-customers-by-id", codecs.JSON[row](), nil)
	topology := stream.New("shop")
	stream.ToTable(stream.UpsertsFrom(topology, several, via, func(_ stream.Unkeyed, r *row) (customerID, error) { return customerID(r.ID.V), nil }),
		tables.New[customerID]("shop-known", codecs.JSON[row]()))
	d := run(t, topology)
	d.SendRaw("customers", 0, nil, []byte(`[{"id":1},{"id":2}]`))
	d.Run()
	if keys := d.StateKeys("shop-known"); len(keys) != 2 {
		t.Errorf("keys %q", keys)
	}
}

func TestAnExpiredRowOfATableFromOutsideIsForgottenSilently(t *testing.T) {
	topology := stream.New("shop")
	short := known
	short.Retain = minute(10).Sub(noon)
	nameOf := func(r tables.Row[customerID, customer]) (string, error) { return r.Value.Name, nil }
	stream.MapRows(stream.ToTable(stream.UpsertsFrom(topology, customers, customersByID, customerKey), short), nameOf).To(names)
	d := run(t, topology)
	upsert(d, "1", "Ada", "")
	d.Run()
	streamtest.Send(d, customers, "id=2", customer{ID: "2", Name: "Bob"}, streamtest.Arrived(minute(11)))
	d.Run()
	if rows := streamtest.Rows(d, known); len(rows) != 1 || rows["2"].Value.Name != "Bob" {
		t.Errorf("rows %v", rows)
	}
	if got := streamtest.Table(d, names); !maps.Equal(got, map[customerID]string{"1": "Ada", "2": "Bob"}) {
		t.Errorf("names %v", got)
	}
	wantNoDeadLetters(t, d)
}

func TestMistakesAboutUpsertsAreFoundByBuild(t *testing.T) {
	for text, describe := range map[string]func(*stream.Topology){
		"declared Bootstrap, and read as events": func(t *stream.Topology) {
			stream.From(t, customers).To(stream.NewTopic[stream.Unkeyed]("x", codecs.JSON[customer](), nil))
		},
		"topic customers is read twice": func(t *stream.Topology) {
			customersOf(t)
			stream.UpsertsFrom(t, customers, customersByID, customerKey)
		},
		"is written but never read": func(t *stream.Topology) { stream.UpsertsFrom(t, customers, customersByID, customerKey) },
		"used as repartition and as changes": func(t *stream.Topology) {
			stream.Through(customersOf(t), stream.NewChangeTopic[customerID](customersByID.Name, codecs.Compact[customer](1)))
		},
	} {
		topology := stream.New("shop")
		describe(topology)
		if _, err := topology.Build(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q, got %v", text, err)
		}
	}
}

func TestADeletionSaysNothingOfBusinessTime(t *testing.T) {
	at := func(c customer) (time.Time, error) { return minute(int64(len(c.Name))), nil }
	dated := stream.NewTopic[stream.Unkeyed]("customers", codecs.JSON[customer](), at)
	topology := stream.New("shop")
	stream.ToTable(stream.UpsertsFrom(topology, dated, customersByID, customerKey), known)
	d := run(t, topology)
	upsert(d, "1", "Ada", "")
	d.SendRaw("customers", 0, []byte("id=1"), nil, streamtest.Arrived(minute(50)))
	d.Run()
	if got := d.Watermark("shop-customers", 0); !got.Equal(minute(3)) {
		t.Errorf("the watermark is %s, want %s", got, minute(3))
	}
	if rows := streamtest.Rows(d, known); len(rows) != 0 {
		t.Errorf("rows %v", rows)
	}
}
