package coupon_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// spring grants 10 yuan for 100 and 40 more for 300, in March.
func spring(budget int64) coupon.Campaign {
	return coupon.Campaign{Name: "spring", Budget: budget, From: 20210301, To: 20210331, Tiers: []coupon.Tier{{Spend: 300, FaceValue: 40}, {Spend: 100, FaceValue: 10}}}
}

func campaigns(cs ...coupon.Campaign) coupon.Config { return coupon.Config{Campaigns: cs} }

// asked compares the requests since it was last asked, in their order.
func (s shop) asked(want ...string) {
	s.t.Helper()
	var got []string
	for _, r := range streamtest.Read(s.Driver, coupon.CouponRequests) {
		got = append(got, string(r.Value.Kind)+" "+string(r.Value.ID))
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("the requests are\n%q\nwant\n%q", got, want)
	}
}

// decided compares the events since it was last asked, in their order, each with what is left of the budget.
func (s shop) decided(want ...string) {
	s.t.Helper()
	var got []string
	for _, r := range streamtest.Read(s.Driver, coupon.Coupons) {
		got = append(got, fmt.Sprintf("%s %s %d", r.Value.Event, r.Value.ID, r.Value.Remaining))
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("the coupon events are\n%q\nwant\n%q", got, want)
	}
}

// hold compares what buyers hold.
func (s shop) hold(want map[coupon.Buyer][]coupon.CouponID) {
	s.t.Helper()
	got := s.ledger()
	if !maps.EqualFunc(got, want, slices.Equal) {
		s.t.Fatalf("the ledger is\n%q\nwant\n%q", got, want)
	}
}

func (s shop) ledger() map[coupon.Buyer][]coupon.CouponID {
	s.t.Helper()
	m := map[coupon.Buyer][]coupon.CouponID{}
	for k, row := range streamtest.Table(s.Driver, coupon.CouponLedger) {
		for _, c := range row.Coupons {
			m[k] = append(m[k], c.ID)
		}
	}
	return m
}

// totals are issued, revoked, denied and remaining of a campaign.
type totals [4]int64

func (s shop) accounts(want map[coupon.CampaignName]totals) {
	s.t.Helper()
	got := map[coupon.CampaignName]totals{}
	for k, b := range streamtest.Table(s.Driver, coupon.CampaignBudgets) {
		if k != b.Campaign {
			s.t.Fatalf("the key of %+v is %s", b, k)
		}
		got[k] = totals{b.Issued, b.Revoked, b.Denied, b.Remaining}
	}
	if !maps.Equal(got, want) {
		s.t.Fatalf("the budgets are\n%v\nwant\n%v", got, want)
	}
}

const (
	lower  = "spring|7|20210325|100|1"
	lower2 = "spring|7|20210325|100|2"
	upper  = "spring|7|20210325|300|1"
)

func TestCrossingATierGrantsACoupon(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	s.takes(paid("1", "9999"))
	s.asked()
	s.takes(paid("2", "100"))
	s.asked("issue " + lower)
	s.decided("issued " + lower + " 990")
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": {lower}})
	s.accounts(map[coupon.CampaignName]totals{"spring": {10, 0, 0, 990}})

	s.takes(paid("3", "19999"))
	s.asked()
	s.takes(paid("4", "100"))
	s.asked("issue " + upper)
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": {lower, upper}})
	s.refusedNothing()
}

func TestFallingToATierKeepsItsCoupon(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	s.takes(paid("1", "15000"))
	s.asked("issue " + lower)
	s.takes(refunded("1", "5000"))
	s.asked()
	s.takes(refunded("2", "100"))
	s.asked("revoke " + lower)
}

func TestCrossingTwoTiersAtOnceGrantsTwoCoupons(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	s.takes(paid("1", "30000"))
	s.asked("issue "+lower, "issue "+upper)
	s.decided("issued "+lower+" 990", "issued "+upper+" 950")
	s.takes(refunded("1", "25000"))
	s.asked("revoke "+upper, "revoke "+lower)
	s.decided("revoked "+upper+" 990", "revoked "+lower+" 1000")
	s.hold(map[coupon.Buyer][]coupon.CouponID{})
	s.accounts(map[coupon.CampaignName]totals{"spring": {50, 50, 0, 1000}})
}

