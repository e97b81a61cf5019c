package tables

import "testing"

func FuzzSplitKey(f *testing.F) {
	for _, k := range []string{"2021-03-25|webShop|0007", `a\|b|c\\|\N|`, `\N`, "|", ""} {
		f.Add(k)
	}
	f.Fuzz(func(t *testing.T, k string) {
		parts, err := SplitKey(channelDay(k))
		if err != nil {
			return
		}
		if again, err := JoinKey[channelDay](parts...); err != nil || string(again) != k {
			t.Errorf("%q became %v became %q, %v", k, parts, again, err)
		}
	})
}
