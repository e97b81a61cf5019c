package codecs

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/shopspring/decimal"
)

// Bounds of an amount on entry. Sums of amounts may be wider.
const (
	maxIntegerDigits = 15 // |x| < 10^15
	maxDigits        = 38 // significant ones, as in DECIMAL(38)
	maxDecimals      = 38
)

// Why a text is no number. Each completes the sentence `field "x": "text" ...`.
var (
	errNotDecimal  = errors.New("is not a decimal number")
	errTooLarge    = errors.New("is out of range: an absolute value below 10^15 is allowed")
	errTooLong     = errors.New("has too many digits: 38 significant ones are allowed")
	errTooFine     = errors.New("has too many decimals: 38 are allowed")
	errNotInteger  = errors.New("is not an integer")
	errOutOfBigint = errors.New("is out of the range of BIGINT")
)

// ParseDecimal reads an amount from text as [DecimalField] does: decimal notation
// with an optional exponent (12.50, +080, 8.0e1, 80., .5), spaces around it trimmed,
// absolute value below 10^15, at most 38 significant digits and 38 decimals, zeros
// at the ends not counted. NaN, Infinity, hexadecimal and Java suffixes (80f) are errors.
//
// The result is normalised: no trailing zeros after the point, no positive
// exponent. Equal amounts are therefore equal in state, byte for byte.
func ParseDecimal(text string) (decimal.Decimal, error) {
	d, err := parseDecimal([]byte(text))
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("%q %w", shorten([]byte(text)), err)
	}
	return d, nil
}

// ParseBigint reads an integer of 64 bits from text as [BigintField] does: an
// optional sign and digits, spaces around them trimmed; 12.7 and 1e3 are errors.
func ParseBigint(text string) (int64, error) {
	n, err := parseBigint([]byte(text))
	if err != nil {
		return 0, fmt.Errorf("%q %w", shorten([]byte(text)), err)
	}
	return n, nil
}

func parseDecimal(text []byte) (decimal.Decimal, error) {
	if d, ok := parseSmall(text); ok {
		return d, nil
	}
	n, ok := scanNumber(trim(text))
	if !ok {
		return decimal.Decimal{}, errNotDecimal
	}
	switch digits := n.len(); {
	case digits == 0:
		return decimal.Decimal{}, nil
	case int64(digits)+n.exp > maxIntegerDigits:
		return decimal.Decimal{}, errTooLarge
	case n.exp < -maxDecimals:
		return decimal.Decimal{}, errTooFine
	case digits > maxDigits:
		return decimal.Decimal{}, errTooLong
	}
	return n.decimal(), nil
}

// parseSmall reads what most amounts are: digits, perhaps a minus sign before and a
// point within them, so few that no bound of an amount can be exceeded.
func parseSmall(text []byte) (d decimal.Decimal, ok bool) {
	digits, u, scale := text, int64(0), int32(0)
	if at(text, 0) == '-' {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > maxIntegerDigits || digits[0] == '.' {
		return d, false
	}
	for i, c := range digits {
		switch {
		case c-'0' <= 9:
			u = u*10 + int64(c-'0')
		case c == '.' && scale == 0 && i < len(digits)-1:
			scale = int32(len(digits) - 1 - i)
		default:
			return d, false
		}
	}
	for ; scale > 0 && u%10 == 0; scale-- {
		u /= 10
	}
	if len(digits) < len(text) {
		u = -u
	}
	return newDecimal(u, -scale), true
}

// newDecimal is decimal.New that makes nothing for zero.
func newDecimal(u int64, exp int32) decimal.Decimal {
	if u == 0 && exp == 0 {
		return decimal.Decimal{}
	}
	return decimal.New(u, exp)
}

func parseBigint(text []byte) (int64, error) {
	n, err := strconv.ParseInt(string(trim(text)), 10, 64)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, strconv.ErrRange):
		return 0, errOutOfBigint
	default:
		return 0, errNotInteger
	}
}

