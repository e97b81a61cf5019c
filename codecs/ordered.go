package codecs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Ordered encodes values so that their bytes, as bytes.Compare sees them, are in
// the order of the values. It is for the keys of sub-rows, which are stored sorted:
// the first one is the minimum, the last one the maximum.
//
// An encoding is meant to be the last part of a key. It may contain any byte.
type Ordered[N any] interface {
	// Append appends the encoding of n to dst and returns the extended slice.
	Append(dst []byte, n N) []byte
	// Decode returns the value that all of b encodes. It never keeps b.
	Decode(b []byte) (N, error)
}

// OrderedString orders text by its UTF-8 bytes, that is by code point, as Go's < does.
func OrderedString() Ordered[string] { return orderedString{} }

// OrderedJavaString orders text by UTF-16 code unit, as Java's String.compareTo and
// Flink's MIN and MAX do. It differs from [OrderedString] only where a character
// beyond U+FFFF meets one from U+E000 to U+FFFF:
//
//	"😀" (U+1F600, in UTF-16 D83D DE00)   "Ａ" (U+FF21)
//	OrderedString: "Ａ" < "😀"            OrderedJavaString: "😀" < "Ａ"
//
// The encoding is as long as the text, and readable where the text is ASCII.
func OrderedJavaString() Ordered[string] { return orderedJavaString{} }

// OrderedInt64 orders integers by value, in 8 bytes.
func OrderedInt64() Ordered[int64] { return orderedInt64{} }

// OrderedTime orders instants, to the nanosecond, in 12 bytes. Decode returns UTC.
func OrderedTime() Ordered[time.Time] { return orderedTime{} }

type orderedString struct{}

func (orderedString) Append(dst []byte, s string) []byte { return append(dst, s...) }
func (orderedString) Decode(b []byte) (string, error)    { return string(b), nil }

// orderedJavaString permutes the first bytes of UTF-8 sequences: those of characters
// beyond U+FFFF (F0 to F4, surrogates in UTF-16, D800 to DFFF) go below those of
// U+E000 to U+FFFF (EE, EF). The order of all others is the same in both encodings.
type orderedJavaString struct{}

func (orderedJavaString) Append(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(dst, s...)
	for i, c := range dst[start:] {
		switch {
		case c >= 0xF0 && c <= 0xF4:
			dst[start+i] = c - 2
		case c == 0xEE || c == 0xEF:
			dst[start+i] = c + 5
		}
	}
	return dst
}

func (orderedJavaString) Decode(b []byte) (string, error) {
	s := make([]byte, len(b))
	for i, c := range b {
		switch {
		case c >= 0xEE && c <= 0xF2:
			c += 2
		case c == 0xF3 || c == 0xF4:
			c -= 5
		}
		s[i] = c
	}
	return string(s), nil
}

type orderedInt64 struct{}

func (orderedInt64) Append(dst []byte, n int64) []byte { return appendSigned(dst, n) }

func (orderedInt64) Decode(b []byte) (int64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("ordered integer of %d bytes: want 8", len(b))
	}
	return signed(b), nil
}

// appendSigned appends n with its sign bit flipped, so that negative numbers come first.
func appendSigned(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n)^1<<63)
}

func signed(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// orderedTime is the seconds since 1970 and the nanoseconds after them.
type orderedTime struct{}

var errNanoseconds = errors.New("ordered instant with a second or more of nanoseconds")

func (orderedTime) Append(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint32(appendSigned(dst, t.Unix()), uint32(t.Nanosecond()))
}

func (orderedTime) Decode(b []byte) (time.Time, error) {
	if len(b) != 12 {
		return time.Time{}, fmt.Errorf("ordered instant of %d bytes: want 12", len(b))
	}
	nanos := binary.BigEndian.Uint32(b[8:])
	if nanos >= uint32(time.Second) {
		return time.Time{}, errNanoseconds
	}
	return time.Unix(signed(b), int64(nanos)).UTC(), nil
}
