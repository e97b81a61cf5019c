package stream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// mistakes are the topologies that Build refuses, and what it says.
var mistakes = map[string]struct {
	describe func(t *stream.Topology)
	want     string
}{
	"nothing": {func(t *stream.Topology) { stream.From(t, orders) }, "nothing is written anywhere"},
	"a topic name": {func(t *stream.Topology) {
		stream.From(t, stream.NewTopic[none]("with space", codecs.String(), nil)).To(stream.NewTopic[none]("", codecs.String(), nil))
	}, `"with space" is not the name of a topic`},
	"a topic with two uses": {func(t *stream.Topology) {
		stream.From(t, words).To(words)
	}, "topic words is used as external and as result"},
	"a topic with two types": {func(t *stream.Topology) {
		stream.From(t, words).To(said)
		stream.From(t, stream.NewTopic[orderID]("words", codecs.String(), nil, stream.Partitioned())).To(stream.NewTopic[orderID]("x", codecs.String(), nil))
	}, "topic words is read with two types"},
	"a topic with two sets of options": {func(t *stream.Topology) {
		stream.From(t, words).To(said)
		stream.From(t, words).To(said2)
	}, "topic t-said is declared twice, with different options"},
	"an internal topic nobody reads": {func(t *stream.Topology) {
		stream.KeyBy(stream.From(t, words), via, func(s string) (name, error) { return name(s), nil })
	}, "topic t-via is written but never read"},
	"dead letters under another name": {func(t *stream.Topology) {
		stream.From(t, words).To(stream.NewTopic[name]("t-dead-letters", codecs.String(), nil))
	}, "topic t-dead-letters is where this topology's dead letters go"},
	"a table with two owners": {func(t *stream.Topology) {
		stream.Latest(stream.From(t, words), texts, func(_, _ string) bool { return true })
		stream.Latest(stream.From(t, more), texts, func(_, _ string) bool { return true })
	}, "table t-texts has two owners"},
	"a table on an unkeyed topic": {func(t *stream.Topology) {
		stream.Latest(stream.From(t, stream.NewTopic[name]("loose", codecs.String(), nil)), texts, func(_, _ string) bool { return true })
	}, "table t-texts reads topic loose, which other programs write: re-key it"},
	"a table right behind a table": {func(t *stream.Topology) {
		p := stream.NewProcessor(t, texts)
		s := stream.On(p, stream.From(t, words), func(*stream.Context[name, string], string) ([]string, error) { return nil, nil })
		stream.Latest(s, tables.New[name]("t-second", codecs.String()), func(_, _ string) bool { return true })
	}, "table t-second takes in what flows out of table t-texts without a topic between"},
	"a table without input": {func(t *stream.Topology) { stream.NewProcessor(t, texts) }, "table t-texts has no input"},
	"a table with an empty input": {func(t *stream.Topology) {
		stream.On(stream.NewProcessor(t, texts), stream.Stream[name, string]{}, func(*stream.Context[name, string], string) ([]string, error) { return nil, nil }).To(said)
	}, "table t-texts takes in a stream that is empty"},
	"a table in the place of a topic": {func(t *stream.Topology) {
		stream.Latest(stream.From(t, words), texts, func(_, _ string) bool { return true }).To(stream.NewTopic[name]("t-texts-table", codecs.String(), nil))
	}, `its changelog "t-texts-table" is not a free topic name`},
	"a table in the place of a group": {func(t *stream.Topology) {
		stream.From(t, words).To(said)
		stream.Latest(stream.From(t, more), tables.New[name]("t-words", codecs.String()), func(_, _ string) bool { return true })
	}, "table t-words has the name of the group that reads topic words"},
	"a codec that is wrong": {func(t *stream.Topology) {
		stream.Latest(stream.From(t, words), tables.New[name]("t-texts", codecs.Compact[string](0)), func(_, _ string) bool { return true })
	}, "table t-texts: "},
	"a table as events": {func(t *stream.Topology) {
		stream.Latest(stream.From(t, words), texts, func(_, _ string) bool { return true }).To(said)
	}, "topic t-said is declared with Events, and a table is written to it"},
	"a measure without a name": {func(t *stream.Topology) {
		stream.Aggregate(grouped(t, 0), perShop, stream.Count[order]("", func(a *totals) *int64 { return &a.Orders }))
	}, `measure "" (count) needs a name of its own`},
	"two measures with one name": {func(t *stream.Topology) {
		stream.Aggregate(grouped(t, 0), perShop, countOrders(), countOrders())
	}, `measure "orders" (count) needs a name of its own`},
	"a timer declared twice": {func(t *stream.Topology) {
		bell := func(*stream.Context[name, string], time.Time) ([]string, error) { return nil, nil }
		p := bells(t)
		stream.OnTimer(p, "bell", bell)
	}, `timer "bell" needs a name of its own`},
	"sub-rows declared twice": {func(t *stream.Topology) { stream.WithSubs(bells(t), "notes") }, `sub-rows "notes" need a name of their own`},
	"a table that forgets too early": {func(t *stream.Topology) {
		stream.Aggregate(grouped(t, 48*time.Hour), perShopFor(71*time.Hour), countOrders())
	}, "table shop-channels retains rows for 71h0m0s, and table shop-latest, whose changes it takes in, for 2d"},
	"a table that forgets what another one keeps": {func(t *stream.Topology) {
		stream.Aggregate(grouped(t, 0), perShopFor(48*time.Hour), countOrders())
	}, "and table shop-latest, whose changes it takes in, for ever"},
	"a cycle": {func(t *stream.Topology) {
		first := stream.KeyBy(stream.From(t, words), via, func(s string) (name, error) { return name(s), nil })
		stream.KeyBy(first, via, func(s string) (name, error) { return name(s), nil })
	}, "topic t-via leads from group t-via-reader back to group t-via-reader"},
}

func perShopFor(retain time.Duration) tables.Table[channel, totals] {
	return tables.New[channel]("shop-channels", codecs.Compact[totals](1), tables.Retain(retain))
}

func grouped(t *stream.Topology, retain time.Duration) stream.Grouped[channel, order] {
	known := tables.New[orderID]("shop-latest", codecs.Compact[order](1), tables.Retain(retain))
	keyed := stream.KeyBy(stream.From(t, orders), byOrder, idOf)
	return stream.GroupBy(stream.Latest(keyed, known, newer), byChannel, channelOf)
}

func TestBuildRefusesMistakesAndSaysWhatToDo(t *testing.T) {
	for name, m := range mistakes {
		x := stream.New("t")
		m.describe(x)
		built, err := x.Build()
		if err == nil || built != nil || !strings.Contains(err.Error(), m.want) {
			t.Errorf("%s: %v, want %q", name, err, m.want)
		}
	}
}

func TestBuildReturnsAllMistakesAtOnce(t *testing.T) {
	x := stream.New("t t")
	stream.From(x, words).To(words)
	stream.NewProcessor(x, texts)
	_, err := x.Build()
	for _, want := range []string{`the name "t t" of the topology`, "topic words is used as", "table t-texts has no input"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestATableThatKeepsADayLongerIsFine(t *testing.T) {
	x := stream.New("t")
	stream.Aggregate(grouped(x, 48*time.Hour), perShopFor(72*time.Hour), countOrders())
	build(t, x)
}
