package hourlypremium_test

import (
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

func TestAnHourSumsItsOrders(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "100.10"), record(2, "0.20", number("P-2")), record(3, "-5", number("P-3"), tel("139")), record(4, "0"))
	o.shows(table{"2021032509": {"95.3", 3, 2}})
	o.refusedNothing()
}

func TestALaterRecordMovesItsOrderToItsHour(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "100"), record(2, "10", number("P-2"), modified(at(10, 30))))
	o.wrote("2021032509", "2021032510")

	o.takes(record(1, "80", modified(at(10, 59))))
	o.shows(table{"2021032510": {"90", 2, 1}})
	o.wrote("-2021032509", "2021032510")

	o.takes(record(1, "80", modified(at(10, 0)))) // the same hour, the same premium
	o.wrote()
	o.takes(record(2, "11", number("P-2"), modified(at(10, 30))))
	o.shows(table{"2021032510": {"91", 2, 1}})
	o.wrote("2021032510")
	o.refusedNothing()
}

func TestTheLastToArriveIsTheLast(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "100", modified(at(11, 0))), record(1, "70", modified(at(8, 0))))
	o.shows(table{"2021032508": {"70", 1, 1}})
}

func TestANullKeepsWhatWasKnown(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "100"))
	o.takes(record(1, "0", unpriced, number("P-9"), unreached, modified(at(10, 0))))
	o.shows(table{"2021032510": {"100", 1, 1}})
	o.takes(record(1, "50", unnumber))
	o.shows(table{"2021032509": {"50", 1, 1}})
	row := streamtest.Rows(o.Driver, hourlypremium.LastOrders)["1"].Value
	if row.No.V != "P-9" || row.Tel.V != "138" || !row.Tel.Valid || row.Modified != at(9, 0) {
		t.Errorf("the order is %+v", row)
	}
}

func TestWhatWasNeverKnownDoesNotCount(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "0", unpriced, unnumber, unreached))
	o.shows(table{"2021032509": {"0", 0, 0}}) // an order all the same
	o.takes(record(1, "0", unpriced, unnumber))
	o.shows(table{"2021032509": {"0", 0, 1}})
	o.takes(record(2, "3", number(""), tel(""))) // an empty text is a value
	o.shows(table{"2021032509": {"3", 1, 2}})
}

func TestPoliciesAndHoldersCountOnceAndUntilTheLastOrderIsGone(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "1"), record(2, "2"), record(3, "4", number("P-3")))
	o.shows(table{"2021032509": {"7", 2, 1}})
	o.takes(record(1, "1", modified(at(10, 0))))
	o.shows(table{"2021032509": {"6", 2, 1}, "2021032510": {"1", 1, 1}})
	o.takes(record(2, "2", number("P-3"), tel("139")))
	o.shows(table{"2021032509": {"6", 1, 2}, "2021032510": {"1", 1, 1}})
}

func TestARecordWithoutGmtModifiedIsLeftOut(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "100"), record(1, "7", undated, number("P-7")), record(0, "8", undated, nameless))
	o.shows(table{"2021032509": {"100", 1, 1}})
	o.takes(record(1, "0", unpriced, unnumber))
	o.shows(table{"2021032509": {"100", 1, 1}}) // nothing of it was taken over
	o.refusedNothing()
}

func TestRecordsBeforeFromAreLeftOutFirst(t *testing.T) {
	from := time.Date(2021, 3, 25, 9, 0, 0, 0, shanghai)
	o := open(t, hourlypremium.Config{From: from})
	o.takes(record(1, "100"), record(1, "7", number("P-7"), modified(at(9, 0)-1)), record(0, "8", nameless, modified(at(8, 0))))
	o.shows(table{"2021032509": {"100", 1, 1}})
	o.refusedNothing()
}

func TestTheIdentityCanBeTheOrderNumber(t *testing.T) {
	records := []hourlypremium.OrderRecord{
		record(1, "100", number("P-1")), record(1, "10", number("P-2"), tel("139")), record(2, "60", number("P-1")),
	}
	byID := open(t, hourlypremium.Config{Identity: hourlypremium.ByID})
	byID.takes(records...)
	byID.shows(table{"2021032509": {"70", 2, 2}})

	byNo := open(t, hourlypremium.Config{Identity: hourlypremium.ByOrderNo})
	byNo.takes(records...)
	byNo.takes(record(0, "0", nameless, unpriced, number("P-2")))
	byNo.shows(table{"2021032509": {"70", 2, 1}})
	byNo.refusedNothing()
	if got := streamtest.Rows(byNo.Driver, hourlypremium.LastOrders); len(got) != 2 || got["P-2"].Value.ID.V != 1 {
		t.Errorf("orders %v", got)
	}
}

