package dropkills_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/dropkills"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// memory runs the topology in memory, with nobody who kills it.
type memory struct {
	impatient   bool // events do not wait for the whole dimension
	echoesCount bool // an echo is new to the topology
}

func (m memory) run(t *testing.T) dropkills.Left {
	t.Helper()
	topology, err := premiumdrop.Topology(premiumdrop.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	feed := dropkills.Feed{IDs: 100, Touched: 20, Events: 800, Rand: r}
	owner := &dropkills.Owner{IDs: 100, Touched: 20, Rand: r}
	d := streamtest.New(t, topology, streamtest.Shuffle(1), streamtest.Partitions(3),
		streamtest.InputPartitions(dropkills.RawInfo, 2), streamtest.InputPartitions(dropkills.Events, 2))
	w := world{Driver: d, was: map[string]string{}}

	first, fill := feed.First(), owner.Fill()
	if m.impatient {
		w.rows(fill[:len(fill)/3])
		d.Run()
		fill = fill[len(fill)/3:]
	}
	w.events(first)
	if m.impatient {
		d.Run()
	}
	w.rows(fill)
	full := map[int32]int64{}
	for _, x := range w.read(dropkills.RawInfo) {
		full[x.Partition] = x.Offset + 1
	}
	for _, e := range feed.Rest() {
		w.events([]dropkills.Event{e})
		if r.IntN(10) == 0 {
			w.rows([]dropkills.Row{owner.Change()})
		}
		for range r.IntN(40) {
			d.Step()
		}
		w.echo(owner, m.echoesCount)
		d.Advance(time.Millisecond)
	}
	d.Run()
	w.echo(owner, m.echoesCount)
	d.Run()
	return w.left(t, full)
}

// world remembers what was read of topics, since a driver shows each record once.
type world struct {
	*streamtest.Driver
	was  map[string]string // an echo's value as it was meant, where another was sent
	seen map[string][]brokers.Record
}

func (w *world) rows(rows []dropkills.Row) {
	for _, row := range rows {
		var value []byte
		if row.Value != "" {
			value = []byte(row.Value)
		}
		w.SendRaw(dropkills.RawInfo, -1, []byte(row.Key), value)
	}
}

func (w *world) events(events []dropkills.Event) {
	for _, e := range events {
		w.SendRaw(dropkills.Events, -1, []byte(e.Key), []byte(e.Value))
	}
}

// read returns all records of a topic.
func (w *world) read(topic string) []brokers.Record {
	if w.seen == nil {
		w.seen = map[string][]brokers.Record{}
	}
	for _, r := range w.ReadRaw(topic) {
		value := r.Value
		if was := w.was[string(value)]; was != "" {
			value = []byte(was)
		}
		w.seen[topic] = append(w.seen[topic], brokers.Record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: value, Headers: r.Headers, Timestamp: r.Time})
	}
	return w.seen[topic]
}

func (w *world) echo(owner *dropkills.Owner, counts bool) {
	heard := len(w.seen[dropkills.Updates])
	for _, x := range w.read(dropkills.Updates)[heard:] {
		row, ok := owner.Echo(string(x.Key), string(x.Value))
		if !ok {
			continue
		}
		if counts {
			newer := next(row.Value)
			w.was[newer] = row.Value
			row.Value = newer
		}
		w.rows([]dropkills.Row{row})
	}
}

// next is an update with the next version.
func next(value string) string {
	before, after, _ := strings.Cut(value, `"version":`)
	number, rest, _ := strings.Cut(after, ",")
	version, _ := strconv.Atoi(number)
	return fmt.Sprintf(`%s"version":%d,%s`, before, version+1, rest)
}

func (w *world) left(t *testing.T, full map[int32]int64) dropkills.Left {
	t.Helper()
	dimension := map[premiumdrop.ID]premiumdrop.Known{}
	for id, row := range streamtest.Rows(w.Driver, premiumdrop.Dimension) {
		dimension[id] = row.Value
	}
	return dropkills.Left{
		RawInfo: w.read(dropkills.RawInfo), Events: w.read(dropkills.Events), Updates: w.read(dropkills.Updates),
		Alerts: w.read("wechat_activity_user"), Refused: w.read("premiumdrop-dead-letters"), Full: full,
		Dimension:  shown(t, dimension),
		LastAlerts: shown(t, streamtest.Table(w.Driver, premiumdrop.Alerts)),
	}
}

// shown is a table as a look-up shows it.
func shown[V any](t *testing.T, rows map[premiumdrop.ID]V) map[string]string {
	t.Helper()
	all := map[string]string{}
	for id, row := range rows {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(row); err != nil {
			t.Fatal(err)
		}
		all[string(id)] = strings.TrimSpace(b.String())
	}
	return all
}
