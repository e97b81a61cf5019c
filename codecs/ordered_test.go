package codecs

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// keepsOrder checks the two promises of an Ordered encoding on drawn values.
func keepsOrder[N any](t *testing.T, o Ordered[N], draw *rapid.Generator[N], compare func(a, b N) int) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		x, y := o.Append(nil, a), o.Append([]byte("key"), b)[3:]
		if got, want := bytes.Compare(x, y), compare(a, b); got != want {
			t.Fatalf("%v is % x, %v is % x: bytes compare %d, values %d", a, x, b, y, got, want)
		}
		back, err := o.Decode(x)
		if err != nil || compare(back, a) != 0 {
			t.Fatalf("%v became % x became %v, %v", a, x, back, err)
		}
	})
}

func TestOrderedInt64KeepsOrder(t *testing.T) {
	keepsOrder(t, OrderedInt64(), rapid.Int64(), cmp.Compare[int64])
}

func TestOrderedTimeKeepsOrder(t *testing.T) {
	seconds := rapid.OneOf(rapid.Int64Range(-62135596800, 253402300799), rapid.Int64Range(-2, 2)) // years 1 to 9999; around 1970
	instants := rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(seconds.Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		return at.In(time.FixedZone("", rapid.IntRange(-12, 12).Draw(t, "zone")*3600))
	})
	keepsOrder(t, OrderedTime(), instants, time.Time.Compare)
}

// mixedText meets every length of UTF-8 and both sides of the surrogates.
var mixedText = rapid.StringOf(rapid.OneOf(
	rapid.SampledFrom([]rune("aé\x00\u07ff\u0800\ud7ff\ue000\uefff\uf000\uff21\uffff\U00010000\U0001f600\U000fffff\U0010ffff")),
	rapid.Rune(),
))

func TestOrderedStringKeepsTheOrderOfUTF8(t *testing.T) {
	keepsOrder(t, OrderedString(), mixedText, cmp.Compare[string])
}

func TestOrderedJavaStringKeepsTheOrderOfUTF16(t *testing.T) {
	keepsOrder(t, OrderedJavaString(), mixedText, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
}

func TestTheTwoTextOrdersDifferBeyondTheBasicPlane(t *testing.T) {
	fullwidth, smiley := "Ａ", "😀"
	compare := func(o Ordered[string]) int { return bytes.Compare(o.Append(nil, fullwidth), o.Append(nil, smiley)) }
	if compare(OrderedString()) != -1 || compare(OrderedJavaString()) != 1 {
		t.Errorf("UTF-8: %d, Java: %d; want -1, 1", compare(OrderedString()), compare(OrderedJavaString()))
	}
}

func TestOrderedJavaStringGivesBackAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if got, err := OrderedJavaString().Decode(OrderedJavaString().Append(nil, s)); err != nil || got != s {
			t.Fatalf("%q became %q, %v", s, got, err)
		}
	})
}

// smallDecimals often meet an equal one of another scale.
var smallDecimals = rapid.Custom(func(t *rapid.T) decimal.Decimal {
	return decimal.New(rapid.Int64Range(-200, 200).Draw(t, "digits"), rapid.Int32Range(-3, 3).Draw(t, "exponent"))
})

var wideDecimals = rapid.Custom(func(t *rapid.T) decimal.Decimal {
	digits := rapid.StringMatching(`-?[0-9]{1,60}`).Draw(t, "digits")
	d, err := decimal.NewFromString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return d.Shift(rapid.Int32Range(-150, 150).Draw(t, "exponent"))
})

func TestOrderedDecimalKeepsOrder(t *testing.T) {
	keepsOrder(t, OrderedDecimal(), smallDecimals, decimal.Decimal.Cmp)
	keepsOrder(t, OrderedDecimal(), wideDecimals, decimal.Decimal.Cmp)
}

func TestEqualDecimalsHaveTheSameEncoding(t *testing.T) {
	var first []byte
	for _, text := range []string{"100", "1e2", "100.00", "1000e-1"} {
		b := OrderedDecimal().Append(nil, amount(t, text))
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			t.Errorf("%s is % x, 100 is % x", text, b, first)
		}
	}
}