func TestHoursAreThoseOfTheZone(t *testing.T) {
	for zone, want := range map[string]hourlypremium.Hour{
		"UTC": "2021032501", "Asia/Shanghai": "2021032509", "America/New_York": "2021032421", "Asia/Kolkata": "2021032506",
	} {
		o := open(t, hourlypremium.Config{Zone: load(t, zone)})
		o.takes(record(1, "1"))
		o.shows(table{want: {"1", 1, 1}})
	}
}

// In New York November 1st 2020 had the hour from one to two twice, and on March 14th 2021 the clocks went
// from two to three.
func TestAnHourThatComesTwiceHasOneRowAndOneThatIsSkippedHasNone(t *testing.T) {
	o := open(t, hourlypremium.Config{Zone: load(t, "America/New_York")}, streamtest.MaxAhead(0))
	first := time.Date(2020, 11, 1, 5, 30, 0, 0, time.UTC)
	spring := time.Date(2021, 3, 14, 6, 30, 0, 0, time.UTC)
	for i, at := range []time.Time{first, first.Add(time.Hour), first.Add(2 * time.Hour), spring, spring.Add(time.Hour)} {
		o.takes(record(int64(i), "1", modified(at.UnixMilli())))
	}
	o.shows(table{"2020110101": {"2", 1, 1}, "2020110102": {"1", 1, 1}, "2021031401": {"1", 1, 1}, "2021031403": {"1", 1, 1}})

	o.takes(record(0, "5", modified(first.Add(time.Hour).UnixMilli()))) // from one to the other: the same row
	o.shows(table{"2020110101": {"6", 1, 1}, "2020110102": {"1", 1, 1}, "2021031401": {"1", 1, 1}, "2021031403": {"1", 1, 1}})
}

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestAResultRowHasItsNamesAndTimes(t *testing.T) {
	o := open(t, hourlypremium.Config{}, streamtest.Start(time.Date(2021, 3, 25, 4, 5, 6, 78e6, time.UTC)))
	o.takes(record(1, "100.50"))
	want := `{"biz_date":"2021032509","total_premium":100.5,"policy_cnt":1,"policy_holder_cnt":1,"updated_at":"2021-03-25T12:05:06.078+08:00"}`
	rs := o.ReadRaw(hourlypremium.HourlyPremiums.Name)
	if len(rs) != 1 {
		t.Fatalf("%d results", len(rs))
	}
	if string(rs[0].Key) != "2021032509" || string(rs[0].Value) != want {
		t.Errorf("result %s: %s, want %s", rs[0].Key, rs[0].Value, want)
	}
}

func TestMoneyIsExact(t *testing.T) {
	o := open(t, hourlypremium.Config{})
	o.takes(record(1, "0.1"), record(2, "0.2"), record(3, "999999999999999.99"))
	o.shows(table{"2021032509": {"1000000000000000.29", 1, 1}})
	o.takes(record(3, "0"))
	o.shows(table{"2021032509": {"0.3", 1, 1}})
}

func TestStateIsForgottenAfterTheRetentionAndResultsStay(t *testing.T) {
	april := time.Date(2021, 4, 25, 9, 0, 0, 0, shanghai).UnixMilli()
	o := open(t, hourlypremium.Config{Retain: hourlypremium.DefaultRetain}, streamtest.MaxAhead(0))
	o.takes(record(1, "1"), record(2, "2", number("P-2"), modified(at(10, 0))), record(3, "4", modified(april)))
	for name, keys := range map[string]int{"hourlypremium-orders": 1, "hourlypremium-hours": 3} {
		if got := o.StateKeys(name); len(got) != keys { // the row of April, its policy and holder
			t.Errorf("table %s: keys %q, want %d", name, got, keys)
		}
	}
	want := table{"2021032509": {"1", 1, 1}, "2021032510": {"2", 1, 1}, "2021042509": {"4", 1, 1}}
	o.shows(want)
	o.refusedNothing()

	o.takes(record(4, "9"))
	o.shows(want)
	if c := o.Counters("hourlypremium-orders"); c.Late != 1 || c.DeadLetters != 1 || c.Orphans != 0 {
		t.Errorf("an order of March in April: %+v", c)
	}
}
