package coupon_test

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// shop is the topology with a few words to talk to it.
type shop struct {
	*streamtest.Driver
	t                 streamtest.TB
	payments, refunds stream.Topic[stream.Unkeyed, coupon.Entry]
}

// open has no bound on times ahead, unless options say otherwise.
func open(t streamtest.TB, c coupon.Config, opts ...streamtest.Option) shop {
	t.Helper()
	opts = append([]streamtest.Option{streamtest.MaxAhead(0)}, opts...)
	topology, err := coupon.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return shop{streamtest.New(t, topology, opts...), t, coupon.Payments(c.Zone), coupon.Refunds(c.Zone)}
}

// with changes a field of an entry.
type with func(*coupon.Entry)

func buyer(id string) with    { return func(e *coupon.Entry) { e.Buyer = codecs.NotNull(id) } }
func status(s string) with    { return func(e *coupon.Entry) { e.Status = codecs.NotNull(s) } }
func payTime(at string) with  { return func(e *coupon.Entry) { e.PayTime = codecs.NotNull(at) } }
func created(at string) with  { return func(e *coupon.Entry) { e.Created = codecs.NotNull(at) } }
func modified(at string) with { return func(e *coupon.Entry) { e.Modified = codecs.NotNull(at) } }
func nobody(e *coupon.Entry)  { e.Buyer = codecs.Text{} }
func orderless(e *coupon.Entry) {
	e.Order = codecs.Text{}
}
func statusless(e *coupon.Entry) { e.Status = codecs.Text{} }
func timeless(e *coupon.Entry)   { e.PayTime = codecs.Text{} }
func dateless(e *coupon.Entry)   { e.Created, e.Modified = codecs.Text{}, codecs.Text{} }
func free(e *coupon.Entry)       { e.Fee = codecs.Decimal{} }

// paid is a payment of an order, in fen: buyer 7's, on March 25th, unless fields say otherwise.
func paid(order, fee string, fields ...with) coupon.Entry {
	e := coupon.Entry{
		Order: codecs.NotNull(order), Status: codecs.NotNull("2"), Buyer: codecs.NotNull("7"),
		PayTime: codecs.NotNull("2021-03-25 10:00:00"), Created: codecs.NotNull("2021-03-25 10:00:00"),
		Modified: codecs.NotNull("2021-03-25 11:00:00"), Fee: codecs.NotNull(decimal.RequireFromString(fee)),
	}
	for _, change := range fields {
		change(&e)
	}
	return e
}

// refunded is a refund: its status is another one, its fee negative.
func refunded(order, fee string, fields ...with) coupon.Entry {
	e := paid(order, fee, append([]with{status("6")}, fields...)...)
	e.Fee.V = e.Fee.V.Neg()
	return e
}

// takes sends entries, those with a negative fee to the topic of refunds, and waits until the spends are
// what they come to.
func (s shop) takes(entries ...coupon.Entry) {
	s.t.Helper()
	for _, e := range entries {
		streamtest.Send(s.Driver, s.topic(e), stream.Unkeyed(""), e)
	}
	s.Run()
}

func (s shop) topic(e coupon.Entry) stream.Topic[stream.Unkeyed, coupon.Entry] {
	if e.Fee.V.IsNegative() {
		return s.refunds
	}
	return s.payments
}

// spend is what a result row says besides its key and updated_at.
type spend struct {
	amount            int64
	created, modified string
}

type table = map[coupon.BuyerDay]spend

const null = "null"

func (s shop) spends() table {
	s.t.Helper()
	m := table{}
	for k, r := range streamtest.Table(s.Driver, coupon.TddlOutput) {
		m[k] = spend{r.Amount, r.Created.Or(null), r.Modified.Or(null)}
	}
	return m
}

// shows compares the spends.
func (s shop) shows(want table) {
	s.t.Helper()
	if got := s.spends(); !maps.Equal(got, want) {
		s.t.Fatalf("the spends are\n%v\nwant\n%v", got, want)
	}
}

// amounts compares the amounts alone.
func (s shop) amounts(want map[coupon.BuyerDay]int64) {
	s.t.Helper()
	got := map[coupon.BuyerDay]int64{}
	for k, row := range s.spends() {
		got[k] = row.amount
	}
	if !maps.Equal(got, want) {
		s.t.Fatalf("the amounts are\n%v\nwant\n%v", got, want)
	}
}

// holdsBack compares how many entries are held back.
func (s shop) holdsBack(want map[coupon.Lack]int64) {
	s.t.Helper()
	got := map[coupon.Lack]int64{}
	for k, row := range streamtest.Rows(s.Driver, coupon.HeldBack) {
		got[k] = row.Value.Entries
	}
	if !maps.Equal(got, want) {
		s.t.Fatalf("held back are %v, want %v", got, want)
	}
}

// wrote compares the keys of the result records since it was last asked; "-" stands before a tombstone's.
func (s shop) wrote(want ...string) {
	s.t.Helper()
	var got []string
	for _, r := range streamtest.Read(s.Driver, coupon.TddlOutput) {
		k := string(r.Key)
		if r.Value == nil {
			k = "-" + k
		}
		got = append(got, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Fatalf("result records %q, want %q", got, want)
	}
}

// refusedNothing checks that there are no dead letters.
func (s shop) refusedNothing() {
	s.t.Helper()
	for _, l := range s.DeadLetters() {
		s.t.Fatalf("dead letter: %s: %s", l.Value, l.Reason)
	}
}

const (
	day25 = "7|20210325"
	day24 = "7|20210324"
)

// those are the times of entries unless fields say otherwise.
func those(amount int64) spend { return spend{amount, "2021-03-25 10:00:00", "2021-03-25 11:00:00"} }
