package coupon_test

import (
	"testing"

	"github.com/tributary-go/tributary/topologies/coupon"
)

func FuzzCampaigns(f *testing.F) {
	f.Add([]byte(`[{"name": "spring", "budget": 100000, "from": "2021-03-01", "to": "2021-03-31", "tiers": [{"spend": 100, "face_value": 10}]}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if all, err := coupon.ParseCampaigns(text); err != nil && all != nil {
			t.Errorf("%s: campaigns and %v", text, err)
		}
	})
}
