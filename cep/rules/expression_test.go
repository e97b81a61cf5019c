package rules_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/tributary-go/tributary/cep/rules"
)

// partly are fields of which a sale may lack some: a price below 0 and the shop "-" stand for that.
var partly = rules.Fields[sale]{
	Text: map[string]func(sale) string{
		"type": func(s sale) string { return s.kind },
		"shop": func(s sale) string { return strings.Trim(s.shop, "-") },
	},
	Number: map[string]func(sale) float64{"price": func(s sale) float64 {
		if s.price < 0 {
			return math.NaN()
		}
		return s.price
	}},
	Known: map[string]func(sale) bool{
		"shop":  func(s sale) bool { return s.shop != "-" },
		"price": func(s sale) bool { return s.price >= 0 },
	},
	Written: map[string]func(sale) string{"price": func(s sale) string { return fmt.Sprintf("%.2f", s.price) }},
}

// oneTwo is a rule that takes an a, then what where says.
func oneTwo(where string) string {
	return fmt.Sprintf(`{"name": "one-two", "version": 3, "key": "shop",
		"pattern": {"stages": [
			{"name": "one", "contiguity": "begin", "where": {"expr": "type == 'a'"}, "quantifier": {"type": "times", "from": 1, "to": 2}, "consecutive": true},
			{"name": "two", "contiguity": "next", "where": {"expr": %q}}], "within": {"ms": 100}},
		"onMatch": {"type": "T", "message": "x"}}`, where)
}

func read(t *testing.T, doc string) rules.Rule[sale] {
	t.Helper()
	r, err := rules.Read([]byte(doc), partly, "shop", "type")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replay takes sales, one a millisecond, all of one shop.
func replay(r rules.Rule[sale], sales ...sale) rules.Replayed[sale] {
	at := map[sale]int64{}
	for i, s := range sales {
		at[s] = int64(i)
	}
	return r.Replay(sales, func(s sale) int64 { return at[s] })
}

func TestExpressionsSeeTheEventAndWhatWasTaken(t *testing.T) {
	a, unknown, b := sale{"a", 10, "x"}, sale{"a", -1, "x"}, sale{"b", 5, "x"}
	for where, want := range map[string][2]int{ // matches of a, b; of a without a price, b
		`type == "b"`:                                    {1, 1},
		`price < 5`:                                      {0, 0},
		`price < first.one.price`:                        {1, 0},
		`not (price >= last.one.price)`:                  {1, 1},
		`known.price && known.shop`:                      {1, 1},
		`last.one.known.price`:                           {1, 0},
		`last["one"].price == 10`:                        {1, 0},
		`first.two.price > 0`:                            {0, 0},
		`first.two.shop == ""`:                           {1, 1},
		`count.one == 1 && count.two == 0`:               {1, 1},
		`all(events.one, .shop == "x")`:                  {1, 1},
		`sum(events.one, .price) == 10`:                  {1, 0},
		`len(filter(events.one, .price > 9)) == 1`:       {1, 0},
		`len(events.one) > 1`:                            {0, 0},
		`type in ["b", "c"] ? true : false`:              {1, 1},
		`lower(shop) startsWith "X"`:                     {0, 0},
		`shop == first.one.shop && price>1`:              {1, 1},
		`type matches "^[b-d]$"`:                         {1, 1},
		`any(events.one, .price > 9 && !(#.price > 10))`: {1, 0},
	} {
		r := read(t, oneTwo(where))
		if got := [2]int{len(replay(r, a, b).Found), len(replay(r, unknown, b).Found)}; got != want {
			t.Errorf("%s: %v, want %v", where, got, want)
		}
	}
}

func TestMistakesOfAnExpressionAreNamed(t *testing.T) {
	for where, says := range map[string]string{
		`price > "5"`:              `stage "two": expression "price > \"5\"": invalid operation: > (mismatched types float64 and string)`,
		`colour == "red"`:          `unknown name colour`,
		`first.one.colour`:         `colour`,
		`first.three.price>1`:      `three`,
		`price`:                    `expected bool, but got float64`,
		`price > `:                 `unexpected token EOF`,
		`first.one == last.one`:    `an event is no value: name the fields that are meant`,
		`events.one == events.two`: `an event is no value`,
		`first.one in events.one`:  `an event is no value`,
		`string(last.one) == ""`:   `an event is no value`,
		`len(known) == 1`:          `an event is no value`,
		`now().Year() > 2000`:      `now`,
		`len(first) > 1`:           `first, last, events and count are followed by the name of a step`,
		`first[shop].price>1`:      `first, last, events and count are followed by the name of a step`,
		strings.Repeat("price > 1 && ", 100) + "true": `maximum allowed nodes`,
	} {
		_, err := rules.Read([]byte(oneTwo(where)), partly, "shop")
		if !errors.Is(err, rules.ErrRule) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", where, err)
		}
	}
}

func TestAnExpressionThatFailsWhileItRunsStopsNeitherTheRuleNorTheKey(t *testing.T) {
	r := read(t, oneTwo(`events.one[1].price > 0`)) // there may be one only
	a, b, c, d, e := sale{"a", 1, "x"}, sale{"b", 2, "x"}, sale{"a", 3, "x"}, sale{"a", 4, "x"}, sale{"b", 5, "x"}
	got := replay(r, a, b, c, d, e)
	if got.Failed == 0 || got.Err == nil || !strings.Contains(got.Err.Error(), `key "x" at 1 ms: expression`) {
		t.Errorf("failed %d: %v", got.Failed, got.Err)
	}
}

func TestAnExpressionIsBounded(t *testing.T) {
	r := read(t, oneTwo(`len(map(1..100000000, #)) > 0`))
	if got := replay(r, sale{"a", 1, "x"}, sale{"b", 2, "x"}); got.Failed != 1 || !strings.Contains(got.Err.Error(), "memory budget exceeded") {
		t.Errorf("failed %d: %v", got.Failed, got.Err)
	}
}

func TestWindowsCloseAlsoWhereAnAlertCantBeMade(t *testing.T) {
	r := read(t, `{"name": "late", "version": 1, "key": "shop",
		"pattern": {"stages": [{"name": "one", "contiguity": "begin"}, {"name": "two", "contiguity": "followedBy", "where": {"any": false}}], "within": {"ms": 5}},
		"onTimeout": {"type": "T", "message": "{one.price}", "when": "events.one[0].price > 1 || events.one[7].price > 1"}}`)
	got := r.Replay([]sale{{"a", 1, "x"}, {"a", 2, "x"}, {"a", 20, "y"}}, func(s sale) int64 { return int64(s.price) })
	if len(got.Found) != 1 || got.Found[0].Alert.Message != "2.00" || got.Failed != 1 || got.Open != 1 {
		t.Errorf("%+v", got)
	}
}

func TestARuleCanBeUsedByManyAtOnce(t *testing.T) {
	r := read(t, oneTwo(`price < first.one.price && count.one == 1`))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if got := replay(r, sale{"a", 10, "x"}, sale{"b", 5, "x"}); len(got.Found) != 1 {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkExpression(b *testing.B) {
	r, err := rules.Read([]byte(oneTwo(`type == "b" && price < first.one.price`)), partly, "shop")
	if err != nil {
		b.Fatal(err)
	}
	sales := []sale{{"a", 10, "x"}, {"b", 5, "x"}}
	for b.Loop() {
		if len(replay(r, sales...).Found) != 1 {
			b.Fatal("no match")
		}
	}
}
