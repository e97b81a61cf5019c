package codecs

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var zeros = strings.Repeat("0", 100)

func TestAmountsInDecimalNotationAreTaken(t *testing.T) {
	for text, want := range map[string]string{
		"80": "80", " 80 ": "80", "8.0e1": "80", "080": "80", "+80": "80", "80.": "80", ".5": "0.5", "-.5": "-0.5",
		"1E2": "100", "1e+2": "100", "100e-2": "1", "\t\n1\r": "1", "-0.0": "0", "0e999999999": "0", "0e-999999999": "0",
		"999999999999999.99":                   "999999999999999.99",
		"-999999999999999":                     "-999999999999999",
		"123456789012345.6789":                 "123456789012345.6789",
		"9223372036854775807e-5":               "92233720368547.75807",
		"9223372036854775808e-5":               "92233720368547.75808",
		"99999999999999999999e-6":              "99999999999999.999999",
		"1e-38":                                "0.00000000000000000000000000000000000001",
		"12." + strings.Repeat("3", 36):        "12." + strings.Repeat("3", 36),
		"0." + strings.Repeat("9", 38):         "0." + strings.Repeat("9", 38),
		zeros + "1." + zeros:                   "1",
		"1" + zeros + "e-100":                  "1",
		"0." + zeros + "1e101":                 "1",
		"0.00000000000000000000000000000001e3": "0.00000000000000000000000000001",
	} {
		got, err := ParseDecimal(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseDecimal(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestTextsThatAreNoAmountAreRefusedWithTheReason(t *testing.T) {
	for text, reason := range map[string]error{
		"": errNotDecimal, " ": errNotDecimal, "80f": errNotDecimal, "80d": errNotDecimal, "0x50": errNotDecimal,
		"0x1p3": errNotDecimal, "NaN": errNotDecimal, "Infinity": errNotDecimal, "-Infinity": errNotDecimal, "８０": errNotDecimal,
		"1_000": errNotDecimal, "1,5": errNotDecimal, "1 5": errNotDecimal, "--1": errNotDecimal, "+": errNotDecimal, ".": errNotDecimal,
		"e5": errNotDecimal, "1e": errNotDecimal, "1e+": errNotDecimal, "1e1.5": errNotDecimal, "1.2.3": errNotDecimal, "−1": errNotDecimal,
		"true": errNotDecimal, "1\u00a0": errNotDecimal,
		"1000000000000000":                errTooLarge,
		"1e15":                            errTooLarge,
		"-1e15":                           errTooLarge,
		"0.1e16":                          errTooLarge,
		"1e999999999":                     errTooLarge,
		"1e99999999999999999999999999":    errTooLarge,
		"1e400":                           errTooLarge,
		"1e-39":                           errTooFine,
		"1e-999999999":                    errTooFine,
		"1e-99999999999999999999999999":   errTooFine,
		"123." + strings.Repeat("4", 36):  errTooLong,
		"0." + strings.Repeat("9", 39):    errTooFine,
		strings.Repeat("9", 50) + "e-37":  errTooLong,
		strings.Repeat("9", 100) + "e-99": errTooFine,
	} {
		got, err := ParseDecimal(text)
		if !errors.Is(err, reason) {
			t.Errorf("ParseDecimal(%q) = %v, %v; want %v", text, got, err, reason)
		}
	}
}

func TestEqualAmountsAreTheSameBytesInState(t *testing.T) {
	state := Compact[Decimal](1)
	var first []byte
	for _, text := range []string{"1000", "1e3", "1000.00", "+0001000", "0.1E4", "10000e-1"} {
		d, err := ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		b := mustEncode(t, state, NotNull(d))
		if first == nil {
			first = b
		}
		if string(b) != string(first) {
			t.Errorf("%s is %x, 1000 is %x", text, b, first)
		}
	}
}

func TestBigintTextMustBeAnInteger(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, " 15 ": 15, "+7": 7, "-7": -7, "007": 7, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63,
	} {
		if got, err := ParseBigint(text); err != nil || got != want {
			t.Errorf("ParseBigint(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, reason := range map[string]error{
		"": errNotInteger, "12.7": errNotInteger, "1e3": errNotInteger, "0x10": errNotInteger, "1_0": errNotInteger, "true": errNotInteger,
		"9223372036854775808": errOutOfBigint, "-9223372036854775809": errOutOfBigint,
	} {
		if got, err := ParseBigint(text); !errors.Is(err, reason) {
			t.Errorf("ParseBigint(%q) = %d, %v; want %v", text, got, err, reason)
		}
	}
}

func TestJSONNumbersAreTruncatedToBigint(t *testing.T) {
	for text, want := range map[string]int64{
		"12.7": 12, "12.0": 12, "-1.9": -1, "1e3": 1000, "13.9999": 13, "0.9": 0, "-0.9": 0, "-0": 0, "1234e-2": 12, "0.00123e5": 123,
		"1e18": 1e18, "9223372036854775807": 1<<63 - 1, "9223372036854775807.9": 1<<63 - 1, "-9223372036854775808": -1 << 63,
		"-9223372036854775808.9": -1 << 63, "1e-999999999": 0, "0e999999999": 0, "9007199254740993.0": 9007199254740993,
		"1" + zeros + "e-100": 1, "123." + zeros + "1": 123,
	} {
		if got, err := truncateBigint([]byte(text)); err != nil || got != want {
			t.Errorf("%s became %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "1e19", "99999999999999999999", "1e999999999", "-1e400"} {
		if got, err := truncateBigint([]byte(text)); !errors.Is(err, errOutOfBigint) {
			t.Errorf("%s became %d, %v; want %v", text, got, err, errOutOfBigint)
		}
	}
}

func TestParseDecimalAgreesWithBigRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[+-]?[0-9]{0,16}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "text")
		want, isNumber := new(big.Rat).SetString(text)
		got, err := ParseDecimal(text)
		switch {
		case !isNumber:
			if err == nil {
				t.Fatalf("%q is %v, big.Rat refuses it", text, got)
			}
		case err == nil:
			if got.Rat().Cmp(want) != 0 {
				t.Fatalf("%q is %v, want %v", text, got, want)
			}
		default:
			if errors.Is(err, errNotDecimal) || isAmount(want) {
				t.Fatalf("%q is refused: %v", text, err)
			}
		}
	})
}

// isAmount restates the bounds on the value itself.
func isAmount(r *big.Rat) bool {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(15), nil)
	if new(big.Rat).Abs(r).Cmp(new(big.Rat).SetInt(limit)) >= 0 {
		return false
	}
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)))
	if !scaled.IsInt() {
		return false
	}
	digits := strings.TrimRight(new(big.Int).Abs(scaled.Num()).String(), "0")
	return len(digits) <= 38
}