func TestARefundRevokesAndRisingAgainGrantsTheNextOne(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	s.takes(paid("1", "10000"))
	s.takes(refunded("1", "100"))
	s.asked("issue "+lower, "revoke "+lower)
	s.hold(map[coupon.Buyer][]coupon.CouponID{})
	s.takes(paid("2", "100"))
	s.asked("issue " + lower2)
	s.decided("issued "+lower+" 990", "revoked "+lower+" 1000", "issued "+lower2+" 990")
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": {lower2}})

	s.takes(refunded("2", "100"))
	s.takes(paid("3", "500"))
	s.takes(refunded("1", "10000"), refunded("3", "10000"))
	s.hold(map[coupon.Buyer][]coupon.CouponID{}) // the row of the spend is gone, and the sequence is not
	s.takes(paid("4", "50000"))
	s.refusedNothing()
	want := []coupon.CouponID{"spring|7|20210325|100|4", upper}
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": want})
}

func TestAChangeThatLeavesTheAmountRequestsNothing(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	s.takes(paid("1", "10000"))
	s.asked("issue " + lower)
	s.wrote(day25)
	s.takes(paid("1", "10000", created("2021-03-24 09:00:00")), paid("1", "20000"), paid("2", "50", modified("2021-03-27")))
	s.wrote(day25, day25)
	s.takes(paid("3", "5000"), refunded("3", "2000"))
	s.asked()
	s.decided("issued " + lower + " 990")
}

func TestAnEarlierPayDayMovesTheCoupon(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	s.takes(paid("1", "10000"))
	s.asked("issue " + lower)
	s.takes(paid("1", "10000", payTime("2021-03-24 23:59:59")))
	moved := "spring|7|20210324|100|1"
	s.asked("revoke "+lower, "issue "+moved)
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": {coupon.CouponID(moved)}})
	s.takes(paid("1", "10000", payTime("2021-02-28 23:59:59"))) // before the campaign
	s.asked("revoke " + moved)
	s.hold(map[coupon.Buyer][]coupon.CouponID{})
}

func TestWhenTheBudgetIsExhaustedDeniedStaysDenied(t *testing.T) {
	s := open(t, campaigns(spring(25)))
	for i, b := range []string{"1", "2", "3"} {
		s.takes(paid(fmt.Sprint(i), "10000", buyer(b)))
	}
	s.decided("issued spring|1|20210325|100|1 15", "issued spring|2|20210325|100|1 5", "denied spring|3|20210325|100|1 5")
	s.takes(refunded("0", "10000", buyer("1")))
	s.decided("revoked spring|1|20210325|100|1 15")
	s.takes(paid("3", "1", buyer("3")), paid("4", "5000", buyer("3"))) // still above the tier: no second request
	s.decided()
	held := map[coupon.Buyer][]coupon.CouponID{"2": {"spring|2|20210325|100|1"}}
	s.hold(held)

	s.takes(refunded("2", "10000", buyer("3"))) // gives back what was denied
	s.decided()
	s.accounts(map[coupon.CampaignName]totals{"spring": {20, 10, 10, 15}})
	s.hold(held)
	s.takes(paid("5", "5000", buyer("3")))
	s.decided("issued spring|3|20210325|100|2 5")
	s.refusedNothing()
}

func TestASmallerCouponMayFitWhereALargerOneDidNot(t *testing.T) {
	s := open(t, campaigns(spring(30)))
	s.takes(paid("1", "30000"))
	s.decided("issued "+lower+" 20", "denied "+upper+" 20")
	s.takes(paid("2", "10000", buyer("8")))
	s.decided("issued spring|8|20210325|100|1 10")
	if rs := s.ReadRaw(coupon.CouponLedger.Name); len(rs) != 2 {
		t.Errorf("the ledger was written %d times: a denied coupon leaves it as it was", len(rs))
	}
	s.accounts(map[coupon.CampaignName]totals{"spring": {20, 0, 40, 10}})
}

func TestOnlyPayDaysOfTheCampaignCount(t *testing.T) {
	s := open(t, campaigns(spring(1000)))
	for i, at := range []string{"2021-02-28 23:59:59", "2021-03-01", "2021-03-31 23:59:59", "2021-04-01"} {
		s.takes(paid(fmt.Sprint(i), "10000", payTime(at)))
	}
	s.asked("issue spring|7|20210301|100|1", "issue spring|7|20210331|100|1")
}

