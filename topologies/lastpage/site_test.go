package lastpage_test

import (
	"fmt"
	"maps"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

// site is the topology with a few words to talk to it.
type site struct {
	*streamtest.Driver
	t      streamtest.TB
	visits stream.Topic[stream.Unkeyed, lastpage.Visit]
}

func open(t streamtest.TB, c lastpage.Config, opts ...streamtest.Option) site {
	t.Helper()
	topology, err := lastpage.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return site{streamtest.New(t, topology, opts...), t, lastpage.Visits(c.Order)}
}

// noon is when the tests take place, in s since 1970.
var noon = time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC).Unix()

// null stands for a field that is missing.
const null = "null"

func field(s string) codecs.Text {
	if s == null {
		return codecs.Text{}
	}
	return codecs.NotNull(s)
}

// visit is a visit of account a1 on device d1, so many seconds after noon.
func visit(after int64, kind, page string) lastpage.Visit {
	return visitOf("a1", "d1", after, kind, page)
}

func visitOf(account, device string, after int64, kind, page string) lastpage.Visit {
	return lastpage.Visit{
		LogTime: codecs.NotNull(noon + after), Account: field(account), Device: field(device), Kind: field(kind), Page: field(page),
	}
}

func undated(v lastpage.Visit) lastpage.Visit {
	v.LogTime = codecs.Bigint{}
	return v
}

// takes sends visits and waits until the table is what they come to.
func (s site) takes(visits ...lastpage.Visit) {
	s.t.Helper()
	for _, v := range visits {
		streamtest.Send(s.Driver, s.visits, stream.Unkeyed(""), v)
	}
	s.Run()
}

// table is kind and page per key.
type table = map[lastpage.Device]string

func (s site) pages() table {
	s.t.Helper()
	m := table{}
	for k, r := range streamtest.Table(s.Driver, lastpage.UserLastLog) {
		m[k] = r.Kind.Or(null) + " " + r.Page.Or(null)
	}
	return m
}

// shows compares the table.
func (s site) shows(want table) {
	s.t.Helper()
	if got := s.pages(); !maps.Equal(got, want) {
		s.t.Fatalf("the pages are\n%v\nwant\n%v", got, want)
	}
}

// wrote compares the number of result records since it was last asked.
func (s site) wrote(want int) {
	s.t.Helper()
	if got := streamtest.Read(s.Driver, lastpage.UserLastLog); len(got) != want {
		s.t.Fatalf("%d result records, want %d: %s", len(got), want, fmt.Sprint(got))
	}
}

// refusedNothing checks that there are no dead letters.
func (s site) refusedNothing() {
	s.t.Helper()
	for _, l := range s.DeadLetters() {
		s.t.Fatalf("dead letter: %s: %s", l.Value, l.Reason)
	}
}
