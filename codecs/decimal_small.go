package codecs

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"

	"github.com/shopspring/decimal"
)

// Nearly all amounts have a coefficient of 64 bits. They are written and read here
// without a big.Int in between; the bytes are those of decimal.Decimal's own methods.

// maxSmallDigits always fit into an int64.
const maxSmallDigits = 18

// smallCoefficient returns the coefficient of d if it surely fits.
func smallCoefficient(d decimal.Decimal) (n int64, ok bool) {
	if d.NumDigits() > maxSmallDigits {
		return 0, false
	}
	return d.CoefficientInt64(), true
}

// The binary form of a decimal: its exponent in 4 bytes, then gob's of a big.Int,
// which is a byte of version and sign, and the magnitude without leading zeros.
const (
	gobPositive = 2
	gobNegative = 3
	gobHead     = 4 + 1
)

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// magnitudeLen is how many bytes u takes without leading zeros.
func magnitudeLen(u uint64) int { return (bits.Len64(u) + 7) / 8 }

// appendSmallBinary appends the binary form of n times 10^exp.
func appendSmallBinary(dst []byte, n int64, exp int32) []byte {
	sign := byte(gobPositive)
	if n < 0 {
		sign = gobNegative
	}
	u := magnitude(n)
	dst = append(binary.BigEndian.AppendUint32(dst, uint32(exp)), sign)
	for i := magnitudeLen(u) - 1; i >= 0; i-- {
		dst = append(dst, byte(u>>(8*i)))
	}
	return dst
}

// readSmallBinary reads the binary form of a decimal that fits; false: another form,
// another size, or damaged.
func readSmallBinary(b []byte) (d decimal.Decimal, ok bool) {
	if len(b) < gobHead || len(b) > gobHead+8 || b[4] != gobPositive && b[4] != gobNegative {
		return d, false
	}
	u := uint64(0)
	for _, c := range b[gobHead:] {
		u = u<<8 | uint64(c)
	}
	exp := int32(binary.BigEndian.Uint32(b))
	if u > math.MaxInt64 || !storable(exp) || u == 0 && b[4] == gobNegative {
		return d, false
	}
	n := int64(u)
	if b[4] == gobNegative {
		n = -n
	}
	return newDecimal(n, exp), true
}

// storable reports whether a decimal with this exponent can be read again.
func storable(exp int32) bool {
	return int(exp) <= decimal.MaxDecodeExponent && int(exp) >= -decimal.MaxDecodeExponent
}

// maxPlainZeros is how many zeros before or behind the digits are written here.
const maxPlainZeros = 40

const zeroDigits = "0000000000000000000000000000000000000000" // maxPlainZeros of them

// appendSmallText appends what String of n times 10^exp returns, as long as nobody
// has changed how the library writes decimals.
func appendSmallText(dst []byte, n int64, exp int32) (out []byte, ok bool) {
	if exp < -maxPlainZeros || exp > maxPlainZeros || !decimal.TrimTrailingZeros || decimal.UseScientificNotation {
		return dst, false
	}
	if n == 0 {
		return append(dst, '0'), true
	}
	for ; exp < 0 && n%10 == 0; exp++ { // zeros at the end behind the point are not written
		n /= 10
	}
	if exp >= 0 {
		return append(strconv.AppendInt(dst, n, 10), zeroDigits[:exp]...), true
	}
	if n < 0 {
		dst = append(dst, '-')
	}
	return appendFraction(dst, magnitude(n), int(-exp)), true
}

// appendFraction appends u with a point before its last decimals digits.
func appendFraction(dst []byte, u uint64, decimals int) []byte {
	var room [20]byte
	digits := strconv.AppendUint(room[:0], u, 10)
	whole := len(digits) - decimals
	if whole <= 0 {
		dst = append(append(dst, "0."...), zeroDigits[:-whole]...)
		return append(dst, digits...)
	}
	dst = append(append(dst, digits[:whole]...), '.')
	return append(dst, digits[whole:]...)
}
