package stream_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// every has a column for each kind of measure.
type every struct {
	Count    int64           `cbor:"1,keyasint,omitzero"`
	Large    int64           `cbor:"2,keyasint,omitzero"`
	Versions int64           `cbor:"3,keyasint,omitzero"`
	Paid     decimal.Decimal `cbor:"4,keyasint,omitzero"`
	Users    int64           `cbor:"5,keyasint,omitzero"`
	Least    int64           `cbor:"6,keyasint,omitzero"`
	LastUser string          `cbor:"7,keyasint,omitzero"`
}

func cents(o order) (decimal.Decimal, bool) { return decimal.New(o.Paid, -2), o.User != "" }
func user(o order) (string, bool)           { return o.User, o.User != "" }
func paid(o order) (int64, bool)            { return o.Paid, o.Paid != 0 }
func large(o order) bool                    { return o.Paid > 3 }

var everyTable = tables.New[channel]("shop-every", codecs.Compact[every](1), tables.Retain(48*time.Hour))

// measured is the shop with every measure. Rows are kept for a day or two.
func measured() *stream.Topology {
	t := stream.New("shop")
	keyed := stream.KeyBy(stream.From(t, orders), byOrder, idOf)
	known := tables.New[orderID]("shop-latest", codecs.Compact[order](1), tables.Retain(24*time.Hour))
	rows := stream.Latest(keyed, known, newer)
	stream.Aggregate(stream.GroupBy(rows, byChannel, channelOf), everyTable,
		stream.Count[order]("count", func(a *every) *int64 { return &a.Count }),
		stream.CountIf("large", func(a *every) *int64 { return &a.Large }, large),
		stream.SumInt("versions", func(a *every) *int64 { return &a.Versions }, func(o order) int64 { return o.Version }),
		stream.Sum("paid", func(a *every) *decimal.Decimal { return &a.Paid }, cents),
		stream.CountDistinct("users", func(a *every) *int64 { return &a.Users }, user),
		stream.Min("least", func(a *every) *int64 { return &a.Least }, paid, codecs.OrderedInt64()),
		stream.Max("last", func(a *every) *string { return &a.LastUser }, user, codecs.OrderedString()),
	)
	return t
}

// recount is what the measures of orders must be, without any retraction.
func recount(current map[string]order) map[channel]every {
	rows := map[channel]every{}
	users := map[string]bool{}
	for _, o := range current {
		if o.Channel == "" {
			continue
		}
		r := rows[channel(o.Channel)]
		r.Count++
		r.Versions += o.Version
		if large(o) {
			r.Large++
		}
		if n, ok := paid(o); ok && (r.Least == 0 || n < r.Least) {
			r.Least = n
		}
		if n, ok := cents(o); ok {
			r.Paid = r.Paid.Add(n)
		}
		if u := o.Channel + "/" + o.User; o.User != "" && !users[u] {
			users[u] = true
			r.Users++
		}
		r.LastUser = max(r.LastUser, o.User)
		rows[channel(o.Channel)] = r
	}
	return rows
}

// content is rows as text, so that 1.5 and 1.50 are equal.
func content(rows map[channel]every) map[channel]string {
	m := map[channel]string{}
	for k, r := range rows {
		m[k] = fmt.Sprint(r.Count, r.Large, r.Versions, " ", r.Paid, r.Users, r.Least, r.LastUser)
	}
	return m
}

func measuredRows(d *streamtest.Driver) map[channel]every {
	rows := map[channel]every{}
	for k, r := range streamtest.Rows(d, everyTable) {
		rows[k] = r.Value
	}
	return rows
}

func TestMeasuresEqualARecountWhateverChangesAndInWhateverOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitions := rapid.IntRange(1, 4).Draw(t, "partitions")
		d := run(t, measured(), streamtest.Partitions(partitions), streamtest.InputPartitions("orders", rapid.IntRange(1, 4).Draw(t, "inputs")),
			streamtest.Shuffle(rapid.Uint64().Draw(t, "seed")))
		current := map[string]order{}
		version := int64(0)
		change := func(o order) {
			version++
			o.Version = version
			current[o.ID] = o
			streamtest.Send(d, orders, "", o)
		}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			change(order{
				ID:      rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id"),
				Channel: rapid.SampledFrom([]string{"", "web", "app", "tv"}).Draw(t, "channel"),
				Paid:    rapid.Int64Range(-2, 6).Draw(t, "paid"),
				User:    rapid.SampledFrom([]string{"", "u", "v"}).Draw(t, "user"),
				Minute:  rapid.Int64Range(-9, 9).Draw(t, "minute"),
			})
			if rapid.IntRange(0, 9).Draw(t, "crash") == 0 {
				for range rapid.IntRange(0, 20).Draw(t, "steps") {
					d.Step()
				}
				d.Restart()
			}
		}
		d.Run()
		if got, want := content(measuredRows(d)), content(recount(current)); !maps.Equal(got, want) {
			t.Fatalf("rows %q, want %q", got, want)
		}
		for _, id := range slices.Sorted(maps.Keys(current)) {
			change(order{ID: id})
		}
		d.Run()
		if keys := d.StateKeys(everyTable.Name); len(keys) > 0 {
			t.Fatalf("everything was taken back, %q is left", keys)
		}
		if c := d.Counters(everyTable.Name); c.Orphans != 0 {
			t.Fatalf("%d retractions found nothing", c.Orphans)
		}
		wantNoDeadLetters(t, d)
	})
}

func TestTheSumOfNothingAndTheLeastOfNothingAreZero(t *testing.T) {
	d := run(t, measured())
	send(d, order{ID: "a", Channel: "web", Version: 1, Paid: 5, User: "u"})
	send(d, order{ID: "b", Channel: "web", Version: 1, Paid: 4})
	send(d, order{ID: "a", Channel: "app", Version: 2, Paid: 5, User: "u"})
	want(t, "rows", []string{content(measuredRows(d))["web"]}, content(map[channel]every{"web": {Count: 1, Large: 1, Versions: 1, Least: 4}})["web"])
	send(d, order{ID: "b", Channel: "web", Version: 2})
	want(t, "rows", []string{content(measuredRows(d))["web"]}, content(map[channel]every{"web": {Count: 1, Versions: 2}})["web"])
}

func TestARetractionOfWhatTheTableHasForgottenIsCounted(t *testing.T) {
	x := stream.New("t")
	p := stream.NewChangeTopic[name]("t-changes", codecs.String())
	rows := stream.Latest(stream.From(x, words), texts, func(held, v string) bool { return v > held })
	stream.Aggregate(stream.GroupBy(rows, p, func(string) (name, error) { return "all", nil }),
		tables.New[name]("t-all", codecs.Compact[totals](1)), stream.Count[string]("count", func(a *totals) *int64 { return &a.Orders }))
	d := run(t, x)
	old := []byte("\x01\x01old") // a retraction that no addition came before
	speak(d, "k a")
	stamp := d.ReadRaw("t-changes")[0].Headers["tributary"]
	d.SendRaw("t-changes", 0, []byte("other"), old, streamtest.Header("tributary", stamp))
	d.Run()
	if c := d.Counters("t-all"); c.Orphans != 1 || c.DeadLetters != 0 {
		t.Errorf("counted %+v", c)
	}
	want(t, "state", d.StateKeys("t-all"), "all")
}
