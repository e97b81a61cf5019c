package hourlypremium_test

import (
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

// office is the topology with a few words to talk to it.
type office struct {
	*streamtest.Driver
	t streamtest.TB
}

func open(t streamtest.TB, c hourlypremium.Config, opts ...streamtest.Option) office {
	t.Helper()
	topology, err := hourlypremium.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return office{streamtest.New(t, topology, opts...), t}
}

// shanghai is where the tests' clocks hang.
var shanghai = time.FixedZone("", 8*60*60)

// at is a time on March 25th 2021 in Shanghai, in ms: when the tests take place.
func at(hour, minute int) int64 {
	return time.Date(2021, 3, 25, hour, minute, 0, 0, shanghai).UnixMilli()
}

// with changes a field of a record.
type with func(*hourlypremium.OrderRecord)

func modified(ms int64) with {
	return func(r *hourlypremium.OrderRecord) { r.Modified = codecs.NotNull(ms) }
}
func number(no string) with {
	return func(r *hourlypremium.OrderRecord) { r.OrderNo = codecs.NotNull(no) }
}
func tel(tel string) with {
	return func(r *hourlypremium.OrderRecord) { r.Tel = codecs.NotNull(tel) }
}
func nameless(r *hourlypremium.OrderRecord)  { r.ID = codecs.Bigint{} }
func undated(r *hourlypremium.OrderRecord)   { r.Modified = codecs.Bigint{} }
func unpriced(r *hourlypremium.OrderRecord)  { r.Premium = codecs.Decimal{} }
func unnumber(r *hourlypremium.OrderRecord)  { r.OrderNo = codecs.Text{} }
func unreached(r *hourlypremium.OrderRecord) { r.Tel = codecs.Text{} }

// record is a record of an order: number P-1, of phone 138, at nine, unless fields say otherwise.
func record(id int64, premium string, fields ...with) hourlypremium.OrderRecord {
	r := hourlypremium.OrderRecord{
		ID: codecs.NotNull(id), OrderNo: codecs.NotNull("P-1"), Tel: codecs.NotNull("138"),
		Modified: codecs.NotNull(at(9, 0)), Premium: codecs.NotNull(decimal.RequireFromString(premium)),
	}
	for _, change := range fields {
		change(&r)
	}
	return r
}

// takes sends records and waits until the hours are what they come to.
func (o office) takes(records ...hourlypremium.OrderRecord) {
	o.t.Helper()
	for _, r := range records {
		streamtest.Send(o.Driver, hourlypremium.UserOrders, stream.Unkeyed(""), r)
	}
	o.Run()
}

// figures are what a result row says besides its name and time.
type figures struct {
	premium           string
	policies, holders int64
}

type table = map[hourlypremium.Hour]figures

func (o office) hours() table {
	o.t.Helper()
	m := table{}
	for k, r := range streamtest.Table(o.Driver, hourlypremium.HourlyPremiums) {
		if r.BizDate != string(k) {
			o.t.Fatalf("row %s says it is of %s", k, r.BizDate)
		}
		m[k] = figures{r.Premium.V.String(), r.Policies, r.Holders}
	}
	return m
}

// shows compares the hours.
func (o office) shows(want table) {
	o.t.Helper()
	if got := o.hours(); !maps.Equal(got, want) {
		o.t.Fatalf("the hours are\n%v\nwant\n%v", got, want)
	}
}

// wrote compares the keys of the result records since it was last asked; "-" stands before a tombstone's.
func (o office) wrote(want ...string) {
	o.t.Helper()
	var got []string
	for _, r := range streamtest.Read(o.Driver, hourlypremium.HourlyPremiums) {
		k := string(r.Key)
		if r.Value == nil {
			k = "-" + k
		}
		got = append(got, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		o.t.Fatalf("result records %q, want %q", got, want)
	}
}

// refusedNothing checks that there are no dead letters.
func (o office) refusedNothing() {
	o.t.Helper()
	for _, l := range o.DeadLetters() {
		o.t.Fatalf("dead letter: %s: %s", l.Value, l.Reason)
	}
}
