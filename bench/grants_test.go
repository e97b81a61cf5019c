package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestTheReplayOfRequestsNoticesEveryDefect(t *testing.T) {
	in := couponInput{records: caseTestRecords, buyers: caseTestRecords/20 + 1, days: 3, campaigns: true}
	want, right := written(t, couponCase(in), in)
	if err := taken(want, right); err != nil {
		t.Fatalf("right records: %v", err)
	}
	// find is the place of a record of a topic that contains some text, counted from the end.
	find := func(topic, text string) int {
		for i, r := range slices.Backward(right) {
			if r.Topic == topic && bytes.Contains(r.Value, []byte(text)) {
				return i
			}
		}
		t.Fatalf("no record of topic %s contains %s", topic, text)
		return 0
	}
	twice := func(i int) []*kgo.Record { return slices.Insert(slices.Clone(right), i, right[i]) }
	changed := func(i int, from, to string) []*kgo.Record {
		all, r := slices.Clone(right), *right[i]
		r.Value = bytes.Replace(r.Value, []byte(from), []byte(to), 1)
		all[i] = &r
		return all
	}
	for name, records := range map[string][]*kgo.Record{
		"a request is asked twice":           twice(find(requestsTopic, `"issue"`)),
		"a coupon is revoked twice":          twice(find(requestsTopic, `"revoke"`)),
		"a coupon is issued twice":           twice(find(couponsTopic, `"issued"`)),
		"a denied coupon is issued":          changed(find(couponsTopic, `"denied"`), `"denied"`, `"issued"`),
		"an issued coupon is denied":         changed(find(couponsTopic, `"issued"`), `"issued"`, `"denied"`),
		"the rest of the budget is wrong":    changed(find(couponsTopic, `"remaining":`), `"remaining":`, `"remaining":1`),
		"a campaign's sum is wrong":          changed(find(budgetTopic, `"issued":`), `"issued":`, `"issued":1`),
		"a buyer holds more":                 changed(find(ledgerTopic, `"face_value":`), `"face_value":`, `"face_value":1`),
		"a request names another campaign":   changed(find(requestsTopic, `"campaign":"spring"`), `"campaign":"spring"`, `"campaign":"autumn"`),
		"a request is about another coupon":  changed(find(requestsTopic, `"sequence":1`), `"sequence":1`, `"sequence":9`),
		"a spend is another":                 changed(find(spendsTopic, `"cumulate_amount":`), `"cumulate_amount":`, `"cumulate_amount":1`),
		"a request is answered out of order": moved(right, find(requestsTopic, `thursday`)),
	} {
		if taken(want, records) == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// moved puts a record before all others of its topic.
func moved(records []*kgo.Record, i int) []*kgo.Record {
	first := slices.IndexFunc(records, func(r *kgo.Record) bool { return r.Topic == records[i].Topic })
	return slices.Insert(slices.Delete(slices.Clone(records), i, i+1), first, records[i])
}
