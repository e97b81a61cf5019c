package clickkills

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/kills"
)

const (
	alerts  = "alerts"
	refused = "clickalerts-dead-letters"
)

// CreateTopics makes the input, and the result so that compaction leaves every record in it.
func CreateTopics(t testing.TB, c brokers.Cluster, partitions int32) {
	t.Helper()
	c.CreateTopic(t, Clicks, partitions, nil)
	c.CreateTopic(t, alerts, partitions, map[string]string{"cleanup.policy": "compact", "min.compaction.lag.ms": fmt.Sprint(24 * time.Hour.Milliseconds())})
}

// Left is what a run left behind: every record of its topics, read committed, partition by partition.
type Left struct{ Clicks, Alerts, Refused []brokers.Record }

// Collect reads the topics.
func Collect(t testing.TB, c brokers.Cluster) Left {
	t.Helper()
	return Left{c.ReadCommitted(t, Clicks), c.ReadCommitted(t, alerts), c.ReadCommitted(t, refused)}
}

// Report is what the verifier found.
type Report struct {
	Records, Clicks, Again int            // Again: records of clicks that were written before
	Alerts                 map[string]int // by type, as they have to be
	Missing                int            // of them
	kills.Found                           // nothing: everything is as a recomputation has it
}

func (r *Report) String() string {
	return fmt.Sprintf("%d records of %d clicks (%d again), alerts %v, %d of them missing; %v", r.Records, r.Clicks, r.Again, r.Alerts, r.Missing, &r.Found)
}

// Total is how many alerts there have to be.
func (r *Report) Total() (n int) {
	for _, of := range r.Alerts {
		n += of
	}
	return n
}

// Verify computes the alerts of all clicks anew, and compares: each once and word for word, and no other.
func Verify(l Left) *Report {
	r := &Report{Records: len(l.Clicks), Alerts: map[string]int{}}
	for _, x := range l.Refused {
		r.Differ("dead letter: %s: %.200s", x.Headers["reason"], x.Value)
	}
	want := r.recompute(r.read(l.Clicks))
	seen := map[string]bool{}
	for _, x := range l.Alerts {
		var got alert
		if err := json.Unmarshal(x.Value, &got); err != nil || got.ID != string(x.Key) {
			r.Differ("alert at partition %d, offset %d: %s: %s (%v)", x.Partition, x.Offset, x.Key, x.Value, err)
			continue
		}
		expected, known := want[got.ID]
		switch {
		case seen[got.ID]:
			r.Differ("alert %s comes twice", got.ID)
		case !known:
			r.Differ("alert %s is none that a recomputation finds", got.ID)
		case got != expected:
			r.Differ("alert %s is %+v, it has to be %+v", got.ID, got, expected)
		}
		seen[got.ID] = true
	}
	for id := range want {
		if !seen[id] {
			r.Missing++
			r.Differ("alert %s is missing", id)
		}
	}
	return r
}

type clickRecord struct {
	At       int64        `json:"value_eventTime"`
	Kind     string       `json:"value_eventType"`
	Product  string       `json:"value_productId"`
	Category *string      `json:"value_categoryCode"`
	Price    *json.Number `json:"value_price"`
	User     string       `json:"value_userId"`
	Session  string       `json:"value_userSession"`
}

// read takes each click as it was written first.
func (r *Report) read(records []brokers.Record) []click {
	var all []click
	known := map[int64]bool{}
	for _, x := range records {
		var key struct {
			ID int64 `json:"key_id"`
		}
		var v clickRecord
		if err := cmp.Or(json.Unmarshal(x.Key, &key), json.Unmarshal(x.Value, &v)); err != nil {
			r.Differ("click at partition %d, offset %d: %v", x.Partition, x.Offset, err)
			continue
		}
		if known[key.ID] {
			r.Again++
			continue
		}
		known[key.ID] = true
		c := click{strconv.FormatInt(key.ID, 10), key.ID, v.At, v.Kind, v.Product, v.Category, "", nil, v.User, v.Session}
		if v.Price != nil {
			c.priced = v.Price.String()
			c.price, _ = new(big.Rat).SetString(c.priced)
		}
		all = append(all, c)
	}
	r.Clicks = len(all)
	slices.SortFunc(all, func(a, b click) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.number, b.number)) })
	return all
}

// recompute finds the alerts of clicks that are in order.
func (r *Report) recompute(all []click) map[string]alert {
	want := map[string]alert{}
	found := func(a alert) {
		if _, twice := want[a.ID]; twice {
			r.Differ("the recomputation has alert %s twice", a.ID)
		}
		want[a.ID] = a
		r.Alerts[a.Type]++
	}
	for _, of := range grouped(all, func(c click) string { return c.session }) {
		x := replay{of, found}
		x.crossSell()
		x.abandonedCart()
		x.purchaseIntent()
	}
	for _, of := range grouped(all, func(c click) string { return c.user }) {
		x := replay{of, found}
		x.priceSensitivity()
		x.churn()
	}
	return want
}

func grouped(all []click, by func(click) string) [][]click {
	groups := map[string][]click{}
	for _, c := range all {
		if key := by(c); key != "" {
			groups[key] = append(groups[key], c)
		}
	}
	return slices.Collect(maps.Values(groups))
}
