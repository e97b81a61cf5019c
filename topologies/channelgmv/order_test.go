package channelgmv

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
)

func TestPayTimesAreReadLenientlyAndWrittenStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"2021-03-25 10:02:03":        "2021-03-25 10:02:03",
		" 2021-3-5 1:2:3\n":          "2021-03-05 01:02:03",
		"2021-03-25 10:02:03.000":    "2021-03-25 10:02:03",
		"2021-03-25 10:02:03.120":    "2021-03-25 10:02:03.12",
		"2020-02-29 00:00:00":        "2020-02-29 00:00:00",
		"2021-02-29 00:00:00":        "",
		"2021-13-01 00:00:00":        "",
		"2021-03-25 24:00:00":        "",
		"2021-03-25 10:60:00":        "",
		"2021-03-25 10:02":           "",
		"2021-03-25T10:02:03":        "",
		"2021/03/25 10:02:03":        "",
		"2021-03-25 10:02:03 +0800":  "",
		"21-03-25 10:02:03":          "",
		"20210-03-25 10:02:03":       "",
		"1616637723":                 "",
		"":                           "",
		"２０２１-03-25 10:02:03":        "",
		"2021-03-25 10:02:03.1234.5": "",
	} {
		o, err := newOrder(OrderDetail{PayTime: codecs.NotNull(text)})
		if (err == nil) != (want != "") || o.PaidAt != want {
			t.Errorf("%q is read as %q, %v; want %q", text, o.PaidAt, err, want)
		}
	}
}

// ordered makes an order of an order_time; "null" stands for none.
func ordered(t interface{ Fatal(...any) }, at string) Order {
	d := OrderDetail{PayTime: codecs.NotNull("2021-03-25 10:02:03")}
	if at != "null" {
		d.OrderTime = codecs.NotNull(at)
	}
	o, err := newOrder(d)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestLaterOrderTimesAreNewer(t *testing.T) {
	ascending := []string{
		"null", "", "2021-03-25", "2021/03/25", "tomorrow", // no times: as text
		"1999-12-31 23:59:59", "2021-03-25 9:30:00", "2021-03-25 10:00:00", "2021-03-25 10:00:00.5", "2021-3-26 0:0:0",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := newer(ordered(t, a), ordered(t, b)); got != (j > i) {
				t.Errorf("%q replaces %q: %v", b, a, got)
			}
		}
	}
	if same := ordered(t, "2021-3-25 1:2:3"); newer(same, ordered(t, " 2021-03-25 01:02:03 ")) {
		t.Error("two ways to write one time differ")
	}
}

// Whatever arrives first: the winner is the same, unless two are equal.
func TestTheNewestVersionDoesNotDependOnArrival(t *testing.T) {
	times := rapid.OneOf(rapid.SampledFrom([]string{"null", "", "x", "2021-03-25 9:0:0", "2021-03-25 10:00:00", "2021/03/25"}), rapid.StringN(0, 5, 20))
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := ordered(t, times.Draw(t, "a")), ordered(t, times.Draw(t, "b")), ordered(t, times.Draw(t, "c"))
		if newer(a, b) && newer(b, a) {
			t.Fatalf("%v and %v are newer than each other", a, b)
		}
		if !newer(a, b) && !newer(b, c) && newer(a, c) {
			t.Fatalf("%v does not replace %v, nor %v that, but it does replace the first", b, a, c)
		}
	})
}

func TestGuestOrdersSpreadOverAllSaltsAndKeepTheirs(t *testing.T) {
	seen := map[string]bool{}
	for i := range 1000 {
		seen[salt(strconv.Itoa(i))] = true
	}
	if len(seen) != guestSalts {
		t.Errorf("1000 orders have %d salts, want %d", len(seen), guestSalts)
	}
	if got := salt("202103241000000001"); got != "27" { // part of stored keys: must never change
		t.Errorf("the salt is %s", got)
	}
}

// What is stored at users' must be read by tomorrow's program.
func TestStoredRowsAreTheseBytes(t *testing.T) {
	money := codecs.NotNull(decimal.RequireFromString("12.5"))
	payer := Payer{money, 2, "2021-03-25 10:02:03"}
	stored(t, codecs.Compact[Order](1), Order{codecs.NotNull("7"), webShop, codecs.NotNull("alice"), money, payer.LastPaid, codecs.NotNull(payer.LastPaid), true},
		"01a7016137026777656253686f700365616c6963650446ffffffff027d0573323032312d30332d32352031303a30323a30330673323032312d30332d32352031303a30323a303307f5")
	stored(t, codecs.Compact[Order](1), Order{ID: codecs.NotNull("7"), Channel: otherShop, RealPay: money, PaidAt: payer.LastPaid},
		"01a401613702656f746865720446ffffffff027d0573323032312d30332d32352031303a30323a3033")
	stored(t, codecs.Compact[Payer](1), payer,
		"01a30146ffffffff027d02020373323032312d30332d32352031303a30323a3033")
	stored(t, codecs.Compact[Spending](1), Spending{"2021-03-25 00:00:00", webShop, true, payer},
		"01a40173323032312d30332d32352030303a30303a3030026777656253686f7003f504a30146ffffffff027d02020373323032312d30332d32352031303a30323a3033")
	stored(t, codecs.Compact[Totals](1), Totals{money, 1, 2, payer.LastPaid},
		"01a40146ffffffff027d020103020473323032312d30332d32352031303a30323a3033")
}

func stored[V any](t *testing.T, c codecs.Codec[V], v V, want string) {
	t.Helper()
	b, err := c.Encode(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(b) != want {
		t.Errorf("%T is stored as\n%x, was\n%s", v, b, want)
	}
	old, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	back, err := c.Decode(old)
	if again, err2 := c.Encode(nil, back); err != nil || err2 != nil || !bytes.Equal(again, old) {
		t.Errorf("%T is read as %v, %v", v, back, err)
	}
}

func TestTimesOfAnUnpaidVersionAreNotLookedAt(t *testing.T) {
	if at, err := (OrderDetail{PayTime: codecs.NotNull("x")}).paidAt(time.UTC); err != nil || !at.IsZero() {
		t.Errorf("event time %v, %v", at, err)
	}
}
