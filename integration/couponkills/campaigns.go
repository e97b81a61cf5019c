// Package couponkills proves that coupons are granted exactly once by processes that are killed.
//
// The verifier shares no code with the topology: it recounts the inputs, replays the topic coupon_requests with
// its own arithmetic, and compares with everything that was written. campaigns.go says what is granted, feed.go
// writes orders and refunds, verify.go and replay.go judge.
package couponkills

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Campaign is a campaign as the program reads it, in whole yuan.
type Campaign struct {
	Name   string `json:"name"`
	Budget int64  `json:"budget"`
	From   string `json:"from"`
	To     string `json:"to"`
	Tiers  []Tier `json:"tiers"`
}

// Tier is a coupon for a spend.
type Tier struct {
	Spend     int64 `json:"spend"`
	FaceValue int64 `json:"face_value"`
}

// Campaigns have budgets of all kinds: one that is never exhausted, one that soon is, one of a single day, and
// one that has nothing to give.
var Campaigns = []Campaign{
	{"wide", 10_000_000, "2021-03-01", "2021-03-31", []Tier{{100, 10}, {300, 40}, {700, 100}}},
	{"tight", 900, "2021-03-01", "2021-03-31", []Tier{{150, 7}, {250, 20}}},
	{"one|day", 3_000, "2021-03-23", "2021-03-23", []Tier{{1, 1}, {200, 30}}},
	{"empty", 0, "2021-03-22", "2021-03-24", []Tier{{400, 5}}},
}

// File writes campaigns to a file that ends with the test.
func File(t testing.TB, cs []Campaign) string {
	t.Helper()
	text, err := json.Marshal(cs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "campaigns.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
