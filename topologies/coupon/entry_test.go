package coupon

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

func TestPayTimesAreReadAsFlinkReadsThem(t *testing.T) {
	for text, want := range map[string]string{
		"2021-03-25 10:02:03":        "2021-03-25 10:02:03",
		"2021-3-5 1:2:3":             "2021-03-05 01:02:03",
		"2021-03-25":                 "2021-03-25 00:00:00",
		" \t2021-03-25 10:02:03\n":   "2021-03-25 10:02:03",
		"2021-03-25 10:02:03.000001": "2021-03-25 10:02:03",
		"2020-02-30":                 "2020-02-29 00:00:00",
		"2021-02-31 10:00:00":        "2021-02-28 10:00:00",
		"2021-04-31":                 "2021-04-30 00:00:00",
		"2021-12-31 24:00:00":        "2022-01-01 00:00:00",
		"2021-03-25 99:99:99":        "2021-03-29 04:40:39",
		"2021-02-28 23:59:60":        "2021-03-01 00:00:00",
		"0000-02-29 00:00:00":        "0000-02-29 00:00:00",
		"9999-12-31 23:59:59":        "9999-12-31 23:59:59",
		"2021-03-25 10:02:03.":       "",
		"2021-03-25 10:02:03.5s":     "",
		"2021-03-25 10:02:03,5":      "",
		"2021-03-25 10:02:03Z":       "",
		"2021-03-25 10:02:03 +0800":  "",
		"2021-03-25  10:02:03":       "",
		"2021-03-25 10:02":           "",
		"2021-03-25 10":              "",
		"2021-03-25 ":                "2021-03-25 00:00:00",
		"2021-03-25 100:00:00":       "",
		"2021-03-25T10:02:03":        "",
		"2021/03/25":                 "",
		"20210325":                   "",
		"2021-03":                    "",
		"2021-003-25":                "",
		"2021-03-025":                "",
		"2021-13-01":                 "",
		"2021-00-01":                 "",
		"2021-01-00":                 "",
		"2021-01-32":                 "",
		"0000-00-00 00:00:00":        "",
		"21-03-25":                   "",
		"20210-03-25":                "",
		"-2021-03-25":                "",
		"+2021-03-25":                "",
		"２０２１-03-25":                 "",
		"x":                          "",
		"":                           "",
	} {
		at, readable := parsePayTime(codecs.NotNull(text), time.UTC)
		got := ""
		if readable {
			got = at.Format(time.DateTime)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
	if _, readable := parsePayTime(codecs.Text{}, time.UTC); readable {
		t.Error("null is a time")
	}
}

func TestDaysAreNumbers(t *testing.T) {
	for at, want := range map[string]int64{"2020-11-11": 20201111, "0001-01-01": 10101, "0000-01-01": 10101, "9999-12-31": 99991231} {
		parsed, err := time.Parse(time.DateOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := dayOf(parsed); got != want {
			t.Errorf("%s is %d, want %d", at, got, want)
		}
	}
}

func TestFeesAreCutTowardZero(t *testing.T) {
	for fee, want := range map[string]int64{
		"199": 1, "99.99": 0, "-199": -1, "-99.99": 0, "0": 0, "100": 1, "-100": -1, "299.999999": 2,
		"999999999999999.99": 9999999999999, "-999999999999999.99": -9999999999999,
	} {
		if got := (Entry{Fee: codecs.NotNull(decimal.RequireFromString(fee))}).amount(); got != want {
			t.Errorf("%s fen are %d yuan, want %d", fee, got, want)
		}
	}
	if got := (Entry{}).amount(); got != 0 {
		t.Errorf("no fee is %d", got)
	}
}

// drawn makes an entry of one order.
func drawn(t *rapid.T, name string) Entry {
	text := func(what string) codecs.Text {
		s := rapid.SampledFrom([]string{"", "1", "10", "9", "\uff21", "\U0001f600", "none"}).Draw(t, name+" "+what)
		if s == "none" {
			return codecs.Text{}
		}
		return codecs.NotNull(s)
	}
	e := Entry{Buyer: text("buyer"), PayTime: text("pay_time"), Created: text("created"), Modified: text("modified")}
	if fee := rapid.IntRange(-2, 2).Draw(t, name+" fee"); fee != 0 {
		e.Fee = codecs.NotNull(decimal.New(int64(fee), 0))
	}
	return e
}

func TestMinimaAreTheSameInAnyOrder(t *testing.T) {
	join := func(es ...Entry) (held Entry) {
		var row *Entry
		for _, e := range es {
			row, _ = minima(stream.Record{}, row, e)
		}
		return *row
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawn(t, "a"), drawn(t, "b"), drawn(t, "c")
		want := encoded(t, join(a, b, c))
		for _, other := range []Entry{join(b, a, c), join(c, b, a), join(a, join(b, c)), join(join(a, b), c), join(a, b, c, a, b)} {
			if !bytes.Equal(encoded(t, other), want) {
				t.Fatalf("%+v, %+v and %+v give %+v as well", a, b, c, other)
			}
		}
	})
}

func encoded(t interface{ Fatal(...any) }, e Entry) []byte {
	b, err := codecs.Compact[Entry](1).Encode(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is stored at users' must be read by tomorrow's program.
func TestStoredRowsAreTheseBytes(t *testing.T) {
	text, fee := codecs.NotNull("7"), codecs.NotNull(decimal.RequireFromString("-12.5"))
	stored(t, codecs.Compact[Entry](1), Entry{text, text, text, text, text, text, fee}, "01a70161370261370361370461370561370661370746ffffffff037d")
	stored(t, codecs.Compact[Entry](1), Entry{}, "01a0")
	stored(t, codecs.Compact[Spend](1), Spend{-5, text, text}, "01a30124026137036137")
	stored(t, codecs.Compact[Held](1), Held{3}, "01a10103")
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

func TestAKeyThatIsNoBuyersDayIsAnError(t *testing.T) {
	for _, k := range []BuyerDay{"", "7", "7|x", "x|20210325", "7|20210325|1", `\N|20210325`} {
		if buyer, day, err := k.parts(); err == nil {
			t.Errorf("%q is buyer %d, day %d", k, buyer, day)
		}
	}
	if buyer, day, err := BuyerDay("-7|10101").parts(); buyer != -7 || day != 10101 || err != nil {
		t.Errorf("buyer %d, day %d, %v", buyer, day, err)
	}
}
