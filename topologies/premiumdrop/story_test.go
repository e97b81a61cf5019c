package premiumdrop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

type known = map[premiumdrop.ID]string

func TestAPremiumThatFallsIsAnAlertAndTakesThePlaceOfTheOldOne(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.row(1, "200", "car", 1)
	o.trace(1, "100", "van")
	o.alerts("1: 200 car -> 100 van")
	o.tells("1: 100 van, version 2")
	o.knows(known{"1": "100 van 2"})

	o.trace(1, "100", "van") // nothing new
	o.alerts()
	o.tells()
	o.trace(1, "90", "van") // 10 %
	o.alerts()
	o.tells("1: 90 van, version 3")
	o.trace(1, "300", null)
	o.trace(1, "254.99", "bus")
	o.alerts("1: 300 null -> 254.99 bus")
	o.knows(known{"1": "254.99 bus 5"})
	o.refusedNothing()
}

func TestExactlyFifteenPercentNeverAlerts(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	for i, raw := range []string{"1.12", "1.36", "3", "100", "0.1", "123456789012345.67"} {
		id := int64(i)
		at := decimal.RequireFromString(raw).Mul(premiumdrop.DefaultRatio)
		below := at.Sub(decimal.New(1, -20))
		o.row(id, raw, "a", 1)
		o.trace(id, at.String(), "at")
		o.alerts()
		o.row(id, raw, "a", 9)
		o.Run()
		o.trace(id, below.String(), "below")
		o.alerts(fmt.Sprintf("%d: %s a -> %s below", id, raw, below))
	}
	o.refusedNothing()
}

func TestTheRatioCanBeSet(t *testing.T) {
	half, err := premiumdrop.ParseRatio("0.5")
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, premiumdrop.Config{Ratio: half})
	o.row(1, "100", "a", 1)
	o.trace(1, "50", "b")
	o.trace(1, "24.9", "c")
	o.alerts("1: 50 b -> 24.9 c")
	for _, text := range []string{"0", "-0.5", "1.01", "x", ""} {
		if _, err := premiumdrop.ParseRatio(text); err == nil {
			t.Errorf("the ratio %q was taken", text)
		}
	}
	if _, err := premiumdrop.Topology(premiumdrop.Config{Ratio: decimal.New(2, 0)}); err == nil || !strings.Contains(err.Error(), "the ratio is 2: it must be") {
		t.Errorf("error %v", err)
	}
}

func TestATraceOfNobodyWeKnowIsCountedAndNothingElse(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.row(1, "100", "a", 1)
	o.trace(2, "1", "b")
	o.SendRaw(traces, 0, []byte("1"), []byte(`[{"id":null,"now_premium":"1"},{"now_premium":"2"}]`))
	o.alerts()
	o.tells()
	o.knows(known{"1": "100 a 1"})
	if c := o.Counters("premiumdrop-dimension"); c.Skipped != 3 {
		t.Errorf("counters %+v", c)
	}
	o.refusedNothing()
}

func TestOurOwnUpdateComingBackChangesNothing(t *testing.T) {
	o := open(t, premiumdrop.Config{}, streamtest.Partitions(3))
	o.row(1, "100", "a", 7)
	o.trace(1, "80", "b")
	o.Run()
	o.trace(1, "60", "c")
	o.alerts("1: 100 a -> 80 b", "1: 80 b -> 60 c")
	for _, echo := range o.ReadRaw("raw_info_updates") { // the owner passes them on
		o.SendRaw(rawInfo, -1, echo.Key, echo.Value)
		o.knows(known{"1": "60 c 9"})
	}
	o.alerts()
	if c := o.Counters("premiumdrop-dimension"); c.Skipped != 2 {
		t.Errorf("counters %+v", c)
	}
	o.row(1, "99", "the owner's", 10)
	o.knows(known{"1": "99 the owner's 10"})
	o.row(1, "1", "an old one", 8)
	o.knows(known{"1": "99 the owner's 10"})
	o.refusedNothing()
}

func TestAnOwnerWithoutVersionsIsTakenAsHeComes(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.row(1, "100", "a", 0)
	o.knows(known{"1": "100 a 0"})
	o.trace(1, "90", "b")
	o.tells("1: 90 b, version 1")
	o.row(1, "200", "c", 0)
	o.knows(known{"1": "200 c 1"})
	o.trace(1, "100", "d")
	o.alerts("1: 200 c -> 100 d")
	o.tells("1: 100 d, version 2")
}

func TestADeletedRowIsUnknown(t *testing.T) {
	o := open(t, premiumdrop.Config{}, streamtest.Partitions(2))
	for id := range int64(4) {
		o.row(id, "100", "a", 5)
	}
	o.Run()
	o.dismiss(0)
	o.SendRaw(rawInfo, -1, []byte(`{"id":1}`), nil)
	o.SendRaw(rawInfo, -1, []byte(`{"id":" 2 "}`), []byte{})
	o.SendRaw(rawInfo, -1, []byte(" 3 "), nil)
	o.knows(known{})
	o.trace(1, "1", "b")
	o.alerts()
	o.row(1, "50", "again", 1) // a new row counts from its own beginning
	o.knows(known{"1": "50 again 1"})
	o.refusedNothing()
}

