package codecs

import (
	"bytes"
	"math"
	"time"

	"github.com/shopspring/decimal"
)

// cborPart writes and reads one part of the value of a workspace, in the bytes of
// the CBOR library. ok is false wherever it does not know what to do, be it that a
// value can't be stored or that bytes have another form than the one we write: then
// the library does the whole value again, and words the error if there is one.
type cborPart interface {
	// append appends the encoding to dst.
	append(dst []byte) (out []byte, ok bool)
	// read fills in the part, which must be zero, and returns what follows it in b.
	read(b []byte) (rest []byte, ok bool)
	// size is how many bytes append would append.
	size() (n int, ok bool)
}

// gatheredPart is the whole of a value, whose texts are gathered.
type gatheredPart struct {
	cborPart
	texts *texts
}

func (p gatheredPart) read(b []byte) (rest []byte, ok bool) {
	if rest, ok = p.cborPart.read(b); ok {
		p.texts.settle()
	} else {
		p.texts.drop()
	}
	return rest, ok
}

// Simple values of RFC 8949, section 3.3, besides cborNull.
const (
	cborFalse = 0xf4
	cborTrue  = 0xf5
)

type textPart struct {
	at    *string
	texts *texts
}

func (p textPart) append(dst []byte) ([]byte, bool) {
	return append(appendHead(dst, cborText, uint64(len(*p.at))), *p.at...), true
}

func (p textPart) size() (int, bool) { return headLen(uint64(len(*p.at))) + len(*p.at), true }

func (p textPart) read(b []byte) ([]byte, bool) {
	major, n, rest := readHead(b)
	if major != cborText || n > uint64(len(rest)) {
		return b, false
	}
	p.texts.add(p.at, rest[:n])
	return rest[n:], true
}

type boolPart struct{ at *bool }

func (p boolPart) append(dst []byte) ([]byte, bool) {
	if *p.at {
		return append(dst, cborTrue), true
	}
	return append(dst, cborFalse), true
}

func (p boolPart) size() (int, bool) { return 1, true }

func (p boolPart) read(b []byte) ([]byte, bool) {
	if len(b) == 0 || b[0] != cborFalse && b[0] != cborTrue {
		return b, false
	}
	*p.at = b[0] == cborTrue
	return b[1:], true
}

type intPart[T int | int8 | int16 | int32 | int64] struct{ at *T }

func (p intPart[T]) append(dst []byte) ([]byte, bool) { return appendInteger(dst, int64(*p.at)), true }

func (p intPart[T]) size() (int, bool) {
	n := int64(*p.at)
	return headLen(uint64(n ^ n>>63)), true
}

func (p intPart[T]) read(b []byte) ([]byte, bool) {
	major, u, rest := readHead(b)
	if u > math.MaxInt64 || major > cborNegative {
		return b, false
	}
	n := int64(u)
	if major == cborNegative {
		n = ^n
	}
	*p.at = T(n)
	return rest, int64(*p.at) == n
}

type uintPart[T uint | uint8 | uint16 | uint32 | uint64] struct{ at *T }

func (p uintPart[T]) append(dst []byte) ([]byte, bool) {
	return appendHead(dst, cborUnsigned, uint64(*p.at)), true
}

func (p uintPart[T]) size() (int, bool) { return headLen(uint64(*p.at)), true }

func (p uintPart[T]) read(b []byte) ([]byte, bool) {
	major, u, rest := readHead(b)
	*p.at = T(u)
	return rest, major == cborUnsigned && uint64(*p.at) == u
}

type decimalPart struct{ at *decimal.Decimal }

func (p decimalPart) append(dst []byte) ([]byte, bool) {
	if n, ok := smallCoefficient(*p.at); ok && storable(p.at.Exponent()) {
		dst = appendHead(dst, cborBytes, uint64(gobHead+magnitudeLen(magnitude(n))))
		return appendSmallBinary(dst, n, p.at.Exponent()), true
	}
	b, err := marshalDecimal(*p.at)
	return append(dst, b...), err == nil
}

