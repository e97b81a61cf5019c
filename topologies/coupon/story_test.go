package coupon_test

import (
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

func TestARefundIsTakenOffAndTheRowGoesWithTheLastYuan(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "10000"), paid("2", "5050"))
	s.shows(table{day25: those(150)})
	s.wrote(day25, day25)

	s.takes(refunded("1", "2000"))
	s.shows(table{day25: those(130)})
	s.takes(refunded("1", "10000"), refunded("2", "5050"))
	s.shows(table{})
	s.wrote(day25, day25, "-"+day25)

	s.takes(paid("3", "100"))
	s.shows(table{day25: those(1)})
	s.wrote(day25)
	s.refusedNothing()
}

func TestARefundMayComeFirst(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(refunded("1", "4000"))
	s.shows(table{})
	s.wrote()
	s.takes(paid("1", "10000"))
	s.shows(table{day25: those(60)})
	s.wrote(day25)
}

func TestWhatIsNotPositiveIsNotWritten(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "99"), paid("2", "0"), paid("3", "1", free))
	s.wrote()
	s.takes(refunded("4", "100"))
	s.wrote()
	s.takes(paid("5", "100")) // 1 - 1
	s.wrote()
	s.takes(paid("6", "100"))
	s.shows(table{day25: those(1)})
}

func TestEveryRecordIsCutToYuanTowardZeroBeforeTheSum(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "199"), paid("2", "199.999999"), paid("3", "99.99"), paid("4", "1000"), refunded("4", "199"))
	s.amounts(map[coupon.BuyerDay]int64{day25: 11})
}

func TestOfTheVersionsOfAnOrderTheSmallestOfEachColumnCounts(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "10000"))
	s.takes(paid("1", "20000", created("2021-03-25 09:00:00"), modified("2021-03-26 00:00:00"), payTime("2021-03-26 10:00:00")))
	s.shows(table{day25: {100, "2021-03-25 09:00:00", "2021-03-25 11:00:00"}})
	s.takes(paid("1", "5000"), paid("2", "1", modified("2021-03-27")))
	s.shows(table{day25: {50, "2021-03-25 09:00:00", "2021-03-27"}}) // per day the largest gmt_modified
	s.takes(paid("2", "1"))
	s.shows(table{day25: {50, "2021-03-25 09:00:00", "2021-03-25 11:00:00"}})
	s.refusedNothing()
}

func TestTextIsComparedByCodeUnit(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "1000", buyer("9"), modified("\uff21")), paid("1", "1000", buyer("10"), modified("\U0001f600")))
	s.shows(table{"10|20210325": {10, "2021-03-25 10:00:00", "\U0001f600"}})
	s.takes(paid("2", "1000", buyer("10"), created("\uff21"), modified("\U0001f600")), paid("3", "100", buyer("10"), created("\U0001f600"), modified("\uff21")))
	s.shows(table{"10|20210325": {21, "2021-03-25 10:00:00", "\uff21"}})
}

func TestAnEarlierPayDayMovesTheAmount(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "10000"))
	s.wrote(day25)
	s.takes(paid("1", "10000", payTime("2021-03-24 23:59:59")))
	s.shows(table{day24: those(100)})
	s.wrote(day24, "-"+day25)
	s.takes(paid("1", "10000", payTime("2021-03-26 00:00:00")))
	s.wrote()
	s.refusedNothing()
}

func TestARefundWithTheStatusOfItsOrderReplacesIt(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "10000"), paid("2", "10000"), refunded("1", "2500", status("2")))
	s.amounts(map[coupon.BuyerDay]int64{day25: 75})
}

func TestBuyersAreNumbers(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "100"), paid("2", "200", buyer("007")), paid("3", "400", buyer(" 7 ")), refunded("2", "200", buyer("+7")))
	s.amounts(map[coupon.BuyerDay]int64{day25: 5})
	s.takes(paid("4", "800", buyer("-7")))
	s.amounts(map[coupon.BuyerDay]int64{day25: 5, "-7|20210325": 8})
	s.refusedNothing()
}

func TestNullsFormGroups(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "600", statusless), paid("1", "400", statusless), paid("1", "100"))
	s.amounts(map[coupon.BuyerDay]int64{day25: 5})
	s.takes(paid("", "300", orderless), paid("", "200", orderless), paid("", "1000"), paid("", "5000", orderless, statusless), paid("", "70000", status(""), orderless))
	s.amounts(map[coupon.BuyerDay]int64{day25: 5 + 2 + 10 + 50 + 700})
	s.refusedNothing()
}

func TestMinimaSkipNulls(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "1000", free, dateless))
	s.takes(paid("2", "100", dateless))
	s.shows(table{day25: {1, null, null}})
	s.takes(paid("1", "1000"))
	s.shows(table{day25: those(11)})
	s.takes(paid("1", "0", free, dateless, timeless, nobody))
	s.shows(table{day25: those(11)})
	s.refusedNothing()
}

