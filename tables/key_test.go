package tables

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type channelDay string

func TestTheTextFormOfACompositeKeyIsReadable(t *testing.T) {
	for _, c := range []struct {
		parts []Part
		want  channelDay
	}{
		{[]Part{Text("2021-03-25"), Text("webShop"), Text("0007")}, "2021-03-25|webShop|0007"},
		{[]Part{Text("a|b"), Text(`c\`), {}, Text("")}, `a\|b|c\\|\N|`},
		{[]Part{{}}, `\N`},
		{[]Part{Text(`\N`)}, `\\N`},
		{[]Part{Text(""), Text("")}, "|"},
		{[]Part{Text("小程序"), Text("0")}, "小程序|0"},
		{[]Part{Text("__offset"), {}}, `__offset|\N`},
	} {
		got, err := JoinKey[channelDay](c.parts...)
		if err != nil || got != c.want {
			t.Errorf("JoinKey(%v) = %q, %v; want %q", c.parts, got, err, c.want)
		}
		back, err := SplitKey(c.want)
		if err != nil || !slices.Equal(back, c.parts) {
			t.Errorf("SplitKey(%q) = %v, %v; want %v", c.want, back, err, c.parts)
		}
	}
}

func TestTextsThatCannotBeKeysAreRefusedWithTheReason(t *testing.T) {
	for key, reason := range map[string]string{
		"":          "empty",
		"__offset":  "reserved for goka",
		"a\x00b":    "0x00",
		"\x00":      "0x00",
		"caf\xe9":   "UTF-8",
		"\xed\xa0a": "UTF-8",
	} {
		err := CheckKey(key)
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), reason) {
			t.Errorf("CheckKey(%q) = %v; want ErrKey naming %q", key, err, reason)
		}
		if k, err := JoinKey[channelDay](Text(key)); !errors.Is(err, ErrKey) || k != "" {
			t.Errorf("JoinKey(%q) = %q, %v; want ErrKey", key, k, err)
		}
	}
	if err := CheckKey("__offset2"); err != nil {
		t.Errorf("CheckKey(__offset2) = %v; want nil", err)
	}
}

func TestAKeyWithoutPartsIsRefused(t *testing.T) {
	if _, err := JoinKey[channelDay](); !errors.Is(err, ErrKey) {
		t.Errorf("JoinKey() = %v; want ErrKey", err)
	}
}

func TestTextsThatAreNoCompositeKeysAreRefused(t *testing.T) {
	for _, k := range []string{"", `a\`, `\x`, `\Na`, `a\N`, `a|\`, `\N\|`, "a|\x00"} {
		if parts, err := SplitKey(k); !errors.Is(err, ErrKey) {
			t.Errorf("SplitKey(%q) = %v, %v; want ErrKey", k, parts, err)
		}
	}
}

func TestAPrefixWithoutPartsIsThePrefixOfAllKeys(t *testing.T) {
	if p, err := Prefix(); p != "" || err != nil {
		t.Errorf("Prefix() = %q, %v; want an empty text", p, err)
	}
	if p, err := Prefix(Text("a\x00")); p != "" || !errors.Is(err, ErrKey) {
		t.Errorf("Prefix of a part with 0x00 = %q, %v; want ErrKey", p, err)
	}
}

var (
	// Few characters, so that parts meet each other and the escapes.
	somePart = rapid.Custom(func(t *rapid.T) Part {
		if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
			return Part{}
		}
		return Text(rapid.StringOfN(rapid.SampledFrom([]rune(`a|\Né`)), 0, 4, -1).Draw(t, "text"))
	})
	someParts = rapid.SliceOfN(somePart, 1, 4)
)

func TestSplitKeyGivesBackThePartsOfJoinKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := someParts.Draw(t, "parts")
		k, err := JoinKey[channelDay](parts...)
		if len(parts) == 1 && parts[0] == Text("") {
			if err == nil {
				t.Fatal("the empty key was accepted")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		back, err := SplitKey(k)
		if err != nil || !slices.Equal(back, parts) {
			t.Fatalf("%v became %q became %v, %v", parts, k, back, err)
		}
	})
}

func TestJoinKeyMakesEveryTextThatSplitKeyAccepts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.StringOf(rapid.SampledFrom([]rune(`ab|\N`))).Draw(t, "key")
		parts, err := SplitKey(k)
		if err != nil {
			return
		}
		if again, err := JoinKey[string](parts...); err != nil || again != k {
			t.Fatalf("%q became %v became %q, %v", k, parts, again, err)
		}
	})
}

func TestAPrefixBelongsToTheKeysWithItsPartsAndToNoOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, all := someParts.Draw(t, "first"), someParts.Draw(t, "all")
		if rapid.Bool().Draw(t, "continue") {
			all = append(slices.Clone(first), all...)
		}
		prefix, err := Prefix(first...)
		if err != nil {
			t.Fatal(err)
		}
		k, err := JoinKey[string](all...)
		if err != nil {
			return // the empty key
		}
		want := len(all) > len(first) && slices.Equal(all[:len(first)], first)
		if got := strings.HasPrefix(k, prefix); got != want {
			t.Fatalf("key %q of %v has prefix %q of %v: %v", k, all, prefix, first, got)
		}
	})
}

// Keys are made and taken apart for every record.
func TestCompositeKeysCostOneAllocationEachWay(t *testing.T) {
	join := func() { _, _ = JoinKey[string](Text("2021-03-25 00:00:00"), Text("web|Shop"), Text("0001")) }
	split := func() { _, _ = SplitKey("2021-03-25 00:00:00|webShop|0001") }
	for name, f := range map[string]func(){"JoinKey": join, "SplitKey": split} {
		if n := testing.AllocsPerRun(100, f); n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