func TestAPremiumThatIsNotKnownHasNothingToFallFrom(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	for id, premium := range []string{null, "n/a", ""} {
		o.row(int64(id), premium, null, 1)
		o.trace(int64(id), "10", "first")
		o.alerts()
		o.trace(int64(id), "5", "second")
		o.alerts(fmt.Sprintf("%d: 10 first -> 5 second", id))
	}
	o.refusedNothing()
}

func TestNegativePremiumsAreComparedAsNumbers(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.row(1, "-4", "a", 1)
	o.trace(1, "-4", "a") // below -3.4; the row stays
	o.alerts("1: -4 a -> -4 a")
	o.tells()
	o.trace(1, "-3.4", "b")
	o.alerts()
}

func TestPremiumsAreKeptAsTheyWereWritten(t *testing.T) {
	o := open(t, premiumdrop.Config{})
	o.row(1, "1e2", "a", 1)
	o.SendRaw(traces, 0, nil, []byte(`{"id":"1","now_premium":" 8.0e1 ","now_info":{"a": 1}}`))
	o.alerts(`1: 1e2 a ->  8.0e1  {"a":1}`)
	o.SendRaw(traces, 0, nil, []byte(`{"id":1.9,"now_premium":6.50,"now_info":true}`))
	o.alerts(`1:  8.0e1  {"a":1} -> 6.50 true`)
	o.refusedNothing()
}

func TestTheFirstTracesWaitForTheWholeDimension(t *testing.T) {
	o := open(t, premiumdrop.Config{}, streamtest.Partitions(4), streamtest.InputPartitions(rawInfo, 3), streamtest.Shuffle(7))
	for id := range int64(50) {
		o.trace(id, "50", "b")
	}
	for id := range int64(50) {
		o.row(id, "100", "a", 1)
	}
	o.Run()
	if got := streamtest.Table(o.Driver, premiumdrop.Alerts); len(got) != 50 {
		t.Errorf("%d alerts, want 50", len(got))
	}
}

func TestTracesBeforeFromAreLeftOutFirst(t *testing.T) {
	noon := time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)
	o := open(t, premiumdrop.Config{From: noon})
	o.row(1, "100", "a", 1)
	for _, modified := range []string{"", `,"gmt_modified":` + fmt.Sprint(noon.UnixMilli()-1), `,"gmt_modified":0,"now_premium":"x"`} {
		o.SendRaw(traces, 0, nil, []byte(`{"id":1,"now_premium":"1"`+modified+`}`))
	}
	o.alerts()
	o.refusedNothing()
	r := premiumdrop.TraceRecord{ID: codecs.NotNull[int64](1), Premium: codecs.NotNull("1"), Modified: codecs.NotNull(noon.UnixMilli())}
	streamtest.Send(o.Driver, premiumdrop.Traces, "", r)
	o.alerts("1: 100 a -> 1 null")
}

func TestARowThatWasNotWrittenForTheRetentionIsForgotten(t *testing.T) {
	o := open(t, premiumdrop.Config{Retain: 24 * time.Hour})
	o.row(1, "100", "a", 1)
	o.row(2, "100", "a", 1)
	o.Advance(20 * time.Hour)
	o.trace(2, "90", "b")
	o.Advance(5 * time.Hour)
	o.row(3, "100", "a", 1)
	o.trace(4, "1", "b")
	o.knows(known{"2": "90 b 2", "3": "100 a 1"})
	o.refusedNothing()
}

func TestResultsHaveTheirNamesAndTimes(t *testing.T) {
	o := open(t, premiumdrop.Config{}, streamtest.Start(time.Date(2021, 3, 25, 12, 5, 6, 78e6, time.UTC)))
	o.row(7, "100", null, 3)
	o.trace(7, "80.0", "x<y")
	o.Run()
	for topic, want := range map[string]string{
		"wechat_activity_user": `{"id":7,"raw_info":null,"now_info":"x<y","raw_premium":"100","now_premium":"80.0","updated_at":"2021-03-25T20:05:06.078+08:00"}`,
		"raw_info_updates":     `{"id":7,"raw_premium":"80.0","raw_info":"x<y","version":4,"updated_at":"2021-03-25T20:05:06.078+08:00"}`,
	} {
		rs := o.ReadRaw(topic)
		if len(rs) != 1 || string(rs[0].Key) != "7" || string(rs[0].Value) != want {
			t.Errorf("topic %s holds %+v, want %s", topic, rs, want)
		}
	}
}