func TestCampaignsHaveBudgetsOfTheirOwnAndIdsThatCannotBeMixedUp(t *testing.T) {
	s := open(t, campaigns(
		coupon.Campaign{Name: "a", Budget: 5, From: 20210325, To: 20210325, Tiers: []coupon.Tier{{Spend: 10, FaceValue: 6}}},
		coupon.Campaign{Name: "a|7", Budget: 6, From: 20210325, To: 20210325, Tiers: []coupon.Tier{{Spend: 10, FaceValue: 6}}},
	))
	s.takes(paid("1", "1000"))
	s.decided("denied a|7|20210325|10|1 5", `issued a\|7|7|20210325|10|1 0`)
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": {`a\|7|7|20210325|10|1`}})
}

func TestRecordsHaveTheirNamesAndTimes(t *testing.T) {
	s := open(t, campaigns(spring(1000)), streamtest.Start(time.Date(2021, 3, 25, 4, 5, 6, 78e6, time.UTC)))
	s.takes(paid("1", "12000"))
	const of = `"id":"spring|7|20210325|100|1","campaign":"spring","buyer_id":7,"effect_time":20210325,"tier":100,"sequence":1,"face_value":10`
	const at = `"updated_at":"2021-03-25T12:05:06.078+08:00"`
	for _, want := range []struct{ topic, key, value string }{
		{"coupon_requests", "spring", `{` + of + `,"kind":"issue","cumulate_amount":120,` + at + `}`},
		{"coupons", "spring", `{` + of + `,"event":"issued","remaining":990,` + at + `}`},
		{"campaign_budget", "spring", `{"campaign":"spring","budget":1000,"issued":10,"revoked":0,"denied":0,"remaining":990,` + at + `}`},
		{"coupon_ledger", "7", `{"buyer_id":7,"face_value":10,"coupons":[{` + of + `}],` + at + `}`},
	} {
		rs := s.ReadRaw(want.topic)
		if len(rs) != 1 || string(rs[0].Key) != want.key || string(rs[0].Value) != want.value {
			t.Errorf("topic %s: %v, want %s: %s", want.topic, rs, want.key, want.value)
		}
	}
}

// A program is started again with other campaigns: what was granted keeps its value, and can be revoked.
func TestCampaignsMayChange(t *testing.T) {
	before, err := coupon.Topology(campaigns(spring(1000)))
	if err != nil {
		t.Fatal(err)
	}
	if after, err := coupon.Topology(campaigns([]coupon.Campaign{}...)); err != nil || after.Describe() != before.Describe() {
		t.Fatalf("campaigns change the graph (%v)", err)
	}
	granted := coupon.Reached{Tiers: []coupon.ReachedTier{{Campaign: "spring", Tier: 100, Sequence: 3, FaceValue: 10, Held: true}}}
	for _, c := range []struct {
		campaigns []coupon.Campaign
		amount    int64
		want      []string
	}{
		{nil, 99, []string{"revoke 100 3 10"}},
		{nil, 500, nil},
		{[]coupon.Campaign{{Name: "spring", From: 20210301, To: 20210331, Tiers: []coupon.Tier{{Spend: 50, FaceValue: 4}, {Spend: 100, FaceValue: 12}}}}, 120, []string{"issue 50 1 4"}},
		{[]coupon.Campaign{{Name: "spring", From: 20210401, To: 20210431, Tiers: []coupon.Tier{{Spend: 50, FaceValue: 4}}}}, 99, []string{"revoke 100 3 10"}},
	} {
		var got []string
		for _, r := range coupon.Asked(granted, c.campaigns, 20210325, c.amount) {
			got = append(got, fmt.Sprintf("%s %d %d %d", r.Kind, r.Tier, r.Sequence, r.FaceValue))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v with %d: %q, want %q", c.campaigns, c.amount, got, c.want)
		}
	}
}

func TestSequencesAndCouponsAreForgottenWhenTheirDayIsClosed(t *testing.T) {
	c := campaigns(spring(1000))
	c.Retain = coupon.DefaultRetain
	s := open(t, c)
	s.takes(paid("1", "10000"), paid("2", "30000", payTime("2021-03-24 10:00:00")))
	late := func(at string) { // time goes on
		s.takes(paid(at, "1", buyer("0"), payTime(at)))
		s.Advance(time.Minute)
	}
	late("2021-06-24 08:00:00")
	s.holdsRows(map[string]int{coupon.TiersReached.Name: 2, coupon.Accounts.Name: 1 + 3, coupon.Holdings.Name: 1})
	late("2021-06-25 12:00:00") // the 24th of March is closed since midnight
	s.hold(map[coupon.Buyer][]coupon.CouponID{"7": {lower}})
	s.holdsRows(map[string]int{coupon.TiersReached.Name: 0, coupon.Accounts.Name: 1 + 1, coupon.Holdings.Name: 1})
	late("2021-06-27 00:00:00")
	s.hold(map[coupon.Buyer][]coupon.CouponID{})
	for name, keys := range map[string]int{coupon.TiersReached.Name: 0, coupon.Accounts.Name: 1, coupon.Holdings.Name: 0} {
		if got := s.StateKeys(name); len(got) != keys {
			t.Errorf("table %s: keys %q, want %d", name, got, keys)
		}
	}
	s.accounts(map[coupon.CampaignName]totals{"spring": {60, 0, 0, 940}})
	s.refusedNothing()
}

