package clickalerts_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

var noon = time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC)

// shop is a topology and what it said.
type shop struct {
	*streamtest.Driver
	t *testing.T
}

func open(t *testing.T, c clickalerts.Config, opts ...streamtest.Option) shop {
	t.Helper()
	topology, err := clickalerts.Topology(c)
	if err != nil {
		t.Fatal(err)
	}
	return shop{streamtest.New(t, topology, append(opts, streamtest.Start(noon.Add(100*24*time.Hour)))...), t}
}

// clicks sends clicks that are written as "id type minutes product price", of user u in session s, or of the
// user named at the end.
func (s shop) clicks(lines ...string) {
	s.t.Helper()
	s.clicksIn(0, lines...)
}

// clicksIn sends clicks to a partition.
func (s shop) clicksIn(partition int32, lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		f := append(strings.Fields(line), "u")
		var minutes float64
		if _, err := fmt.Sscan(f[2], &minutes); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		at := noon.Add(time.Duration(minutes * float64(time.Minute))).UnixMilli()
		s.SendRaw("clickstream", partition, fmt.Appendf(nil, `{"key_id":%s}`, f[0]), fmt.Appendf(nil,
			`{"value_eventTime":%d,"value_eventType":%q,"value_productId":%q,"value_categoryCode":"of %s","value_price":%s,"value_userId":%q,"value_userSession":"s-%s"}`,
			at, f[1], f[3], f[3], f[4], f[5], f[5]))
	}
}