func TestDecimalsWithHugeExponentsKeepOrderWithoutBeingExpanded(t *testing.T) {
	ascending := []decimal.Decimal{
		decimal.New(-10, math.MaxInt32), decimal.New(-1, math.MaxInt32), decimal.New(-1, 100), decimal.New(-2, 0), decimal.New(-1, 0),
		decimal.New(-1, -100), decimal.New(-1, math.MinInt32), {}, decimal.New(1, math.MinInt32), decimal.New(2, math.MinInt32),
		decimal.New(1, -62), decimal.New(1, -61), decimal.New(1, -60), decimal.New(1, 58), decimal.New(1, 59), decimal.New(1, 60),
		decimal.New(1, math.MaxInt32), decimal.New(10, math.MaxInt32), decimal.New(11, math.MaxInt32), decimal.New(100, math.MaxInt32),
	}
	for i, d := range ascending {
		b := OrderedDecimal().Append(nil, d)
		if i > 0 && bytes.Compare(OrderedDecimal().Append(nil, ascending[i-1]), b) >= 0 {
			t.Errorf("number %d does not sort after the one before it: % x", i, b)
		}
		back, err := OrderedDecimal().Decode(b)
		if err != nil || !bytes.Equal(OrderedDecimal().Append(nil, back), b) {
			t.Errorf("number %d, % x, did not come back: %v", i, b, err)
		}
	}
}

// What is stored at users' must stay in order with what is written tomorrow.
func TestOrderedEncodingsAreTheseBytes(t *testing.T) {
	at := instant(t, "2021-03-25T12:03:00.000000001Z")
	for name, c := range map[string]struct{ got, want []byte }{
		"0":         {OrderedInt64().Append(nil, 0), []byte{0x80, 0, 0, 0, 0, 0, 0, 0}},
		"-1":        {OrderedInt64().Append(nil, -1), []byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		"instant":   {OrderedTime().Append(nil, at), []byte{0x80, 0, 0, 0, 0x60, 0x5c, 0x7b, 0xf4, 0, 0, 0, 1}},
		"zero":      {OrderedDecimal().Append(nil, decimal.Zero), []byte{2}},
		"12.5":      {OrderedDecimal().Append(nil, amount(t, "12.50")), []byte{3, 0x82, 0x0d, 0x33, 0}},
		"-12.5":     {OrderedDecimal().Append(nil, amount(t, "-12.5")), []byte{1, 0x7d, 0xf2, 0xcc, 0xff}},
		"1e100":     {OrderedDecimal().Append(nil, amount(t, "1e100")), []byte{3, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 101, 11, 0}},
		"java text": {OrderedJavaString().Append(nil, "aＡ😀"), []byte("a\xf4\xbc\xa1\xee\x9f\x98\x80")},
		"text":      {OrderedString().Append(nil, "é"), []byte("é")},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s is % x, was % x", name, c.got, c.want)
		}
	}
}

func TestDamagedOrderedEncodingsAreErrors(t *testing.T) {
	for _, b := range [][]byte{
		nil, {1}, {3}, {4, 0x82, 11, 0}, {2, 0}, {3, 0x82}, {3, 0x82, 0}, {3, 0x82, 11}, {3, 0x82, 102, 0}, {3, 0x82, 1, 0}, {3, 0xff, 1, 11, 0},
		{3, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 11, 0}, {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0},
	} {
		if d, err := OrderedDecimal().Decode(b); err == nil {
			t.Errorf("% x was read as %v", b, d)
		}
	}
	if n, err := OrderedInt64().Decode(make([]byte, 7)); err == nil {
		t.Errorf("7 bytes were read as %d", n)
	}
	for _, b := range [][]byte{make([]byte, 11), append(make([]byte, 8), 0x3b, 0x9a, 0xca, 0)} {
		if at, err := OrderedTime().Decode(b); err == nil {
			t.Errorf("% x was read as %v", b, at)
		}
	}
}

func FuzzOrderedDecimal(f *testing.F) {
	for _, text := range []string{"0", "12.5", "-12.5", "1e100", "-1e-100"} {
		f.Add(OrderedDecimal().Append(nil, amount(f, text)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := OrderedDecimal().Decode(b)
		if err != nil {
			return
		}
		again := OrderedDecimal().Append(nil, d)
		if back, err := OrderedDecimal().Decode(again); err != nil || back.Exponent() != d.Exponent() || back.Coefficient().Cmp(d.Coefficient()) != 0 {
			t.Fatalf("% x is a decimal with exponent %d, written as % x: %v", b, d.Exponent(), again, err)
		}
	})
}