// An order whose newest version is young can still change what was spent on a day that was closed long ago.
// Its sequences are forgotten, so nothing is asked for: an id would come twice.
func TestAClosedDayGrantsNothing(t *testing.T) {
	c := campaigns(spring(1000))
	c.Retain = coupon.DefaultRetain
	s := open(t, c)
	s.takes(paid("1", "20000"), paid("2", "1"))
	s.asked("issue " + lower)
	s.takes(paid("2", "1", payTime("2021-06-20 10:00:00"))) // its pay day stays the 25th of March
	s.takes(paid("3", "1", buyer("0"), payTime("2021-07-20 10:00:00")))
	s.Advance(time.Minute)
	s.takes(paid("2", "-20000", payTime("2021-07-20 10:00:00")), paid("2", "-30000", payTime("2021-07-20 10:00:00")))
	s.asked()
	if c := s.Counters(coupon.TiersReached.Name); c.Skipped == 0 {
		t.Errorf("nothing was skipped: %+v", c)
	}
}

func TestARequestAboutAClosedDayIsSkipped(t *testing.T) {
	c := campaigns(spring(1000))
	c.Retain = coupon.DefaultRetain
	s := open(t, c)
	s.takes(paid("1", "10000"))
	s.decided("issued " + lower + " 990")
	request := s.ReadRaw(coupon.RequestsByCampaign.Name)[0]
	again := func() {
		s.SendRaw(request.Topic, request.Partition, request.Key, request.Value, streamtest.Header("tributary", request.Headers["tributary"]))
		s.Run()
	}
	again()
	if ls := s.DeadLetters(); len(ls) != 1 || !strings.Contains(ls[0].Reason, "knows otherwise") {
		t.Fatalf("the same request twice: %+v", ls)
	}
	s.takes(paid("2", "1", buyer("0"), payTime("2021-07-20 10:00:00")))
	s.Advance(time.Minute)
	again()
	s.decided()
	if c := s.Counters(coupon.Accounts.Name); c.Skipped != 1 || c.DeadLetters != 1 {
		t.Errorf("the same request after its day was closed: %+v", c)
	}
}

// A campaign with more coupons a day than one timer forgets.
func TestManyCouponsAreForgottenInPortions(t *testing.T) {
	c := campaigns(coupon.Campaign{Name: "all", Budget: 1000, From: 20210301, To: 20210331, Tiers: []coupon.Tier{{Spend: 1, FaceValue: 1}}})
	c.Retain = coupon.DefaultRetain
	s := open(t, c)
	for i := range 200 {
		s.takes(paid(fmt.Sprint(i), "100", buyer(fmt.Sprint(i))))
	}
	s.takes(paid("x", "100", payTime("2021-07-20 10:00:00")))
	s.Advance(time.Minute)
	if keys := s.StateKeys(coupon.Accounts.Name); len(keys) != 1 {
		t.Errorf("%d keys are left: %.300q", len(keys), keys)
	}
	if a := streamtest.Rows(s.Driver, coupon.Accounts)["all"].Value; a.Open != 0 || a.Closes != 0 {
		t.Errorf("the campaign's row is %+v", a)
	}
	if n := s.Counters(coupon.Accounts.Name).Timers; n != 4 {
		t.Errorf("%d timers fired", n)
	}
}

// holdsRows compares how many rows, and how many sub-rows of them, tables hold.
func (s shop) holdsRows(want map[string]int) {
	s.t.Helper()
	for name, n := range want {
		got := 0
		for _, k := range s.StateKeys(name) {
			if k[0] != 0 {
				got++
			}
		}
		if got != n {
			s.t.Fatalf("table %s: %d rows and sub-rows, want %d: %q", name, got, n, s.StateKeys(name))
		}
	}
}
