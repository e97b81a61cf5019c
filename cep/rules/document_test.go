package rules_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/cep/rules"
)

const left = `{"name": "left", "version": 2, "key": "shop", "state": %q,
	"pattern": {"stages": [
		{"name": "cart", "contiguity": "begin", "where": {"type": "cart"}, "quantifier": {"type": "oneOrMore"}, "greedy": true},
		{"name": "purchase", "contiguity": "followedBy", "where": {"type": "purchase"}}], "within": {"ms": 10}},
	"onMatch": {"type": "BOUGHT", "when": "count.cart < 3", "of": {"step": "cart", "which": "first"}, "message": "{{{first cart.price}, {cart.price}}} {purchase.type}"},
	"onTimeout": {"type": "LEFT", "of": {"step": "purchase"}, "message": "{cart.price}{purchase.price} left"}}`

// told are the alerts of a replay as text: key, type, message, price of whose it is, time.
func told(r rules.Replayed[sale]) (all []string) {
	for _, f := range r.Found {
		all = append(all, fmt.Sprintf("%s %s %t: %s (%v) at %d", f.Key, f.Alert.Type, f.Timeout, f.Alert.Message, f.Alert.Of.price, f.At))
	}
	return all
}

func TestARuleSaysWhatItsDocumentSays(t *testing.T) {
	r := read(t, fmt.Sprintf(left, ""))
	if r.Name != "left" || r.Version != 2 || r.Key != "shop" || r.State != rules.Active {
		t.Errorf("%+v", r)
	}
	got := replay(r, sale{"cart", 1, "x"}, sale{"cart", 2, "x"}, sale{"cart", 9, "y"}, sale{"purchase", 3, "x"}, sale{"none", 0, ""})
	want := []string{
		"x BOUGHT false: {1.00, 2.00} purchase (1) at 3",
		"x BOUGHT false: {2.00, 2.00} purchase (2) at 3",
	}
	if !slices.Equal(told(got), want) || got.Events != 4 || got.Keys != 2 || got.Open != 3 || got.Failed != 0 {
		t.Errorf("%q\n%+v", told(got), got)
	}
}

func TestWindowsCloseAtTheirOwnTimeWhoeverComesNext(t *testing.T) {
	at := func(s sale) int64 { return int64(s.price) }
	got := told(read(t, fmt.Sprintf(left, "shadow")).Replay([]sale{{"cart", 1, "x"}, {"cart", 5, "y"}, {"none", 14, "z"}}, at))
	if want := []string{"x LEFT true: 1.00 left (1) at 11"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAPausedRuleBeginsNothing(t *testing.T) {
	r := read(t, fmt.Sprintf(left, "paused"))
	if got := replay(r, sale{"cart", 1, "x"}, sale{"purchase", 3, "x"}); len(got.Found) != 1 {
		t.Errorf("a replay, which looks at no state, gave %+v", got)
	}
	a, err := nfa.Compile(read(t, fmt.Sprintf(left, "active")).Pattern)
	if err != nil {
		t.Fatal(err)
	}
	paused, err := nfa.Compile(r.Pattern)
	if err != nil || paused.Fingerprint() != a.Fingerprint() {
		t.Fatalf("fingerprints %s and %s: %v", a.Fingerprint(), paused.Fingerprint(), err)
	}
	if none, _, err := paused.Process(nfa.Runs[sale]{}, &nfa.Event[sale]{Seq: 1, Time: 1, Value: sale{"cart", 1, "x"}}); err != nil || none.Open() > 0 {
		t.Errorf("it has begun %d, %v", none.Open(), err)
	}
	runs, _, err := a.Process(nfa.Runs[sale]{}, &nfa.Event[sale]{Seq: 1, Time: 1, Value: sale{"cart", 1, "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, out, err := paused.Process(runs, &nfa.Event[sale]{Seq: 2, Time: 2, Value: sale{"purchase", 1, "x"}}); err != nil || len(out.Matches) != 1 {
		t.Errorf("what it had begun gave %d matches, %v", len(out.Matches), err)
	}
}

func TestAllMistakesOfARuleAreNamedAtOnce(t *testing.T) {
	_, err := rules.Read([]byte(`{"name": "A rule", "key": "colour", "state": "asleep",
		"pattern": {"stages": [
			{"name": "a", "contiguity": "begin", "where": {"expr": "colour == 1"}},
			{"name": "b", "contiguity": "next", "where": {"count": {"stage": "z", "op": "=>", "value": 1}}},
			{"name": "b", "contiguity": "then"}],
			"skip": {"type": "skipToFirst", "stage": "a", "throwOnMiss": true}},
		"onMatch": {"type": "", "message": "{a.colour} {c.price} {", "when": "price > 1", "of": {"step": "c", "which": "middle"}},
		"onTimeout": {"type": "T", "message": ""}}`), partly, "shop", "type")
	if !errors.Is(err, rules.ErrRule) || !errors.Is(err, nfa.ErrMalformed) {
		t.Fatalf("%v", err)
	}
	for _, says := range []string{
		`name "A rule"`, `version 0`, `key "colour" is none of [shop type]`, `state "asleep" is none of [active paused shadow]`,
		`stage "a": expression "colour == 1": unknown name colour`, `stage "b": there is no stage "z"`, `operator "=>" is none of`,
		`stage "b": contiguity "then"`, `two steps have the name "b"`, `throwOnMiss would end`,
		`onMatch: the type is`, `onMatch: {a.colour}: events have no field "colour"`, `onMatch: {c.price} names no step`, `has a brace without its other one`,
		`onMatch, when: expression "price > 1": unknown name price`, `onMatch: it is of step "c"`, `which is first or last, not "middle"`,
		`onTimeout: it has no message`, `onTimeout: the pattern has no window`,
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q is missing in\n%v", says, err)
		}
	}
}

func TestADocumentThatIsNoneIsRefused(t *testing.T) {
	for doc, says := range map[string]string{
		``:                      `EOF`,
		`{"colour": 1}`:         `unknown field "colour"`,
		`{} {}`:                 `something stands behind the document`,
		`{"name": "a"}`:         `pattern: it is missing`,
		`{"pattern": {"a": 1}}`: `pattern: json: unknown field "a"`,
		`{"pattern": {}}`:       `it has neither onMatch nor onTimeout`,
	} {
		if _, err := rules.Read([]byte(doc), partly, "shop"); !errors.Is(err, rules.ErrRule) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
