package stream_test

import (
	"errors"
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

var lastOrders = stream.NewTopic[orderID]("shop-last", codecs.Compact[order](1), nil)

// openOrders is the orders that have a channel.
func openOrders() *stream.Topology {
	t := stream.New("shop")
	knownOrders(t).Filter(func(o order) bool { return o.Channel != "" }).To(lastOrders)
	return t
}

func TestATableIsWrittenOncePerCommitAndKey(t *testing.T) {
	d := run(t, openOrders(), streamtest.CommitEvery(100))
	a1, a2 := order{ID: "a", Channel: "web", Paid: 1, Version: 1}, order{ID: "a", Channel: "web", Paid: 2, Version: 2}
	b := order{ID: "b", Channel: "app", Version: 1}
	send(d, a1, b, a2)
	wantRows(t, d, "a, the newest", a2, "b", b)

	gone := order{ID: "a", Version: 3}
	back := order{ID: "a", Channel: "web", Paid: 2, Version: 4}
	send(d, gone, back)
	wantRows(t, d, "a, which is another version", back)

	send(d, order{ID: "a", Version: 5}, order{ID: "c", Channel: "web", Version: 1}, order{ID: "c", Version: 2})
	got := d.ReadRaw(lastOrders.Name)
	if len(got) != 1 || string(got[0].Key) != "a" || got[0].Value != nil {
		t.Errorf("%v, want a tombstone for a, and nothing of c, which came and went", got)
	}
}

// wantRows takes names and orders in turn.
func wantRows(t *testing.T, d *streamtest.Driver, namesAndOrders ...any) {
	t.Helper()
	raw := d.ReadRaw(lastOrders.Name)
	if len(raw) != len(namesAndOrders)/2 {
		t.Fatalf("%d records: %v", len(raw), raw)
	}
	for i, r := range raw {
		o, err := lastOrders.Codec.Decode(r.Value)
		if err != nil || o != namesAndOrders[2*i+1] {
			t.Errorf("%v: %v %v, want %v", namesAndOrders[2*i], o, err, namesAndOrders[2*i+1])
		}
	}
}

func TestARecordThatFailsTakesItsResultBack(t *testing.T) {
	x := stream.New("shop")
	rows := knownOrders(x)
	rows.To(lastOrders)
	// What hangs from the rows after the results fails, when those have taken the record in already.
	refused := stream.NewTopic[orderID]("shop-refused", codecs.Compact[order](1), nil)
	stream.MapRows(rows, func(r tables.Row[orderID, order]) (order, error) {
		if r.Value.Title == "bad" {
			return order{}, errors.New("a bad title")
		}
		return r.Value, nil
	}).To(refused)
	d := run(t, x, streamtest.CommitEvery(100))
	good := order{ID: "a", Channel: "web", Version: 1}
	send(d, order{ID: "b", Title: "bad", Version: 1}, good, order{ID: "a", Title: "bad", Version: 2})
	wantRows(t, d, "a as of before", good)
	if n := len(d.DeadLetters()); n != 2 {
		t.Errorf("%d dead letters", n)
	}
}
