package codecs

import (
	"encoding/binary"
	"math"

	"github.com/shopspring/decimal"
)

// Null takes part in CBOR through two methods. For the three types that records
// are made of they write and read the few bytes themselves, the same bytes as the
// library's (a test compares them): it spends half a microsecond of reflection on
// each decimal.

// Major types of RFC 8949, section 3.1.
const (
	cborUnsigned = 0 << 5
	cborNegative = 1 << 5
	cborBytes    = 2 << 5
	cborText     = 3 << 5
)

// cborNull is null in CBOR.
const cborNull = 0xf6

// MarshalCBOR gives null or the encoding of the value, as [Compact] writes it.
func (n Null[T]) MarshalCBOR() ([]byte, error) {
	if !n.Valid {
		return []byte{cborNull}, nil
	}
	switch v := any(n.V).(type) {
	case string:
		b := make([]byte, 0, maxHead+len(v))
		return append(appendHead(b, cborText, uint64(len(v))), v...), nil
	case int64:
		return appendInteger(make([]byte, 0, maxHead), v), nil
	case decimal.Decimal:
		return marshalDecimal(v)
	}
	v := n.V
	if err := readable(&v); err != nil {
		return nil, err
	}
	return compactEncoding.Marshal(&v)
}

// UnmarshalCBOR reads what MarshalCBOR wrote.
func (n *Null[T]) UnmarshalCBOR(b []byte) error {
	*n = Null[T]{}
	if len(b) == 1 && b[0] == cborNull {
		return nil
	}
	ok := false
	switch into := any(&n.V).(type) {
	case *string:
		ok = readString(b, into)
	case *int64:
		ok = readInteger(b, into)
	case *decimal.Decimal:
		ok = readStoredDecimal(b, into)
	}
	if !ok { // another type, or another form of the value: the library knows
		if err := compactDecoding.Unmarshal(b, &n.V); err != nil {
			*n = Null[T]{}
			return err
		}
	}
	n.Valid = true
	return nil
}

func marshalDecimal(d decimal.Decimal) ([]byte, error) {
	if err := readableDecimal(d); err != nil {
		return nil, err
	}
	b, err := d.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return append(appendHead(make([]byte, 0, maxHead+len(b)), cborBytes, uint64(len(b))), b...), nil
}

func appendInteger(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, cborNegative, uint64(^n)) // -1 is 0
	}
	return appendHead(dst, cborUnsigned, uint64(n))
}

func readString(b []byte, into *string) bool {
	major, n, rest := readHead(b)
	if major != cborText || n != uint64(len(rest)) {
		return false
	}
	*into = string(rest)
	return true
}

func readInteger(b []byte, into *int64) bool {
	major, n, rest := readHead(b)
	if len(rest) > 0 || n > math.MaxInt64 || major > cborNegative {
		return false
	}
	if *into = int64(n); major == cborNegative {
		*into = ^*into
	}
	return true
}

func readStoredDecimal(b []byte, into *decimal.Decimal) bool {
	major, n, rest := readHead(b)
	return major == cborBytes && n == uint64(len(rest)) && into.UnmarshalBinary(rest) == nil
}

// maxHead is the longest head of a CBOR item: type and 8 bytes.
const maxHead = 9

// appendHead appends the head of a CBOR item in its shortest form.
func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, major|27), n)
	}
}

// notAHead is what readHead returns as the major type of anything it does not know.
const notAHead = 0xff

func readHead(b []byte) (major byte, n uint64, rest []byte) {
	if len(b) == 0 {
		return notAHead, 0, nil
	}
	major, rest = b[0]&0xe0, b[1:]
	switch info := b[0] & 0x1f; {
	case info < 24:
		return major, uint64(info), rest
	case info == 24 && len(rest) >= 1:
		return major, uint64(rest[0]), rest[1:]
	case info == 25 && len(rest) >= 2:
		return major, uint64(binary.BigEndian.Uint16(rest)), rest[2:]
	case info == 26 && len(rest) >= 4:
		return major, uint64(binary.BigEndian.Uint32(rest)), rest[4:]
	case info == 27 && len(rest) >= 8:
		return major, binary.BigEndian.Uint64(rest), rest[8:]
	}
	return notAHead, 0, nil
}
