package codecs

import (
	"bytes"
	"math"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// coefficients prefers those at the limits of what is done without a big.Int.
func coefficients() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.SampledFrom([]int64{0, 1, -1, 10, -10, 100, 255, 256, -256, 1e17, 999999999999999999, -999999999999999999, 1e18, -1e18, math.MaxInt64, math.MinInt64}),
		rapid.Int64Range(-1000, 1000), rapid.Int64(),
	)
}

func TestSmallDecimalsAreWrittenAsTheLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(coefficients().Draw(t, "coefficient"), rapid.OneOf(rapid.Int32Range(-45, 45), rapid.Int32Range(-10000, 10000)).Draw(t, "exponent"))
		got, err := appendDecimal([]byte("head "), d)
		if err != nil || string(got) != "head "+d.String() {
			t.Fatalf("%s is written as %q, %v", d, got, err)
		}
		want, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := smallCoefficient(d); ok {
			if got := appendSmallBinary(nil, n, d.Exponent()); !bytes.Equal(got, want) {
				t.Fatalf("%s is stored as % x, want % x", d, got, want)
			}
		} else if abs := d.Abs().Coefficient(); abs.IsInt64() && abs.Int64() < 1e18 {
			t.Fatalf("%s with exponent %d is not small", d, d.Exponent())
		}
		sameBinary(t, want)
	})
}

// sameBinary: what is read here is what the library reads.
func sameBinary(t interface{ Fatalf(string, ...any) }, b []byte) {
	got, ok := readSmallBinary(b)
	if !ok {
		return
	}
	var want decimal.Decimal
	err := want.UnmarshalBinary(b)
	if err != nil || got.Exponent() != want.Exponent() || got.Coefficient().Cmp(want.Coefficient()) != 0 {
		t.Fatalf("% x is read as %s, by the library as %s, %v", b, got, want, err)
	}
}

func TestDecimalsJustTooLargeToBeSmallAreWrittenInFull(t *testing.T) {
	for _, text := range []string{"9999999999999999999", "-9999999999999999999", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890.5"} {
		d := amount(t, text)
		if got := string(mustEncode(t, JSON[Decimal](), NotNull(d))); got != text {
			t.Errorf("%s is written as %s", text, got)
		}
		c := Compact[decimal.Decimal](1)
		if got, err := c.Decode(mustEncode(t, c, d)); err != nil || !got.Equal(d) {
			t.Errorf("%s is stored and read as %s, %v", text, got, err)
		}
	}
}

func TestAnyBytesAreReadAsDecimalsAsTheLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := append([]byte{0, 0, 0, 0}, rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.ByteRange(0, 3)), 0, 12).Draw(t, "bytes")...)
		sameBinary(t, b)
		sameBinary(t, b[rapid.IntRange(0, 4).Draw(t, "cut"):])
	})
	for _, b := range [][]byte{{}, {0, 0, 0, 0}, {0, 0, 0, 0, 1}, {0, 0, 0, 0, 4}, {0, 0, 0, 0, 3}, {0, 1, 0, 0, 2}, {0, 0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0, 0, 0}} {
		if d, ok := readSmallBinary(b); ok {
			t.Errorf("% x is read as %s", b, d)
		}
	}
}

func TestADecimalThatTheLibraryWritesDifferentlyOnRequestIsWrittenByIt(t *testing.T) {
	defer func(was bool) { decimal.TrimTrailingZeros = was }(decimal.TrimTrailingZeros)
	decimal.TrimTrailingZeros = false
	if got := string(mustEncode(t, JSON[Decimal](), NotNull(amount(t, "1.50")))); got != "1.50" {
		t.Errorf("1.50 is written as %s", got)
	}
}

func TestSmallAmountsAreParsedAsAllOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringMatching(`-?[0-9.]{0,18}`).Draw(t, "text"))
		got, ok := parseSmall(text)
		if !ok {
			return
		}
		n, isNumber := scanNumber(text)
		if !isNumber {
			t.Fatalf("%s is read as %s", text, got)
		}
		if n.len() == 0 {
			n.exp = 0
		}
		want := n.decimal()
		if got.Exponent() != want.Exponent() || got.Coefficient().Cmp(want.Coefficient()) != 0 {
			t.Fatalf("%s is read as %s with exponent %d, want %s with %d", text, got, got.Exponent(), want, want.Exponent())
		}
	})
	for text, want := range map[string]bool{"100.25": true, "-0.5": true, "0": true, "7.": false, ".5": false, "": false, "-": false, "+1": false, "1e2": false, "1..2": false, "1234567890123456": false} {
		if _, ok := parseSmall([]byte(text)); ok != want {
			t.Errorf("%q: %t", text, ok)
		}
	}
}
