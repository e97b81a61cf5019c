package task

import (
	"errors"
	"testing"
)

func twoInputs() *Group {
	return &Group{Inputs: []*Input{{Topic: &Topic{Name: "orders"}}, {Topic: &Topic{Name: "refunds"}}}}
}

func named(ids map[string]string) func(string) string {
	return func(topic string) string { return ids[topic] }
}

func TestPositionsComeBackUnlessTheTopicIsAnother(t *testing.T) {
	g := twoInputs()
	b := positions{"orders": 12, "refunds": 3}.encode(g, named(map[string]string{"orders": "a", "refunds": "b"}))
	for _, c := range []struct {
		orders, refunds string
		want            positions
	}{
		{"a", "b", positions{"orders": 12, "refunds": 3}},
		{"a", "c", positions{"orders": 12}},
		{"", "b", positions{"orders": 12, "refunds": 3}}, // brokers without topic ids
	} {
		got := positions{}
		if err := got.restore(b, named(map[string]string{"orders": c.orders, "refunds": c.refunds})); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(c.want) || got["orders"] != c.want["orders"] || got["refunds"] != c.want["refunds"] {
			t.Errorf("ids %q and %q: %v, want %v", c.orders, c.refunds, got, c.want)
		}
	}
}

func TestPositionsHaveAFixedForm(t *testing.T) {
	b := positions{"orders": 12}.encode(twoInputs(), named(map[string]string{"orders": "id"}))
	if want := "\x01\x06orders\x02id\x18"; string(b) != want {
		t.Errorf("%q, want %q", b, want)
	}
}

func TestDamagedPositionsAreAnError(t *testing.T) {
	for _, b := range []string{"", "\x02", "\x01\x06ord", "\x01\x02in\x00", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		if err := (positions{}).restore([]byte(b), named(nil)); !errors.Is(err, errPositions) {
			t.Errorf("%q: %v", b, err)
		}
	}
}
