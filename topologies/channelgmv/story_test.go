package channelgmv_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

type table = map[channelgmv.ChannelDay]figures

func TestALaterVersionCorrectsWhatItsOrderCounted(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "100.00"), version("2", "10.50", user("bob"), payTime("2021-03-25 11:00:00")))
	s.shows(table{web25: {"110.5", 2, 2, "2021-03-25 11:00:00"}})
	s.wrote(web25, web25)

	s.takes(version("1", "80.00", orderTime("2021-03-25 10:30:00"), payTime("2021-03-25 11:30:00")))
	s.shows(table{web25: {"90.5", 2, 2, "2021-03-25 11:30:00"}})
	s.wrote(web25)

	s.takes(version("1", "99.00", orderTime("2021-03-25 10:15:00")), version("1", "98.00", orderTime("2021-03-25 10:30:00")))
	s.wrote() // an older version, and one that is as old as the first to arrive

	s.takes(version("1", "80.00", orderTime("2021-03-25 10:45:00")))
	s.shows(table{web25: {"90.5", 2, 2, "2021-03-25 11:00:00"}})
	s.refusedNothing()
}

func TestAnOrderThatMovesLeavesTheOldChannelAndDay(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "100"), version("2", "1", channel("appShop")))
	s.wrote(web25, app25)

	s.takes(version("1", "100", orderTime("2021-03-25 10:00:01"), channel("appShop"), payTime("2021-03-24 23:59:59")))
	s.shows(table{app24: {"100", 1, 1, "2021-03-24 23:59:59"}, app25: {"1", 1, 1, "2021-03-25 10:02:03"}})
	s.wrote("-"+web25, app24)
	s.refusedNothing()
}

func TestAnEmptiedChannelComesBackWithTheNextOrder(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "100"))
	s.takes(version("1", "100", orderTime("2021-03-25 11:00:00"), channel("miniAppShop")))
	s.shows(table{mini25: {"100", 1, 1, "2021-03-25 10:02:03"}})
	s.takes(version("2", "-5"))
	s.shows(table{mini25: {"100", 1, 1, "2021-03-25 10:02:03"}, web25: {"-5", 1, 1, "2021-03-25 10:02:03"}})
}

func TestAPayerCountsOnceAndUntilTheLastOrderIsGone(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "1"), version("2", "2"), version("3", "4", user("bob")))
	s.shows(table{web25: {"7", 2, 3, "2021-03-25 10:02:03"}})
	s.takes(version("1", "1", orderTime("2021-03-25 11:00:00"), channel("appShop")))
	s.shows(table{web25: {"6", 2, 2, "2021-03-25 10:02:03"}, app25: {"1", 1, 1, "2021-03-25 10:02:03"}})
	s.takes(version("2", "2", orderTime("2021-03-25 11:00:00"), user("bob")))
	s.shows(table{web25: {"6", 1, 2, "2021-03-25 10:02:03"}, app25: {"1", 1, 1, "2021-03-25 10:02:03"}})
}

func TestGuestsOrdersCountButGuestsAreNoPayers(t *testing.T) {
	s := open(t, channelgmv.Config{})
	const n = 50
	for i := range n {
		s.takes(version(strconv.Itoa(i), "1", guest))
	}
	s.takes(version("a", "1"), version("b", "1", user("")))
	s.shows(table{web25: {"52", 2, 52, "2021-03-25 10:02:03"}}) // the empty user is one

	rows := streamtest.Rows(s.Driver, channelgmv.Payers)
	salted := 0
	for k := range rows {
		if strings.HasPrefix(string(k), web25+`|\N|`) {
			salted++
		}
	}
	if salted < 10 || salted+2 != len(rows) {
		t.Errorf("%d guest orders lie under %d of %d keys", n, salted, len(rows))
	}

	s.takes(version("7", "1", orderTime("2021-03-25 11:00:00"), user("carol")))
	s.shows(table{web25: {"52", 3, 52, "2021-03-25 10:02:03"}})
	s.takes(version("7", "1", orderTime("2021-03-25 12:00:00"), guest))
	s.shows(table{web25: {"52", 2, 52, "2021-03-25 10:02:03"}})
}

func TestAnUnpaidVersionSaysNothing(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "0", unpaid), version("1", "100"))
	s.takes(version("1", "0", orderTime("2021-03-25 23:00:00"), channel("appShop"), unpaid))
	noID := version("", "0", unpaid)
	noID.OrderID.Valid = false
	s.takes(noID)
	s.shows(table{web25: {"100", 1, 1, "2021-03-25 10:02:03"}})
	s.refusedNothing()
}

func TestAPaymentOfNothingIsAPaidOrder(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "0.00"))
	s.shows(table{web25: {"0", 1, 1, "2021-03-25 10:02:03"}})
}

