package lastpage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

func TestTheLastPageIsTheOneLoggedLast(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.takes(visit(0, "page", "/home"), visit(60, "page", "/cart"))
	s.shows(table{"a1|d1": "page /cart"})
	s.wrote(2)
	s.takes(visit(30, "click", "/list")) // arrives late
	s.shows(table{"a1|d1": "page /cart"})
	s.takes(visit(60, "click", "/cart")) // equal: the last to arrive
	s.shows(table{"a1|d1": "click /cart"})
	s.wrote(1)
	s.refusedNothing()
}

func TestInOrderOfArrivalAnOldVisitHidesANewOne(t *testing.T) {
	s := open(t, lastpage.Config{Order: lastpage.ByArrival})
	s.takes(visit(60, "page", "/new"), visit(0, "page", "/old"))
	s.shows(table{"a1|d1": "page /old"})
	s.refusedNothing()
}

func TestANullHidesNothing(t *testing.T) {
	for _, order := range []lastpage.Order{lastpage.ByLogTime, lastpage.ByArrival} {
		s := open(t, lastpage.Config{Order: order})
		s.takes(visit(0, null, null))
		s.shows(table{"a1|d1": "null null"})
		s.takes(visit(1, "page", "/home"), visit(2, "click", null), visit(3, null, "/cart"), visit(4, null, null))
		s.shows(table{"a1|d1": "click /cart"})
		s.takes(visit(5, "", ""))
		s.shows(table{"a1|d1": " "}) // an empty text is a value
	}
}

func TestEachValueHasItsOwnTime(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.takes(visit(0, "page", "/home"), visit(20, "click", null))
	s.takes(visit(10, "banner", "/cart"))
	s.shows(table{"a1|d1": "click /cart"})
}

func TestAVisitWithoutATimeLosesToThoseWithOne(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.takes(undated(visit(0, "page", "/1")), undated(visit(0, "page", "/2")))
	s.shows(table{"a1|d1": "page /2"})
	s.takes(visit(0, "page", null))
	s.takes(undated(visit(0, "click", "/3")))
	s.shows(table{"a1|d1": "page /3"}) // only the kind has a time
	s.refusedNothing()
}

func TestSecondsAndMillisecondsAreComparedAsTimes(t *testing.T) {
	s := open(t, lastpage.Config{})
	late, early := visit(0, "page", "/late"), visit(59, "page", "/early")
	late.LogTime.V = (noon + 60) * 1000
	s.takes(late, early)
	s.shows(table{"a1|d1": "page /late"})
	for _, row := range streamtest.Rows(s.Driver, lastpage.LastVisits) {
		if want := time.Unix(noon+60, 0); !row.EventTime.Equal(want) {
			t.Errorf("event time %v, want %v", row.EventTime, want)
		}
	}
}

func TestWhatDoesNotChangeThePageIsNotWritten(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.takes(visit(0, "page", "/home"), visit(1, "page", "/home"), visit(2, null, "/home"), visit(3, null, null), visit(0, "x", "/x"))
	s.wrote(1)
}

func TestVisitsOfNobodyAreLeftOut(t *testing.T) {
	s := open(t, lastpage.Config{})
	broken := visitOf(null, "d1", 0, "page", "/x")
	broken.LogTime.V = -1
	s.takes(visitOf(null, "d1", 0, "page", "/home"), broken, visitOf("", "d1", 0, "page", "/home"))
	s.shows(table{"|d1": "page /home"}) // the empty account is one
	s.refusedNothing()
}

func TestADeviceThatIsNotKnownIsADeviceOfItsOwn(t *testing.T) {
	s := open(t, lastpage.Config{})
	s.takes(visitOf("a1", null, 0, "page", "/1"), visitOf("a1", "", 0, "page", "/2"), visitOf("a1", `\N`, 0, "page", "/3"), visitOf("a1", null, 1, null, "/4"))
	s.shows(table{`a1|\N`: "page /4", "a1|": "page /2", `a1|\\N`: "page /3"})
}