// truncateBigint returns the integer part of a JSON number.
func truncateBigint(number []byte) (int64, error) {
	n, ok := scanNumber(number)
	if !ok {
		return 0, errNotInteger
	}
	whole := int64(n.len()) + n.exp // digits before the point
	if n.len() == 0 || whole <= 0 {
		return 0, nil
	}
	u, fits := n.leading(whole)
	switch {
	case fits && u <= math.MaxInt64 && !n.negative:
		return int64(u), nil
	case fits && u <= -math.MinInt64 && n.negative:
		return -int64(u), nil
	}
	return 0, errOutOfBigint
}

// trim removes what Java's String.trim removes, which Flink uses: space and the
// control characters below it.
func trim(text []byte) []byte {
	return bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
}

// number is a number in decimal notation, taken apart but not expanded: the digits
// of head and tail, one after the other, times 10^exp. Neither the first nor the
// last of them is 0; zero has none. Both alias the text that was scanned.
type number struct {
	negative   bool
	head, tail []byte
	exp        int64
}

// maxExponent is where exponents stop to be counted: beyond the length of any text,
// so that the number stays too large or too small.
const maxExponent = 1 << 40

// scanNumber takes apart [+-] digits [. digits] [e [+-] digits], where one of the
// first two runs of digits may be empty.
func scanNumber(text []byte) (n number, ok bool) {
	n.negative, text = scanSign(text)
	n.head, text = scanDigits(text)
	if len(text) > 0 && text[0] == '.' {
		n.tail, text = scanDigits(text[1:])
	}
	if n.len() == 0 {
		return number{}, false
	}
	if len(text) > 0 && text[0]|0x20 == 'e' {
		if n.exp, text, ok = scanExponent(text[1:]); !ok {
			return number{}, false
		}
	}
	n.normalise()
	return n, len(text) == 0
}

func scanSign(text []byte) (negative bool, rest []byte) {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		return text[0] == '-', text[1:]
	}
	return false, text
}

func scanDigits(text []byte) (digits, rest []byte) {
	i := 0
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	return text[:i], text[i:]
}

func scanExponent(text []byte) (exp int64, rest []byte, ok bool) {
	negative, text := scanSign(text)
	digits, rest := scanDigits(text)
	for _, d := range digits {
		if exp < maxExponent {
			exp = exp*10 + int64(d-'0')
		}
	}
	if negative {
		exp = -exp
	}
	return exp, rest, len(digits) > 0
}

// normalise moves the point behind the tail and drops the zeros at both ends.
func (n *number) normalise() {
	n.exp -= int64(len(n.tail))
	if n.head = bytes.TrimLeft(n.head, "0"); len(n.head) == 0 {
		n.tail = bytes.TrimLeft(n.tail, "0")
	}
	before := n.len()
	if n.tail = bytes.TrimRight(n.tail, "0"); len(n.tail) == 0 {
		n.head = bytes.TrimRight(n.head, "0")
	}
	n.exp += int64(before - n.len())
}

func (n *number) len() int { return len(n.head) + len(n.tail) }

// leading returns the first count digits as an integer, with zeros where digits
// are lacking. 19 digits always fit; of more it says that they don't.
func (n *number) leading(count int64) (u uint64, fits bool) {
	if count > 19 {
		return 0, false
	}
	for i := range int(count) {
		u = u*10 + uint64(n.digit(i))
	}
	return u, true
}

func (n *number) digit(i int) byte {
	switch {
	case i < len(n.head):
		return n.head[i] - '0'
	case i < n.len():
		return n.tail[i-len(n.head)] - '0'
	default:
		return 0
	}
}

// decimal builds the value. The caller has checked the bounds of an amount.
func (n *number) decimal() decimal.Decimal {
	count := int64(n.len()) + max(n.exp, 0) // an integer is written out: 1e3 is 1000
	scale := int32(min(n.exp, 0))
	if u, fits := n.leading(count); fits && u <= math.MaxInt64 {
		return decimal.New(n.signed(u), scale)
	}
	text := append(append(make([]byte, 0, maxDigits), n.head...), n.tail...)
	value, _ := new(big.Int).SetString(string(text), 10) // digits only
	if n.negative {
		value.Neg(value)
	}
	return decimal.NewFromBigInt(value, scale)
}

func (n *number) signed(u uint64) int64 {
	if n.negative {
		return -int64(u)
	}
	return int64(u)
}
