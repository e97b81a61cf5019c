package couponkills_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/couponkills"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// honest is what the topology leaves behind in memory, with nobody who kills it.
func honest(t *testing.T) couponkills.Left {
	t.Helper()
	text, err := json.Marshal(couponkills.Campaigns)
	if err != nil {
		t.Fatal(err)
	}
	campaigns, err := coupon.ParseCampaigns(text)
	if err != nil {
		t.Fatal(err)
	}
	topology, err := coupon.Topology(coupon.Config{Campaigns: campaigns})
	if err != nil {
		t.Fatal(err)
	}
	d := streamtest.New(t, topology, streamtest.MaxAhead(0), streamtest.Partitions(3))
	feed := couponkills.Feed{Records: 1500, Buyers: 60, Rand: rand.New(rand.NewPCG(1, 1))}
	for _, e := range feed.Entries() {
		d.SendRaw(e.Topic, -1, []byte(e.Key), []byte(e.Value))
		d.Run()
	}
	read := func(topic string) (rs []brokers.Record) {
		for _, r := range d.ReadRaw(topic) {
			rs = append(rs, brokers.Record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Headers: r.Headers})
		}
		return rs
	}
	return couponkills.Left{
		Payments: read(couponkills.Payments), Refunds: read(couponkills.Refunds),
		Spends: read("tddl_output"), Requests: read("coupon_requests"), Coupons: read("coupons"),
		Ledger: read("coupon_ledger"), Budgets: read("campaign_budget"), Refused: read("coupon-dead-letters"),
	}
}

// having finds a record in the middle of a topic whose value holds text.
func having(t *testing.T, rs []brokers.Record, text string) int {
	t.Helper()
	from := len(rs) / 3
	i := slices.IndexFunc(rs[from:], func(r brokers.Record) bool { return bytes.Contains(r.Value, []byte(text)) })
	if i < 0 {
		t.Fatalf("no record has %s", text)
	}
	return from + i
}

func dropped(rs []brokers.Record, i int) []brokers.Record {
	return slices.Delete(slices.Clone(rs), i, i+1)
}

func doubled(rs []brokers.Record, i int) []brokers.Record {
	return slices.Insert(slices.Clone(rs), i, rs[i])
}

// TestTheVerifierFindsWhatItIsThereFor: without it nobody knows whether the proof could fail.
func TestTheVerifierFindsWhatItIsThereFor(t *testing.T) {
	l := honest(t)
	report := couponkills.Verify(l, couponkills.Campaigns)
	if !report.Exact() || report.Issued == 0 || report.Revoked == 0 || report.Denied == 0 {
		t.Fatalf("nothing is wrong, and the verifier says: %v", report)
	}
	poor := slices.Clone(couponkills.Campaigns)
	poor[1].Budget--
	for name, c := range map[string]struct {
		of    func(couponkills.Left) couponkills.Left
		finds string
	}{
		"a request is lost": {func(l couponkills.Left) couponkills.Left {
			l.Requests = dropped(l.Requests, having(t, l.Requests, `"issue"`))
			return l
		}, "the replay"},
		"a request comes twice": {func(l couponkills.Left) couponkills.Left {
			l.Requests = doubled(l.Requests, having(t, l.Requests, `"issue"`))
			return l
		}, "request to issue"},
		"a revocation comes twice": {func(l couponkills.Left) couponkills.Left {
			l.Requests = doubled(l.Requests, having(t, l.Requests, `"revoke"`))
			return l
		}, "request to revoke"},
		"a coupon is lost": {func(l couponkills.Left) couponkills.Left {
			l.Coupons = dropped(l.Coupons, having(t, l.Coupons, `"issued"`))
			return l
		}, "events, the replay"},
		"a coupon is issued twice": {func(l couponkills.Left) couponkills.Left {
			l.Coupons = doubled(l.Coupons, having(t, l.Coupons, `"issued"`))
			return l
		}, "twice"},
		"a revoked coupon comes twice": {func(l couponkills.Left) couponkills.Left {
			l.Coupons = doubled(l.Coupons, having(t, l.Coupons, `"revoked"`))
			return l
		}, "twice"},
		"a denied coupon is issued": {func(l couponkills.Left) couponkills.Left {
			l.Coupons = slices.Clone(l.Coupons)
			r := &l.Coupons[having(t, l.Coupons, `"denied"`)]
			r.Value = bytes.Replace(r.Value, []byte("denied"), []byte("issued"), 1)
			return l
		}, "outstanding"},
		"a payment is counted twice": {func(l couponkills.Left) couponkills.Left {
			l.Payments = dropped(l.Payments, 0)
			return l
		}, "spend of buyer"},
		"a buyer's row is old": {func(l couponkills.Left) couponkills.Left {
			l.Ledger = l.Ledger[:len(l.Ledger)*9/10]
			return l
		}, "holds"},
		"a campaign's row is old": {func(l couponkills.Left) couponkills.Left {
			l.Budgets = l.Budgets[:len(l.Budgets)*9/10]
			return l
		}, "campaign_budget"},
		"a record was refused": {func(l couponkills.Left) couponkills.Left {
			l.Refused = l.Payments[:1]
			return l
		}, "dead letter"},
	} {
		report := couponkills.Verify(c.of(l), couponkills.Campaigns)
		if report.Exact() || !strings.Contains(strings.Join(report.Examples, "\n"), c.finds) {
			t.Errorf("%s, and the verifier says: %v", name, report)
		}
	}
	if report := couponkills.Verify(l, poor); report.Exact() {
		t.Errorf("the budget is exceeded by a yuan, and the verifier says: %v", report)
	}
}