// says compares the alerts so far, "id: message" without the names of users.
func (s shop) says(want ...string) {
	s.t.Helper()
	s.clicks("0 none 100000 none 0 clock") // a month later, all windows have closed
	s.Run()
	var got []string
	for id, a := range streamtest.Table(s.Driver, clickalerts.Alerts) {
		if a.User != "u" || a.Session != "s-u" || a.Pattern != strings.Split(string(id), "|")[0] {
			s.t.Errorf("alert %+v", a)
		}
		got = append(got, fmt.Sprintf("%s %s %s: %s", id, a.EventTime[11:19], a.Type, a.Message))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("alerts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var utc = clickalerts.Config{Zone: time.UTC}

func TestACartIsBoughtOrLeftBehind(t *testing.T) {
	s := open(t, utc)
	s.clicks("1 cart 0 tv 200.01", "2 cart 1 tv 200", "3 cart 2 radio 300", "4 purchase 10.5 radio 300")
	s.says(
		"abandoned-cart|1|timeout|1|1 12:10:00 CART_ABANDONMENT: High-value cart abandonment detected for user 'u' priced at 200.01. No purchase within 10 minutes.",
		"abandoned-cart|1|match|3,4|1 12:10:30 PURCHASE_COMPLETION: Purchase completed for user u on product radio priced at 300",
	)
}

// quiet has so long pass without a click, and returns how many carts were found left behind so far.
func (s shop) quiet(d time.Duration) int {
	s.t.Helper()
	s.Advance(d)
	n := 0
	for _, a := range streamtest.Table(s.Driver, clickalerts.Alerts) {
		if a.Type == "CART_ABANDONMENT" {
			n++
		}
	}
	return n
}

func TestACartLeftBehindIsNoticedThoughNobodyClicks(t *testing.T) {
	advancing := utc
	advancing.MaxIdleAdvance = time.Hour
	s := open(t, advancing, streamtest.InputPartitions("clickstream", 2), streamtest.Partitions(3))
	s.clicks("1 cart 0 tv 300")
	if n := s.quiet(10 * time.Minute); n != 0 {
		t.Errorf("%d carts were left behind before their time: it goes on when the topic is idle, 2 s behind the last click", n)
	}
	if n := s.quiet(7 * time.Second); n != 1 {
		t.Errorf("%d carts were noticed", n)
	}
	s.clicks("2 cart 9 radio 300", "3 cart 10 radio 300", "4 cart 11 radio 300")
	s.Run()
	late := s.Counters("clickalerts-session-runs")
	if late.Behind != 2 || late.Late != 2 { // the watermark is at 10 minutes sharp
		t.Errorf("%+v of the carts came behind the advance", late)
	}
	if n := s.quiet(11 * time.Minute); n != 2 {
		t.Errorf("%d carts were noticed, the third in time too", n)
	}
}

func TestWithoutAnAdvanceACartWaitsForTheNextClick(t *testing.T) {
	s := open(t, utc)
	s.clicks("1 cart 0 tv 300")
	if n := s.quiet(24 * time.Hour); n != 0 {
		t.Errorf("%d carts were noticed", n)
	}
	short := utc
	short.MaxIdleAdvance = 10 * time.Minute // 2 s too short
	s = open(t, short)
	s.clicks("1 cart 0 tv 300")
	if n := s.quiet(24 * time.Hour); n != 0 {
		t.Errorf("%d carts were noticed beyond the bound", n)
	}
}

const reader, runs = "clickalerts-clickstream", "clickalerts-session-runs"

func TestTimeWaitsForClicksThatAreStillToBeRead(t *testing.T) {
	advancing := utc
	advancing.MaxIdleAdvance = time.Hour
	s := open(t, advancing, streamtest.InputPartitions("clickstream", 2))
	s.clicksIn(0, "1 cart 0 tv 300")
	s.quiet(10 * time.Second)
	s.Hold(reader, true, 1)
	s.clicksIn(1, "2 purchase 5 tv 300")
	if n := s.quiet(time.Hour); n != 0 {
		t.Errorf("%d carts were left behind, the purchase is not read yet", n)
	}
	s.Hold(reader, false, 1)
	if n := s.quiet(time.Hour); n != 0 || s.Counters(runs).Late != 0 {
		t.Errorf("%d carts were left behind, and it was bought: %+v", n, s.Counters(runs))
	}
}

func TestARestartTakesNoTimeBackAndGivesNone(t *testing.T) {
	advancing := utc
	advancing.MaxIdleAdvance = time.Hour
	s := open(t, advancing)
	s.clicks("1 none 0 tv 300")
	for _, want := range []time.Duration{40 * time.Minute, time.Hour} {
		s.Advance(40*time.Minute + 5*time.Second)
		before := s.Watermark(runs, 0)
		if got := before.Sub(noon.Add(-2 * time.Second)); got != want {
			t.Errorf("time has gone on by %s, want %s", got, want)
		}
		s.Restart()
		if s.Run(); !s.Watermark(runs, 0).Equal(before) {
			t.Errorf("a restart leads from %s to %s", before, s.Watermark(runs, 0))
		}
		if s.Advance(4 * time.Second); !s.Watermark(runs, 0).Equal(before) {
			t.Error("time went on before the topic was found to be quiet")
		}
	}
}

func TestTwoViewsOfUnlikeProductsAreACrossSell(t *testing.T) {
	s := open(t, utc)
	s.clicks("1 view 0 tv 1", "2 view 4.9 radio 1", "3 view 5 radio 2", "4 cart 6 radio 1", "5 view 15.1 tv 1")
	s.says("cross-sell|1|match|1,2|1 12:04:54 CROSS_UPSELL: Cross-sell opportunity detected for user u: viewed products in categories of tv and of radio")
}

func TestFourViewsShowAnIntent(t *testing.T) {
	s := open(t, utc)
	s.clicks("1 view 0 tv 1", "2 view 6 tv 1", "3 cart 7 tv 1", "4 view 8 tv 1", "5 view 9 tv 1")
	s.says("purchase-intent|1|match|1,2,4,5|1 12:09:00 PURCHASE_INTENT: High purchase intent detected for user u on product tv")
}

func TestAPriceThatFallsAndACartShowSensitivity(t *testing.T) {
	s := open(t, utc)
	s.clicks("1 view 0 tv 100", "2 view 6 tv 99.9", "3 cart 7 radio 5", "4 view 20 tv 99.9", "5 view 26 tv 99.90", "6 cart 27 tv 1")
	s.says("price-sensitivity|1|match|1,2,3|1 12:07:00 PRICE_SENSITIVITY: Price-sensitive customer detected for user u on product tv after a price drop.")
}

// views are n views of one product, far enough from each other for the other patterns.
func views(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("%d view %d tv 1", i+1, i*20))
	}
	return lines
}

const churn = "CHURN_RISK: Churn risk detected for user u: viewed multiple products over the week without making a purchase."

func TestManyViewsWithoutAPurchaseAreARisk(t *testing.T) {
	s := open(t, utc)
	s.clicks(append(views(11), "12 purchase 220 tv 1")...)
	s.says("churn-risk|1|match|1,2,3,4,5,6,7..10:10|1 15:20:00 " + churn)
}

func TestWithOnceMatchesDontOverlap(t *testing.T) {
	for once, want := range map[bool]int{false: 10, true: 1} {
		s := open(t, clickalerts.Config{Zone: time.UTC, Once: once})
		s.clicks(append(views(13), "14 cart 260 tv 1")...)
		s.clicks("0 none 100000 none 0 clock")
		s.Run()
		if n := len(streamtest.Table(s.Driver, clickalerts.Alerts)); n != want {
			t.Errorf("once %v: %d alerts, want %d", once, n, want)
		}
	}
}

func TestWithOnceARiskIsToldOncePerUserAndWindow(t *testing.T) {
	const week = 7 * 24 * 60 // minutes
	s := open(t, clickalerts.Config{Zone: time.UTC, Once: true})
	id := 0
	for _, from := range []int{0, 1000, week - 1000, week + 2000} {
		for i := range 11 {
			id++
			s.clicks(fmt.Sprintf("%d view %d tv 1", id, from+20*i))
		}
		id++
		s.clicks(fmt.Sprintf("%d cart %d tv 1", id, from+250))
	}
	s.clicks(fmt.Sprintf("%d none %d none 0 clock", id+1, 3*week))
	s.Run()
	var told []string
	for _, a := range streamtest.Table(s.Driver, clickalerts.Alerts) {
		if a.Type == "CHURN_RISK" {
			told = append(told, a.EventTime)
		}
	}
	slices.Sort(told)
	// What a match leaves over begins the next one: three views are left when the last eleven come.
	if want := []string{"2021-03-25T15:20:00.000Z", "2021-04-02T23:40:00.000Z"}; !slices.Equal(told, want) {
		t.Errorf("told at %q, want %q", told, want)
	}
	if c := s.Counters("clickalerts-churn-told"); c.Skipped == 0 {
		t.Error("what was left out was not counted")
	}
}

func TestAClickCountsOnce(t *testing.T) {
	s := open(t, utc)
	s.clicks("1 cart 0 tv 300", "1 cart 0 tv 300", "1 cart 1 tv 500") // a snapshot, and an update
	s.SendRaw("clickstream", 0, []byte(`{"key_id":1}`), nil)
	s.says("abandoned-cart|1|timeout|1|1 12:10:00 CART_ABANDONMENT: High-value cart abandonment detected for user 'u' priced at 300. No purchase within 10 minutes.")
	if c := s.Counters("clickalerts-seen"); c.Skipped != 3 || len(s.DeadLetters()) > 0 {
		t.Errorf("%+v, dead letters %+v", c, s.DeadLetters())
	}
}

func TestClicksOfOneTimeAreTakenInTheOrderOfTheirIDs(t *testing.T) {
	for arrival, want := range map[bool]int{false: 1, true: 0} {
		s := open(t, clickalerts.Config{Zone: time.UTC, ByArrival: arrival, Thresholds: clickalerts.Thresholds{CartPrice: decimal.New(1, 0)}})
		s.clicks("2 purchase 0 tv 300", "1 cart 0 tv 300", "0 none 100000 none 0 clock")
		s.Run()
		matched := 0
		for _, a := range streamtest.Table(s.Driver, clickalerts.Alerts) {
			if a.Type == "PURCHASE_COMPLETION" {
				matched++
			}
		}
		if matched != want {
			t.Errorf("by arrival %v: %d purchases completed, want %d", arrival, matched, want)
		}
	}
}

func TestARecordThatIsNoClickIsADeadLetter(t *testing.T) {
	s := open(t, utc)
	for reason, r := range map[string][2]string{
		"value_eventTime is missing": {`{"key_id":1}`, `{"value_userId":"u"}`},
		"nobody has clicked":         {`{"key_id":1}`, `{"value_eventTime":1}`},
		`has no "key_id"`:            {`{"id":1}`, `{"value_eventTime":1,"value_userId":"u"}`},
		"not JSON":                   {`key`, `{"value_eventTime":1,"value_userId":"u"}`},
		`"value_price"`:              {`{"key_id":1}`, `{"value_eventTime":1,"value_userId":"u","value_price":"cheap"}`},
	} {
		before := len(s.DeadLetters())
		s.SendRaw("clickstream", 0, []byte(r[0]), []byte(r[1]))
		s.Run()
		if dead := s.DeadLetters(); len(dead) != before+1 || !strings.Contains(dead[before].Reason, reason) {
			t.Errorf("%s: dead letters %+v", reason, dead)
		}
	}
}

func TestNothingIsLeftOfASessionAndItsClicks(t *testing.T) {
	s := open(t, clickalerts.Config{Zone: time.UTC, Retain: clickalerts.DefaultRetain})
	for i := range 50 {
		s.clicks(fmt.Sprintf("%d cart %d tv 300 u%d", 10*i+1, i, i), fmt.Sprintf("%d view %d tv 300 u%d", 10*i+2, i+1, i), fmt.Sprintf("%d view %d radio 200 u%d", 10*i+3, i+2, i))
	}
	s.clicks("0 none 100000 none 0 clock")
	s.Run()
	for _, table := range []string{"clickalerts-seen", "clickalerts-session-runs", "clickalerts-user-runs"} {
		for _, key := range s.StateKeys(table) {
			if !strings.Contains(key, "clock") && !strings.HasSuffix(key, "\x000") && key != "0" {
				t.Errorf("table %s has key %q", table, key)
			}
		}
	}
}

func TestMistakesOfTheConfigurationAreReported(t *testing.T) {
	_, err := clickalerts.Topology(clickalerts.Config{Thresholds: clickalerts.Thresholds{IntentViews: 1, ChurnViews: -1}})
	if err == nil || !strings.Contains(err.Error(), "purchase intent takes 1 views") || !strings.Contains(err.Error(), "churn risk takes -1 views") {
		t.Errorf("%v", err)
	}
}

var update = flag.Bool("update", false, "write the files in testdata instead of comparing with them")

func TestTheTopologyIsTheOneInTestdata(t *testing.T) {
	topology, err := clickalerts.Topology(clickalerts.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"testdata/describe.txt": topology.Describe(), "testdata/mermaid.txt": topology.Mermaid()} {
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is no longer right; if the change is meant, run the tests with -update\ngot:\n%s\nwant:\n%s", file, got, want)
		}
	}
}
