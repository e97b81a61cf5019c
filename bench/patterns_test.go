package main

import "testing"

func TestMatchesArePrintedAndComparedOneByOne(t *testing.T) {
	all := map[string]found{}
	note := noteFound(all)
	note("cross-sell", "match", "", click{}, click{id: 3}, click{id: 4})
	note("cross-sell", "match", "", click{}, click{id: 4}, click{id: 3})
	note("abandoned-cart", "timeout", "", click{}, click{id: 9})
	one := map[string]found{}
	again := noteFound(one)
	again("cross-sell", "match", "", click{}, click{id: 3}, click{id: 4})
	again("cross-sell", "match", "", click{}, click{id: 3}, click{id: 4})
	if all["cross-sell|match"].N != 2 || all["cross-sell|match"] == one["cross-sell|match"] {
		t.Errorf("the order of clicks makes no difference: %+v, %+v", all, one)
	}
	if some := foundOf(all, "cross-sell"); len(some) != 1 || compareFound(some, foundOf(all, allPatterns)) == nil {
		t.Errorf("%+v stands for all of %+v", some, all)
	}
	if err := compareFound(all, foundOf(all, allPatterns)); err != nil {
		t.Error(err)
	}
	if compareFound(all, foundOf(all, "cross-sell")) == nil {
		t.Error("matches that nobody asked for are not seen")
	}
}

// cartsOf makes clicks, and counts the carts that were bought and left behind with a window in minutes.
func cartsOf(stretch int, within int64) (bought, left int) {
	all := map[string]found{}
	const n = 5000
	makeClicks(newClicks(n, stretch), n, within*minute, noteFound(all), func(click) {})
	return all["abandoned-cart|match"].N, all["abandoned-cart|timeout"].N
}

func TestAWiderWindowFindsPurchasesAndNoOtherCarts(t *testing.T) {
	bought, left := cartsOf(1, 1)
	boughtLater, stillLeft := cartsOf(1, 10)
	if bought == 0 || boughtLater <= bought || bought+left != boughtLater+stillLeft {
		t.Errorf("%d bought and %d left within a minute, %d and %d within ten", bought, left, boughtLater, stillLeft)
	}
}

func TestClicksThatAreStretchedTakeLongerAndStayInSessions(t *testing.T) {
	const n = 5000
	short, long := newClicks(n, 1), newClicks(n, 40)
	begin := short.now
	for range n {
		short.take()
		long.take()
	}
	if a, b := short.now-begin, long.now-begin; b < 30*a || b > 50*a || long.sessions < short.sessions/2 {
		t.Errorf("they take %d ms with %d sessions, stretched %d ms with %d", a, short.sessions, b, long.sessions)
	}
}