func TestUnknownChannelsAreOther(t *testing.T) {
	s := open(t, channelgmv.Config{})
	null := version("5", "1")
	null.Channel.Valid, null.Channel.V = false, ""
	s.takes(version("1", "1", channel("WebShop")), version("2", "1", channel("webShop ")), version("3", "1", channel("")), version("4", "1", channel("other")), null)
	s.shows(table{rest25: {"5", 1, 5, "2021-03-25 10:02:03"}})
}

func TestAResultRowHasItsNamesAndTimes(t *testing.T) {
	s := open(t, channelgmv.Config{}, streamtest.Start(time.Date(2021, 3, 25, 4, 5, 6, 78e6, time.UTC)))
	s.takes(version("1", "100.50", channel("appShop")))
	want := `{"begin_time":"2021-03-25 00:00:00","channel_code":"appShop","channel_name":"Shopping App","cur_gmv":100.5,` +
		`"cur_order_user_count":1,"cur_order_count":1,"last_pay_time":"2021-03-25 10:02:03","updated_at":"2021-03-25T12:05:06.078+08:00"}`
	rs := s.ReadRaw(channelgmv.TradeChannelCollect.Name)
	if len(rs) != 1 {
		t.Fatalf("%d results", len(rs))
	}
	if string(rs[0].Key) != app25 || string(rs[0].Value) != want {
		t.Errorf("result %s: %s, want %s", rs[0].Key, rs[0].Value, want)
	}
}

func TestMoneyIsExact(t *testing.T) {
	s := open(t, channelgmv.Config{})
	s.takes(version("1", "0.1"), version("2", "0.2"), version("3", "999999999999999.99"))
	s.shows(table{web25: {"1000000000000000.29", 1, 3, "2021-03-25 10:02:03"}})
	s.takes(version("3", "0", orderTime("2021-03-25 11:00:00")))
	s.shows(table{web25: {"0.3", 1, 3, "2021-03-25 10:02:03"}})
}

func TestOrdersPaidBeforeFromAreLeftOutFirst(t *testing.T) {
	zone := time.FixedZone("", 8*60*60)
	s := open(t, channelgmv.Config{From: time.Date(2021, 3, 25, 0, 0, 0, 0, zone)})
	noID := version("", "1", payTime("2021-03-24 23:59:59"))
	noID.OrderID.Valid = false
	s.takes(version("1", "1", payTime("2021-03-25 00:00:00")), version("2", "2", payTime("2021-03-24 23:59:59")), noID)
	s.takes(version("1", "7", orderTime("2021-03-25 11:00:00"), payTime("2021-03-24 12:00:00")))
	s.shows(table{web25: {"1", 1, 1, "2021-03-25 00:00:00"}})
	s.refusedNothing()
}

func TestTheDayIsThatOfTheShopsClockInAnyZone(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, channelgmv.Config{Zone: newYork}, streamtest.Start(time.Date(2021, 3, 26, 4, 0, 0, 0, time.UTC)))
	s.takes(version("1", "1", payTime("2021-03-25 23:30:00"))) // the 26th in UTC
	s.shows(table{web25: {"1", 1, 1, "2021-03-25 23:30:00"}})
	for _, row := range streamtest.Rows(s.Driver, channelgmv.LatestOrders) {
		if want := time.Date(2021, 3, 26, 3, 30, 0, 0, time.UTC); !row.EventTime.Equal(want) {
			t.Errorf("event time %v, want %v", row.EventTime, want)
		}
	}
}

func TestStateIsForgottenAfterTheRetentionAndResultsStay(t *testing.T) {
	s := open(t, channelgmv.Config{Retain: channelgmv.DefaultRetain}, streamtest.MaxAhead(0))
	s.takes(version("1", "1"), version("2", "2", guest), version("3", "4", channel("appShop")))
	s.takes(version("4", "8", payTime("2021-04-25 10:00:00")))
	for name, keys := range map[string]int{"channelgmv-orders": 1, "channelgmv-payers": 2, "channelgmv-channels": 2} {
		if got := s.StateKeys(name); len(got) != keys { // the row of April, its last pay time
			t.Errorf("table %s: keys %q, want %d", name, got, keys)
		}
	}
	april := channelgmv.ChannelDay("2021-04-25 00:00:00|webShop")
	want := table{web25: {"3", 1, 2, "2021-03-25 10:02:03"}, app25: {"4", 1, 1, "2021-03-25 10:02:03"}, april: {"8", 1, 1, "2021-04-25 10:00:00"}}
	s.shows(want)
	s.refusedNothing()

	s.takes(version("5", "9"))
	s.shows(want)
	if c := s.Counters("channelgmv-orders"); c.Late != 1 || c.DeadLetters != 1 || c.Orphans != 0 {
		t.Errorf("an order of March in April: %+v", c)
	}
}

func TestWithoutRetentionNothingIsTooLate(t *testing.T) {
	s := open(t, channelgmv.Config{}, streamtest.MaxAhead(0))
	s.takes(version("1", "1", payTime("2031-03-25 10:02:03")))
	s.takes(version("2", "2"))
	if got := s.totals()[web25].gmv; got != "2" {
		t.Errorf("the order of ten years ago counts %q", got)
	}
}
