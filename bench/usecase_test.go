package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
	"github.com/tributary-go/tributary/topologies/coupon"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
	"github.com/tributary-go/tributary/topologies/lastpage"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// topologyOf is what bench/processor runs for a use case.
func topologyOf(t *testing.T, c useCase, in couponInput) *stream.Topology {
	t.Helper()
	build := map[string]func() (*stream.Topology, error){
		"coupon": func() (*stream.Topology, error) {
			var campaigns []coupon.Campaign
			if in.campaigns {
				var err error
				if campaigns, err = coupon.ParseCampaigns(campaignsJSON(in.offers())); err != nil {
					return nil, err
				}
			}
			return coupon.Topology(coupon.Config{Zone: time.UTC, Retain: coupon.DefaultRetain, Campaigns: campaigns})
		},
		"hourlypremium": func() (*stream.Topology, error) {
			return hourlypremium.Topology(hourlypremium.Config{Zone: time.UTC, Retain: hourlypremium.DefaultRetain})
		},
		"premiumdrop": func() (*stream.Topology, error) { return premiumdrop.Topology(premiumdrop.Config{}) },
		"lastpage": func() (*stream.Topology, error) {
			return lastpage.Topology(lastpage.Config{Zone: time.UTC, Retain: lastpage.DefaultRetain})
		},
		"clickalerts": func() (*stream.Topology, error) {
			return clickalerts.Topology(clickalerts.Config{Zone: time.UTC, Retain: clickalerts.DefaultRetain})
		},
	}[c.name]
	topology, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return topology
}

// written are the records that a use case writes in memory, its changelogs excepted, in their order.
func written(t *testing.T, c useCase, in couponInput) (want outcome, records []*kgo.Record) {
	t.Helper()
	options := []streamtest.Option{streamtest.Partitions(partitions), streamtest.MaxAhead(0)}
	for _, topic := range c.inputs {
		options = append(options, streamtest.InputPartitions(topic, partitions))
	}
	d := streamtest.New(t, topologyOf(t, c, in), options...)
	want = c.generate(func(topic string, key, value []byte) {
		if !json.Valid(value) {
			t.Errorf("topic %s: %s is not JSON", topic, value)
		}
		d.SendRaw(topic, partitionOf(key), key, value)
	})
	d.Run()
	if dead := d.DeadLetters(); len(dead) > 0 {
		t.Errorf("%d dead letters, the first: %+v", len(dead), dead[0])
	}
	for _, topic := range want.topics() {
		for _, r := range d.ReadRaw(topic) {
			records = append(records, &kgo.Record{Topic: topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value})
		}
	}
	return want, records
}

func taken(want outcome, records []*kgo.Record) error {
	o := want.again()
	for _, r := range records {
		if err := o.take(r); err != nil {
			return err
		}
	}
	return o.compare()
}

const caseTestRecords = 4000

// The topology and the recount were written apart: where they agree, both are right. A record less must show.
func TestTheRecountsAgreeWithTheTopologies(t *testing.T) {
	for _, c := range append(useCases(caseTestRecords), hotCases(caseTestRecords, caseTestRecords)...) {
		t.Run(c.name+" "+c.about, func(t *testing.T) {
			in := couponInput{records: caseTestRecords, campaigns: c.flags != nil}
			want, records := written(t, c, in)
			if err := taken(want, records); err != nil {
				t.Fatal(err)
			}
			if want.compare() == nil || taken(want, nil) == nil {
				t.Error("no result at all is taken for the right one")
			}
			last := map[string]int{} // the newest record of each topic and key
			for i, r := range records {
				last[r.Topic+" "+string(r.Key)] = i
			}
			for _, i := range last {
				if r := records[i]; r.Value == nil {
					continue
				}
				if taken(want, slices.Delete(slices.Clone(records), i, i+1)) == nil {
					t.Errorf("nobody misses %s of topic %s", records[i].Value, records[i].Topic)
				}
				if len(last) > 100 {
					break // one of many will do
				}
			}
		})
	}
}

// What is measured must not be a special case in which nothing happens.
func TestTheInputsGiveRiseToEverythingThereIs(t *testing.T) {
	all := map[string]int{}
	for _, c := range useCases(8_000) {
		_, records := written(t, c, couponInput{records: 8_000, campaigns: true})
		for _, r := range records {
			var v struct{ Event, Kind, AlertType string }
			if r.Value == nil {
				all[r.Topic+" deleted"]++
			} else if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Fatal(err)
			}
			all[strings.TrimSpace(fmt.Sprint(r.Topic, " ", v.Event, v.Kind, v.AlertType))]++
		}
	}
	for _, what := range []string{
		"coupons issued", "coupons revoked", "coupons denied", "coupon_requests issue", "coupon_requests revoke", "coupon_ledger", "campaign_budget",
		"tddl_output", "adm_pfm_zy_order_gmv_msx_hs", "wechat_activity_user", "raw_info_updates", "user_last_log",
		"alerts CROSS_UPSELL", "alerts CART_ABANDONMENT", "alerts PURCHASE_COMPLETION", "alerts PURCHASE_INTENT", "alerts PRICE_SENSITIVITY", "alerts CHURN_RISK",
	} {
		if all[what] < 10 {
			t.Errorf("%d times %s, of %v", all[what], what, all)
		}
	}
}