func TestAPrefixFindsAllDevicesOfAnAccountAndNoOthers(t *testing.T) {
	s := open(t, lastpage.Config{})
	for _, account := range []string{"a1", "a", "a1|", "a10"} {
		s.takes(visitOf(account, "d1", 0, "page", "/x"), visitOf(account, null, 0, "page", "/x"))
	}
	prefix, err := tables.Prefix(tables.Text("a1"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for k, r := range streamtest.Table(s.Driver, lastpage.UserLastLog) {
		if strings.HasPrefix(string(k), prefix) {
			found++
		}
		if (r.Account == "a1") != strings.HasPrefix(string(k), prefix) {
			t.Errorf("the row of account %s has the key %s", r.Account, k)
		}
	}
	if found != 2 {
		t.Errorf("%d devices of a1, want 2", found)
	}
}

func TestAResultRowHasItsNamesAndTimes(t *testing.T) {
	s := open(t, lastpage.Config{}, streamtest.Start(time.Date(2021, 3, 25, 12, 5, 6, 78e6, time.UTC)))
	s.takes(visitOf("a|1", null, 0, null, "/p?a=1&b=2"))
	want := `{"account_id":"a|1","device_id":null,"bury_point_type":null,"page_name":"/p?a=1&b=2","updated_at":"2021-03-25T20:05:06.078+08:00"}`
	rs := s.ReadRaw(lastpage.UserLastLog.Name)
	if len(rs) != 1 {
		t.Fatalf("%d results", len(rs))
	}
	if string(rs[0].Key) != `a\|1|\N` || string(rs[0].Value) != want {
		t.Errorf("result %s: %s, want %s", rs[0].Key, rs[0].Value, want)
	}
}

func TestVisitsBeforeFromAreLeftOutFirst(t *testing.T) {
	for _, order := range []lastpage.Order{lastpage.ByLogTime, lastpage.ByArrival} {
		s := open(t, lastpage.Config{From: time.Unix(noon, 0), Order: order})
		s.takes(visit(-1, "page", "/before"), undated(visit(0, "page", "/undated")), visitOf("a\x00", "d1", -1, "page", "/x"))
		s.shows(table{})
		s.takes(visit(0, "page", "/home"))
		s.shows(table{"a1|d1": "page /home"})
		s.refusedNothing()
	}
}

func TestStateIsForgottenAfterTheRetentionAndResultsStay(t *testing.T) {
	const week = 7 * 24 * 60 * 60
	s := open(t, lastpage.Config{Retain: lastpage.DefaultRetain}, streamtest.MaxAhead(0))
	s.takes(visit(0, "page", "/home"), visitOf("a2", "d2", 1, "page", "/home"))
	s.takes(visitOf("a2", "d2", week, "page", "/cart"))
	if got := s.StateKeys("lastpage-visits"); len(got) != 1 { // a2
		t.Errorf("keys %q", got)
	}
	want := table{"a1|d1": "page /home", "a2|d2": "page /cart"}
	s.shows(want)
	s.refusedNothing()

	s.takes(visit(0, "page", "/late"))
	s.shows(want)
	if c := s.Counters("lastpage-visits"); c.Late != 1 || c.DeadLetters != 1 {
		t.Errorf("a visit of last week: %+v", c)
	}
	s.takes(visitOf("a3", "d3", 2*week+1, "page", "/x"))
	s.takes(visitOf("a3", "d3", 4*week, "page", null))
	if got := s.StateKeys("lastpage-visits"); len(got) != 1 {
		t.Errorf("keys %q", got)
	}
}

// In order of arrival log_time says nothing: not what is late, and not what is damaged.
func TestInOrderOfArrivalTimeIsThatOfArrival(t *testing.T) {
	s := open(t, lastpage.Config{Retain: lastpage.DefaultRetain, Order: lastpage.ByArrival})
	odd := visit(0, "page", "/odd")
	odd.LogTime = codecs.NotNull[int64](-5)
	s.takes(visit(0, "page", "/home"), visit(-1e9, "page", "/old"), odd, undated(visit(0, null, "/undated")))
	s.shows(table{"a1|d1": "page /undated"})
	for _, row := range streamtest.Rows(s.Driver, lastpage.LastVisits) {
		if !row.EventTime.Equal(s.Now()) {
			t.Errorf("event time %v", row.EventTime)
		}
	}
	s.refusedNothing()
}
