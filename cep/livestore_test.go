package cep

import (
	"encoding/hex"
	"testing"
)

func TestTheStoredFormOfRulesThatCameAsDataStays(t *testing.T) {
	rules := storedRules{
		Serial:   2,
		Versions: []storedVersion{{"cart", 2, 1000, never, []byte("{}")}},
		Ended:    []storedEnd{{"view", -5}},
	}
	const want = "01a30102" + "0281a5016463617274" + "0202" + "031903e8" + "041b7fffffffffffffff" + "05427b7d" + "0381a201647669657702" + "24"
	b, err := storedCodec.Encode(nil, rules)
	if got := hex.EncodeToString(b); err != nil || got != want {
		t.Errorf("rules are %s, %v, were %s", got, err, want)
	}
	if back, err := storedCodec.Decode(b); err != nil || len(back.Versions) != 1 || string(back.Versions[0].Document) != "{}" || back.Versions[0].Until != never || back.Ended[0] != rules.Ended[0] {
		t.Errorf("they came back as %+v, %v", back, err)
	}
	const wantCounts = "01a10181a3010202070301"
	b, err = countsCodec.Encode(nil, foundCounts{By: []foundCount{{2, 7, 1}}})
	if got := hex.EncodeToString(b); err != nil || got != wantCounts {
		t.Errorf("counts are %s, %v, were %s", got, err, wantCounts)
	}
}

func TestRunsOfAVersionAreStoredUnderItsDocumentAndItsNumber(t *testing.T) {
	stored := storedVersion{Name: "abandoned-cart", Serial: 17, Document: []byte("{}")}
	if got, want := stored.runs(3), "abandoned-cart#3.6b6d49cf"; got != want {
		t.Errorf("the name is %s, was %s", got, want)
	}
	for name, want := range map[string]struct {
		rule    string
		version int
	}{
		stored.runs(3):                    {"abandoned-cart", 3},
		"cart":                            {"cart", 0},
		"cart#3":                          {"cart#3", 0},
		"a#1.00000000#2.ffffffff":         {"a#1.00000000", 2},
		"cart#99999999999999999999.0bd9f": {"cart#99999999999999999999.0bd9f", 0},
	} {
		if rule, version := ruleOf(name); rule != want.rule || version != want.version {
			t.Errorf("%s: %s, %d", name, rule, version)
		}
	}
}