func (p decimalPart) size() (int, bool) {
	if n, ok := smallCoefficient(*p.at); ok && storable(p.at.Exponent()) {
		return 1 + gobHead + magnitudeLen(magnitude(n)), true
	}
	b, err := marshalDecimal(*p.at)
	return len(b), err == nil
}

func (p decimalPart) read(b []byte) ([]byte, bool) {
	major, n, rest := readHead(b)
	if major != cborBytes || n > uint64(len(rest)) {
		return b, false
	}
	small, ok := readSmallBinary(rest[:n])
	if ok {
		*p.at = small
		return rest[n:], true
	}
	return rest[n:], p.at.UnmarshalBinary(rest[:n]) == nil
}

type timePart struct{ at *time.Time }

func (p timePart) append(dst []byte) ([]byte, bool) {
	if p.at.IsZero() {
		return append(dst, cborNull), true
	}
	var room [len(time.RFC3339Nano)]byte
	text, ok := p.format(room[:0])
	return append(appendHead(dst, cborText, uint64(len(text))), text...), ok
}

func (p timePart) format(dst []byte) (text []byte, ok bool) {
	at := p.at.UTC()
	return at.AppendFormat(dst, time.RFC3339Nano), readableTime(at) == nil
}

func (p timePart) size() (int, bool) {
	if p.at.IsZero() {
		return 1, true
	}
	var room [len(time.RFC3339Nano)]byte
	text, ok := p.format(room[:0])
	return headLen(uint64(len(text))) + len(text), ok
}

func (p timePart) read(b []byte) ([]byte, bool) {
	if len(b) > 0 && b[0] == cborNull {
		return b[1:], true
	}
	major, n, rest := readHead(b)
	if major != cborText || n > uint64(len(rest)) {
		return b, false
	}
	at, err := time.Parse(time.RFC3339, string(rest[:n]))
	*p.at = at
	return rest[n:], err == nil
}

// nullPart is a Null: null, or what its value is.
type nullPart struct {
	valid *bool
	value cborPart
}

func (p nullPart) append(dst []byte) ([]byte, bool) {
	if !*p.valid {
		return append(dst, cborNull), true
	}
	return p.value.append(dst)
}

func (p nullPart) size() (int, bool) {
	if !*p.valid {
		return 1, true
	}
	return p.value.size()
}

func (p nullPart) read(b []byte) (rest []byte, ok bool) {
	if len(b) > 0 && b[0] == cborNull {
		return b[1:], true
	}
	rest, ok = p.value.read(b)
	*p.valid = ok
	return rest, ok
}

// bytesPart is a byte string; a nil one is null.
type bytesPart struct{ at *[]byte }

func (p bytesPart) append(dst []byte) ([]byte, bool) {
	if *p.at == nil {
		return append(dst, cborNull), true
	}
	return append(appendHead(dst, cborBytes, uint64(len(*p.at))), *p.at...), true
}

func (p bytesPart) size() (int, bool) { return headLen(uint64(len(*p.at))) + len(*p.at), true }

func (p bytesPart) read(b []byte) ([]byte, bool) {
	if len(b) > 0 && b[0] == cborNull {
		return b[1:], true
	}
	major, n, rest := readHead(b)
	if major != cborBytes || n > uint64(len(rest)) {
		return b, false
	}
	*p.at = append(make([]byte, 0, n), rest[:n]...)
	return rest[n:], true
}

// libraryPart leaves a part to the library.
type libraryPart struct {
	at       any // the pointer
	readable func() bool
}

func (p libraryPart) append(dst []byte) ([]byte, bool) {
	if !p.readable() {
		return dst, false
	}
	buf := bytes.NewBuffer(dst)
	err := compactEncoding.MarshalToBuffer(p.at, buf)
	return buf.Bytes(), err == nil
}

func (p libraryPart) size() (int, bool) {
	b, ok := p.append(nil)
	return len(b), ok
}

func (p libraryPart) read(b []byte) ([]byte, bool) {
	rest, err := compactDecoding.UnmarshalFirst(b, p.at)
	return rest, err == nil
}

// headLen is how many bytes appendHead appends.
func headLen(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n <= math.MaxUint8:
		return 2
	case n <= math.MaxUint16:
		return 3
	case n <= math.MaxUint32:
		return 5
	default:
		return maxHead
	}
}