func TestWhatLacksABuyerOrADayIsHeldBackUntilItHasBoth(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "1000", nobody), paid("2", "2000", timeless), paid("3", "4000", payTime("tomorrow")), paid("4", "8000", nobody, timeless))
	s.shows(table{})
	s.holdsBack(map[coupon.Lack]int64{coupon.NoBuyer: 2, coupon.NoPayDay: 2})

	s.takes(paid("1", "1000", timeless, free), paid("2", "3000"))
	s.amounts(map[coupon.BuyerDay]int64{day25: 30})
	s.holdsBack(map[coupon.Lack]int64{coupon.NoBuyer: 1, coupon.NoPayDay: 1})

	s.takes(paid("4", "9000", timeless))
	s.holdsBack(map[coupon.Lack]int64{coupon.NoPayDay: 2})
	s.takes(paid("3", "4000"), paid("4", "9000")) // "2021-..." is smaller than "tomorrow"
	s.amounts(map[coupon.BuyerDay]int64{day25: 150})
	s.holdsBack(map[coupon.Lack]int64{})
	s.refusedNothing()
}

// A text that sorts before all times takes the place of a time that could be read, as in the reference.
func TestAPayTimeThatCannotBeReadMayHoldBackWhatCounted(t *testing.T) {
	s := open(t, coupon.Config{})
	s.takes(paid("1", "1000"), paid("1", "1000", payTime("")))
	s.shows(table{})
	s.wrote(day25, "-"+day25)
	s.holdsBack(map[coupon.Lack]int64{coupon.NoPayDay: 1})
}

func TestAResultRowHasItsNamesAndTimes(t *testing.T) {
	s := open(t, coupon.Config{}, streamtest.Start(time.Date(2021, 3, 25, 4, 5, 6, 78e6, time.UTC)))
	s.takes(paid("1", "10050", func(e *coupon.Entry) { e.Created = codecs.Text{} }))
	want := `{"gmt_create":null,"gmt_modified":"2021-03-25 11:00:00","buyer_id":7,"cumulate_amount":100,"effect_time":20210325,` +
		`"updated_at":"2021-03-25T12:05:06.078+08:00"}`
	rs := s.ReadRaw(coupon.TddlOutput.Name)
	if len(rs) != 1 {
		t.Fatalf("%d results", len(rs))
	}
	if string(rs[0].Key) != day25 || string(rs[0].Value) != want {
		t.Errorf("result %s: %s, want %s", rs[0].Key, rs[0].Value, want)
	}
}

func TestEntriesPaidBeforeFromAreLeftOutFirst(t *testing.T) {
	zone := time.FixedZone("", 8*60*60)
	s := open(t, coupon.Config{From: time.Date(2021, 3, 25, 0, 0, 0, 0, zone)})
	before := payTime("2021-03-24 23:59:59")
	s.takes(paid("1", "1000", payTime("2021-03-25")), paid("1", "500", before), paid("2", "2000", before), paid("3", "1", before, buyer("x")))
	s.shows(table{day25: those(10)})
	s.takes(paid("4", "4000", timeless))
	s.holdsBack(map[coupon.Lack]int64{coupon.NoPayDay: 1})
	s.refusedNothing()
}

func TestTheDayIsThatOfTheShopsClockInAnyZone(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, coupon.Config{Zone: newYork}, streamtest.Start(time.Date(2021, 3, 26, 4, 0, 0, 0, time.UTC)))
	s.takes(paid("1", "100", payTime("2021-03-25 23:30:00"))) // the 26th in UTC
	s.amounts(map[coupon.BuyerDay]int64{day25: 1})
	for _, row := range streamtest.Rows(s.Driver, coupon.Entries) {
		if want := time.Date(2021, 3, 26, 3, 30, 0, 0, time.UTC); !row.EventTime.Equal(want) {
			t.Errorf("event time %v, want %v", row.EventTime, want)
		}
	}
}

func TestStateIsForgottenAfterTheRetentionAndResultsStay(t *testing.T) {
	s := open(t, coupon.Config{Retain: coupon.DefaultRetain})
	s.takes(paid("1", "100"), paid("2", "200", payTime("2021-03-24 10:00:00")))
	s.takes(paid("3", "400", payTime("2021-06-23 09:00:00")))
	s.Advance(time.Minute)
	s.takes(refunded("1", "10")) // on time: the 90 days end at ten
	s.amounts(map[coupon.BuyerDay]int64{day25: 1, day24: 2, "7|20210623": 4})
	s.refusedNothing()

	july := paid("4", "800", payTime("2021-07-22 09:00:00"))
	s.takes(july)
	s.Advance(time.Minute)
	for name, keys := range map[string]int{"coupon-entries": 2, "coupon-spends": 6} { // of June and July a row each, of a day also its two times
		if got := s.StateKeys(name); len(got) != keys {
			t.Errorf("table %s: keys %q, want %d", name, got, keys)
		}
	}
	s.takes(refunded("1", "100"))
	s.amounts(map[coupon.BuyerDay]int64{day25: 1, day24: 2, "7|20210623": 4, "7|20210722": 8})
	if c := s.Counters("coupon-entries"); c.Late != 1 || c.DeadLetters != 1 || c.Orphans != 0 {
		t.Errorf("a refund after 90 days: %+v", c)
	}
}
