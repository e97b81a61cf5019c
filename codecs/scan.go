package codecs

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A scanner of the JSON that programs usually write: strings without escapes,
// numbers, true, false, null. It accepts nothing that is not JSON, and gives up on
// the rest (ok is false): somebody else has to look at that.
//
// All functions take the index to start at and return the one behind what they read.

// at returns the byte at i; behind the end it is 0, which is never JSON.
func at(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}

// skipSpace skips the white space of RFC 8259, section 2.
func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// scanString reads from behind the opening quote to behind the closing one. It
// gives up on escapes, control characters and invalid UTF-8.
func scanString(b []byte, i int) (end int, ok bool) {
	start, high := i, uint64(0)
	for ; i+8 <= len(b); i += 8 {
		word := binary.LittleEndian.Uint64(b[i:])
		if stop := stops(word); stop != 0 {
			n := bits.TrailingZeros64(stop) / 8
			high |= word & (1<<(8*n) - 1)
			i += n
			break
		}
		high |= word
	}
	for ; i < len(b) && b[i] != '"'; i++ { // the last bytes of the input
		if b[i] < ' ' || b[i] == '\\' {
			return 0, false
		}
		high |= uint64(b[i])
	}
	if i >= len(b) || high&highBits != 0 && !utf8.Valid(b[start:i]) {
		return 0, false
	}
	return i + 1, true
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// stops marks, by its high bit, the first byte of word that is a quote, a backslash
// or a control character. Behind the first one there may be marks that mean nothing.
func stops(word uint64) uint64 {
	quote, slash := word^'"'*lowBits, word^'\\'*lowBits
	return ((quote-lowBits)&^quote | (slash-lowBits)&^slash | (word-' '*lowBits)&^word) & highBits
}

// scanJSONNumber reads a number as RFC 8259, section 6, has it: no plus sign, no
// leading zeros, digits on both sides of the point.
func scanJSONNumber(b []byte, i int) (end int, ok bool) {
	if at(b, i) == '-' {
		i++
	}
	start := i
	if i = skipDigits(b, i); i == start || b[start] == '0' && i > start+1 {
		return 0, false
	}
	if at(b, i) == '.' {
		start = i + 1
		if i = skipDigits(b, start); i == start {
			return 0, false
		}
	}
	if at(b, i)|0x20 == 'e' {
		i++
		if at(b, i) == '+' || at(b, i) == '-' {
			i++
		}
		start = i
		if i = skipDigits(b, start); i == start {
			return 0, false
		}
	}
	return i, true
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// scanLiteral reads true, false or null.
func scanLiteral(b []byte, i int) (end int, ok bool) {
	for _, literal := range [...]string{"null", "true", "false"} {
		if end := i + len(literal); end <= len(b) && string(b[i:end]) == literal {
			return end, true
		}
	}
	return 0, false
}

// scanValue reads a value that is neither object nor array.
func scanValue(b []byte, i int) (v value, end int, ok bool) {
	switch c := at(b, i); {
	case c == '"':
		if end, ok = scanString(b, i+1); ok {
			v = value{jsontext.KindString, b[i+1 : end-1]}
		}
	case c == '-' || c-'0' <= 9:
		if end, ok = scanJSONNumber(b, i); ok {
			v = value{jsontext.KindNumber, b[i:end]}
		}
	default:
		if end, ok = scanLiteral(b, i); ok {
			v = value{jsontext.Kind(c), b[i:end]}
		}
	}
	return v, end, ok
}
