package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestPaymentsAreJSONOfAboutTwoHundredBytes(t *testing.T) {
	p := newPayments(1000)
	for range 100 {
		pay := p.take()
		key := userKey(pay.user)
		var got struct {
			User   string `json:"user_id"`
			Order  string `json:"order_id"`
			Amount int64  `json:"amount"`
		}
		b := pay.append(nil, key)
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if got.User != string(key) || got.Amount != pay.amount || got.Order != fmt.Sprintf("o%010d", pay.number) {
			t.Errorf("%s does not say user %s, amount %d, number %d", b, key, pay.amount, pay.number)
		}
		if len(b) < 190 || len(b) > 210 {
			t.Errorf("%d bytes", len(b))
		}
	}
}

func TestPaymentsAreTheSameEachTime(t *testing.T) {
	a, b := newPayments(1000), newPayments(1000)
	for range 1000 {
		if x, y := a.take(), b.take(); x != y {
			t.Fatalf("%+v and %+v", x, y)
		}
	}
}

func TestScatteredPaymentsReachEveryUserOnceBeforeAnyTwice(t *testing.T) {
	const keys = 1000
	p, seen, neighbours := newScattered(keys), map[int]bool{}, 0
	last := 0
	for range keys {
		user := p.take().user
		if user == last+1 {
			neighbours++
		}
		seen[user], last = true, user
	}
	if len(seen) != keys || neighbours > keys/10 {
		t.Errorf("%d of %d users, %d of them after their neighbour", len(seen), keys, neighbours)
	}
	if total := recountOf(newScattered(keys), 3*keys); total.counts[p.take().user] < 2 {
		t.Error("no payment comes after the first round")
	}
}

func TestNumbersArePaddedToTheirDigits(t *testing.T) {
	for _, n := range []int{0, 7, 10, 99, 100, 12345, 1234567} {
		for _, digits := range []int{1, 2, 6, 12} {
			if got, want := string(padded(nil, n, digits)), fmt.Sprintf("%0*d", digits, n); got != want {
				t.Errorf("%d with %d digits is %q, want %q", n, digits, got, want)
			}
		}
	}
}

// outputs are what a correct program writes for the first n payments.
func outputs(keys, n int) (all [][2]string) {
	p := newPayments(keys)
	counts, sums := map[int]int{}, map[int]int64{}
	for range n {
		pay := p.take()
		counts[pay.user]++
		sums[pay.user] += pay.amount
		all = append(all, [2]string{string(userKey(pay.user)), fmt.Sprintf(`{"n":%d,"s":%d}`, counts[pay.user], sums[pay.user])})
	}
	return all
}

func check(keys int, outs [][2]string, want *totals) error {
	got := &totals{counts: make([]int32, keys), sums: make([]int64, keys)}
	for _, o := range outs {
		if err := got.add([]byte(o[0]), []byte(o[1])); err != nil {
			return err
		}
	}
	return got.compare(want)
}

func TestTheCheckOfTotalsNoticesEveryDefect(t *testing.T) {
	const keys, n = 10, 200
	right := outputs(keys, n)
	if err := check(keys, right, recount(keys, n)); err != nil {
		t.Fatalf("right outputs: %v", err)
	}
	change := func(f func(outs [][2]string) [][2]string) [][2]string { return f(append([][2]string(nil), right...)) }
	for name, outs := range map[string][][2]string{
		"one is lost":       change(func(o [][2]string) [][2]string { return o[:n-1] }),
		"one is twice":      change(func(o [][2]string) [][2]string { return append(o, o[n-1]) }),
		"the first is lost": change(func(o [][2]string) [][2]string { return o[1:] }),
		"a sum is wrong": change(func(o [][2]string) [][2]string {
			o[n-1][1] = strings.Replace(o[n-1][1], `"s":`, `"s":1`, 1)
			return o
		}),
		"a value is no total": change(func(o [][2]string) [][2]string { o[3][1] = "{}"; return o }),
		"a key is no user":    change(func(o [][2]string) [][2]string { o[3][0] = "x"; return o }),
	} {
		if check(keys, outs, recount(keys, n)) == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}
