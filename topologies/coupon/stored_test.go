package coupon

import (
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
)

// The bytes of what is stored and sent between groups for coupons.
func TestCouponsStoredYesterdayCanBeReadToday(t *testing.T) {
	c := Coupon{"a|7|20210325|100|2", "a", 7, 20210325, 100, 2, 10}
	at := time.Date(2021, 3, 25, 4, 5, 6, 78e6, time.UTC)
	stored(t, codecs.Compact[DayTotal](1), DayTotal{7, 20210325, -5}, "01a30107021a013462950324")
	stored(t, codecs.Compact[Request](1), Request{c, Revoke, 99}, "01a90172617c377c32303231303332357c3130307c320261610307041a013462950518640602070a08667265766f6b65091863")
	stored(t, codecs.Compact[Reached](1), Reached{[]ReachedTier{{"a", 100, 2, 10, true}}}, "01a10181a50161610218640302040a05f5")
	stored(t, codecs.Compact[Account](1), Account{1000, 50, 10, 40, 3, at.UnixMilli(), at}, "01a7011903e8021832030a0418280503061b00000178678ea99e077818323032312d30332d32355430343a30353a30362e3037385a")
	stored(t, codecs.Compact[Granted](1), Granted{20210325, 10, true}, "01a3011a01346295020a03f5")
	stored(t, codecs.Compact[Decision](1), Decision{c, Denied, 5}, "01a90172617c377c32303231303332357c3130307c320261610307041a013462950518640602070a086664656e6965640905")
	stored(t, codecs.Compact[Holding](1), Holding{[]Coupon{c}, at}, "01a20181a70172617c377c32303231303332357c3130307c320261610307041a013462950518640602070a027818323032312d30332d32355430343a30353a30362e3037385a")
}

// The keys of sub-rows put the oldest pay day first, also those of the years 1 and 10000.
func TestGrantedCouponsAreOrderedByPayDay(t *testing.T) {
	keys := []string{
		grantedKey(Coupon{Day: 10101, ID: "b|7|10101|100|1"}), grantedKey(Coupon{Day: 20210325, ID: "a|7|20210325|100|1"}),
		grantedKey(Coupon{Day: 100000101, ID: "a|7|100000101|100|1"}),
	}
	if keys[0] != "000010101|b|7|10101|100|1" || keys[0] >= keys[1] || keys[1] >= keys[2] {
		t.Errorf("the keys are %q", keys)
	}
}
