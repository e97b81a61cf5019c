package codecs

import (
	"bytes"
	"errors"
	"math"
	"math/big"

	"github.com/shopspring/decimal"
)

// OrderedDecimal orders decimals by value. Equal ones (1.0 and 1.00) have the same
// encoding; Decode returns the one without trailing zeros. Small amounts take about
// 3 bytes and one for each two digits.
func OrderedDecimal() Ordered[decimal.Decimal] { return orderedDecimal{} }

// orderedDecimal writes a class (negative, zero, positive), then for the value
// 0.d1d2d3... x 10^point, d1 not 0: the point, the digits in pairs, an end byte.
// All but the class is inverted in negative numbers: what is larger comes first.
//
//	zero   02
//	12.5   03 82 0d 33 00      point 2, pairs 12 and 50 (plus one), end
//	-12.5  01 7d f2 cc ff
type orderedDecimal struct{}

const (
	classNegative = 1
	classZero     = 2
	classPositive = 3

	// A pair of digits is written plus one, so that the end byte sorts below it.
	digitsEnd = 0

	// A point from -smallPoint to smallPoint is one byte around middlePoint; one
	// beyond is a marker and 8 bytes.
	smallPoint  = 60
	middlePoint = 0x80
	pointBelow  = 0x00
	pointAbove  = 0xff
)

func (orderedDecimal) Append(dst []byte, d decimal.Decimal) []byte {
	if d.IsZero() {
		return append(dst, classZero)
	}
	var buf [48]byte
	digits := d.Coefficient().Append(buf[:0], 10)
	class := byte(classPositive)
	if d.IsNegative() {
		class, digits = classNegative, digits[1:]
	}
	dst = append(dst, class)
	start := len(dst)
	dst = appendPoint(dst, int64(len(digits))+int64(d.Exponent()))
	dst = appendPairs(dst, bytes.TrimRight(digits, "0"))
	if class == classNegative {
		invert(dst[start:])
	}
	return dst
}

func appendPoint(dst []byte, point int64) []byte {
	switch {
	case point < -smallPoint:
		return appendSigned(append(dst, pointBelow), point)
	case point > smallPoint:
		return appendSigned(append(dst, pointAbove), point)
	default:
		return append(dst, byte(middlePoint+point))
	}
}

func appendPairs(dst, digits []byte) []byte {
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, pair+1)
	}
	return append(dst, digitsEnd)
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

var errOrderedDecimal = errors.New("not the encoding of an ordered decimal")

func (orderedDecimal) Decode(b []byte) (decimal.Decimal, error) {
	if len(b) == 1 && b[0] == classZero {
		return decimal.Decimal{}, nil
	}
	if len(b) < 2 || (b[0] != classNegative && b[0] != classPositive) {
		return decimal.Decimal{}, errOrderedDecimal
	}
	negative, rest := b[0] == classNegative, bytes.Clone(b[1:])
	if negative {
		invert(rest)
	}
	point, rest, ok := readPoint(rest)
	if !ok {
		return decimal.Decimal{}, errOrderedDecimal
	}
	digits, ok := readPairs(rest)
	if !ok {
		return decimal.Decimal{}, errOrderedDecimal
	}
	return assemble(negative, digits, point)
}

func readPoint(b []byte) (point int64, rest []byte, ok bool) {
	if marker := b[0]; marker != pointBelow && marker != pointAbove {
		return int64(marker) - middlePoint, b[1:], true
	}
	if len(b) < 9 {
		return 0, nil, false
	}
	return signed(b[1:]), b[9:], true
}

func readPairs(b []byte) (digits []byte, ok bool) {
	last := len(b) - 1
	if last < 1 || b[last] != digitsEnd {
		return nil, false
	}
	for _, c := range b[:last] {
		if c < 1 || c > 100 {
			return nil, false
		}
		digits = append(digits, '0'+(c-1)/10, '0'+(c-1)%10)
	}
	return bytes.TrimRight(digits, "0"), true
}

// maxPadding bounds how many zeros assemble adds: decimals with more are not made
// by arithmetic but by damaged bytes.
const maxPadding = 1 << 16

func assemble(negative bool, digits []byte, point int64) (decimal.Decimal, error) {
	exp := point - int64(len(digits))
	if exp < math.MinInt32 || exp > math.MaxInt32+maxPadding || len(digits) == 0 {
		return decimal.Decimal{}, errOrderedDecimal
	}
	for exp > math.MaxInt32 { // the exponent field is full: zeros go back into the digits
		digits, exp = append(digits, '0'), exp-1
	}
	value, ok := new(big.Int).SetString(string(digits), 10)
	if !ok {
		return decimal.Decimal{}, errOrderedDecimal
	}
	if negative {
		value.Neg(value)
	}
	return decimal.NewFromBigInt(value, int32(exp)), nil
}
