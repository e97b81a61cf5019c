package coupon_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/topologies/coupon"
)

func TestCampaignsAreReadFromJSON(t *testing.T) {
	got, err := coupon.ParseCampaigns([]byte(`[
		{"name": "spring", "budget": 100000, "from": "2021-03-01", "to": "2021-03-31",
		 "tiers": [{"spend": 100, "face_value": 10}, {"spend": 300, "face_value": 40}]},
		{"name": "a|b", "budget": 0, "from": "2021-03-25", "to": "2021-03-25", "tiers": [{"spend": 1, "face_value": 1}]}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []coupon.Campaign{
		{Name: "spring", Budget: 100000, From: 20210301, To: 20210331, Tiers: []coupon.Tier{{Spend: 100, FaceValue: 10}, {Spend: 300, FaceValue: 40}}},
		{Name: "a|b", From: 20210325, To: 20210325, Tiers: []coupon.Tier{{Spend: 1, FaceValue: 1}}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := coupon.Topology(coupon.Config{Campaigns: got}); err != nil {
		t.Error(err)
	}
	if none, err := coupon.ParseCampaigns([]byte(`[]`)); none == nil || len(none) > 0 || err != nil {
		t.Errorf("no campaigns are %#v (%v): they must not be nil", none, err)
	}
}

func TestAllMistakesInCampaignsAreReportedAtOnce(t *testing.T) {
	_, err := coupon.ParseCampaigns([]byte(`[
		{"name":"spring","budget":"x","from":"2021-03-01","to":"2021-02-31","tiers":[{"spend":100,"face_value":10},{"spend":100,"face_value":0,"colour":1},7]},
		{"name":"spring","budget":-5,"from":"2021-03-02","to":"2021-03-01","tiers":[]},
		{"budget":null,"from":"soon","to":20210301,"tiers":{}},
		5,
		{"name":"__offset","budget":1.5,"from":"2021-03-01","to":"2021-03-01","tiers":[{"spend":0},{"spend":10000000000000,"face_value":"1"}]}
	]`))
	want := []string{
		`campaign 1 ("spring"): budget: "x" is not a whole number of yuan`,
		`campaign 1 ("spring"): to: "2021-02-31" is not a day such as 2021-03-25`,
		`campaign 1 ("spring"): tiers[2].colour: there is no such field`,
		`campaign 1 ("spring"): tiers[3]: 7 is not an object`,
		`campaign 1 ("spring"): tiers[2].spend: tier 1 has 100 too`,
		`campaign 1 ("spring"): tiers[2].face_value: 0 is not from 1 to below 10^13 yuan`,
		`campaign 2 ("spring"): name: campaign 1 has it too`,
		`campaign 2 ("spring"): budget: -5 is not from 0 to below 10^13 yuan`,
		`campaign 2 ("spring"): to: 20210301 lies before from, which is 20210302`,
		`campaign 2 ("spring"): tiers: there are none, so the campaign grants nothing`,
		`campaign 3 (""): name: is missing: want a text`,
		`campaign 3 (""): budget: is missing: want a whole number of yuan`,
		`campaign 3 (""): from: "soon" is not a day such as 2021-03-25`,
		`campaign 3 (""): to: 20210301 is not a day such as 2021-03-25`,
		`campaign 3 (""): tiers: {} is not a list of tiers`,
		`campaign 4: 5 is not an object`,
		`campaign 5 ("__offset"): budget: 1.5 is not a whole number of yuan`,
		`campaign 5 ("__offset"): tiers[1].face_value: is missing: want a whole number of yuan`,
		`campaign 5 ("__offset"): tiers[2].face_value: "1" is not a whole number of yuan`,
		`campaign 5 ("__offset"): name: not a valid key: "__offset" is reserved for goka`,
		`campaign 5 ("__offset"): tiers[1].spend: 0 is not from 1 to below 10^13 yuan`,
		`campaign 5 ("__offset"): tiers[2].spend: 10000000000000 is not from 1 to below 10^13 yuan`,
	}
	if err == nil || !slices.Equal(strings.Split(err.Error(), "\n"), want) {
		t.Errorf("the mistakes are\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestTextThatIsNoListOfCampaignsIsRefused(t *testing.T) {
	for _, text := range []string{``, `null`, `{}`, `[{}`, `[] []`, `"spring"`} {
		if cs, err := coupon.ParseCampaigns([]byte(text)); err == nil || !strings.Contains(err.Error(), "want a JSON array of objects") {
			t.Errorf("%s: %v, %v", text, cs, err)
		}
	}
}

func TestATopologyRefusesCampaignsThatMakeNoSense(t *testing.T) {
	_, err := coupon.Topology(coupon.Config{Campaigns: []coupon.Campaign{{Name: "spring", From: 20210231, To: 20210331}}})
	if err == nil || !strings.Contains(err.Error(), "20210231 is not a day") || !strings.Contains(err.Error(), "grants nothing") {
		t.Errorf("the mistakes are %v", err)
	}
}
