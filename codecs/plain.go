package codecs

import (
	"encoding/binary"
	"errors"
)

// String encodes text as its bytes.
func String() Codec[string] { return stringCodec{} }

// Bytes passes bytes through. Decode returns a copy; an empty value is empty, not nil.
func Bytes() Codec[[]byte] { return bytesCodec{} }

// Int64 encodes an integer as a zig-zag varint: 1 byte from -64 to 63, at most 10.
func Int64() Codec[int64] { return int64Codec{} }

var (
	_ Bounded[string] = stringCodec{}
	_ Bounded[[]byte] = bytesCodec{}
	_ Bounded[int64]  = int64Codec{}
)

type stringCodec struct{}

func (stringCodec) Encode(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }
func (stringCodec) Decode(b []byte) (string, error)             { return string(b), nil }
func (stringCodec) Bound(v string) int                          { return len(v) }

type bytesCodec struct{}

func (bytesCodec) Encode(dst []byte, v []byte) ([]byte, error) { return append(dst, v...), nil }
func (bytesCodec) Decode(b []byte) ([]byte, error)             { return append([]byte{}, b...), nil }
func (bytesCodec) Bound(v []byte) int                          { return len(v) }

type int64Codec struct{}

var errVarint = errors.New("not one zig-zag varint of 64 bits")

func (int64Codec) Encode(dst []byte, v int64) ([]byte, error) {
	return binary.AppendVarint(dst, v), nil
}

func (int64Codec) Decode(b []byte) (int64, error) {
	v, n := binary.Varint(b)
	if n != len(b) || n <= 0 {
		return 0, errVarint
	}
	return v, nil
}

func (int64Codec) Bound(int64) int { return binary.MaxVarintLen64 }
