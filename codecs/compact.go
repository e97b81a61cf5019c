package codecs

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/fxamacker/cbor/v2"
)

// Compact encodes state: one byte of version, then CBOR (RFC 8949) in core
// deterministic form, so that equal values have equal bytes. Instants keep their
// nanoseconds and come back in UTC; decimal.Decimal keeps its digits and its scale.
//
// Tag the fields of a struct with numbers, which take one byte each up to 23:
//
//	type Order struct {
//		ID   codecs.Text    `cbor:"1,keyasint,omitzero"`
//		Paid codecs.Decimal `cbor:"2,keyasint,omitzero"`
//	}
//
// A number belongs to its meaning for ever: never give the number of a removed
// field to another one. A new field with a new number needs no new version: old
// values read with the zero value there. Anything else (a field that changes type,
// unit or meaning) is a new version, with an [Upgrade] from each older one that may
// still be stored.
//
// Texts, integers, bools, bytes, instants, decimals, [Null] of them, and structs,
// slices and pointers of all these cost no reflection per value. Floats, maps and
// types with a MarshalCBOR or MarshalBinary of their own are left to a library, which
// is slower; a struct that embeds another one is left to it as a whole.
//
// Encode refuses what could not be read again: an instant outside the years 0 to
// 9999, a decimal with an exponent beyond decimal.MaxDecodeExponent.
// The version is from 1 to 255.
func Compact[V any](version int, opts ...CompactOption[V]) Codec[V] {
	c := &compactCodec[V]{
		version:  version,
		upgrades: map[int]func([]byte) (V, error){},
		careful:  suspect(reflect.TypeFor[V]()),
	}
	for _, o := range opts {
		o(c)
	}
	c.mistakes = errors.Join(append(c.problems, c.check()...)...)
	c.quick = newWorkspaces[V](bindCompact)
	return c
}

// CompactOption changes what [Compact] returns.
type CompactOption[V any] func(*compactCodec[V])

// Upgrade reads values of an older version. The function is given the stored value
// as it is, version byte included, so that the older codec can read it:
//
//	codecs.Upgrade(1, func(stored []byte) (Order, error) {
//		old, err := orderV1.Decode(stored) // codecs.Compact[OrderV1](1)
//		return old.toOrder(), err
//	})
//
// It must not keep the bytes.
func Upgrade[V any](from int, read func(stored []byte) (V, error)) CompactOption[V] {
	return func(c *compactCodec[V]) {
		if _, twice := c.upgrades[from]; twice {
			c.problems = append(c.problems, fmt.Errorf("two upgrades from version %d", from))
		}
		c.upgrades[from] = read
	}
}

type compactCodec[V any] struct {
	version  int
	upgrades map[int]func([]byte) (V, error)
	quick    *workspaces[V, cborPart]
	careful  bool    // V can hold a value that could not be read again
	problems []error // found while the options were applied
	mistakes error   // what Check returns

	fallbacks atomic.Int64
}

var (
	_ Versioned    = (*compactCodec[int])(nil)
	_ Checked      = (*compactCodec[int])(nil)
	_ Bounded[int] = (*compactCodec[int])(nil)
	_ FallingBack  = (*compactCodec[int])(nil)
)

func (c *compactCodec[V]) Version() int { return c.version }
func (c *compactCodec[V]) Check() error { return c.mistakes }

// Fallbacks implements [FallingBack]: how many values the CBOR library had to encode
// or decode as a whole. It is 0 where V has none but fields of the usual kinds.
func (c *compactCodec[V]) Fallbacks() int64 { return c.fallbacks.Load() }

func (c *compactCodec[V]) Encode(dst []byte, v V) ([]byte, error) {
	if c.mistakes != nil {
		return dst, c.mistakes
	}
	w := c.quick.open()
	if w == nil {
		return c.encodeSlow(dst, v)
	}
	defer c.quick.close(w)
	w.v = v
	b, ok := w.root.append(append(w.scratch[:0], byte(c.version)))
	w.scratch = b
	if !ok {
		return c.encodeSlow(dst, v)
	}
	return append(dst, b...), nil
}

// encodeSlow encodes by the library alone.
func (c *compactCodec[V]) encodeSlow(dst []byte, v V) ([]byte, error) {
	c.fallbacks.Add(1)
	if c.careful {
		if err := readable(&v); err != nil {
			return dst, fmt.Errorf("encode %T: %w", v, err)
		}
	}
	buf := bytes.NewBuffer(append(dst, byte(c.version)))
	if err := compactEncoding.MarshalToBuffer(&v, buf); err != nil {
		return dst, fmt.Errorf("encode %T: %w", v, err)
	}
	return buf.Bytes(), nil
}

func (c *compactCodec[V]) Decode(b []byte) (V, error) {
	var zero V
	switch {
	case c.mistakes != nil:
		return zero, c.mistakes
	case len(b) == 0:
		return zero, fmt.Errorf("decode %T: %w", zero, errNoVersion)
	case int(b[0]) > c.version:
		return zero, fmt.Errorf("decode %T: %w: stored version %d, this program reads up to %d: start the newer program",
			zero, ErrNewerVersion, b[0], c.version)
	case int(b[0]) < c.version:
		return c.upgrade(b)
	}
	if w := c.quick.open(); w != nil {
		rest, ok := w.root.read(b[1:])
		v := w.v
		c.quick.close(w)
		if ok && len(rest) == 0 {
			return v, nil
		}
	}
	return c.decodeSlow(b[1:])
}

// decodeSlow decodes by the library alone.
func (c *compactCodec[V]) decodeSlow(b []byte) (V, error) {
	c.fallbacks.Add(1)
	var v, zero V
	if err := compactDecoding.Unmarshal(b, &v); err != nil {
		return zero, fmt.Errorf("decode %T: %w", zero, err)
	}
	return v, nil
}

// Bound implements [Bounded]. It is exact. Of a value that Encode refuses it is
// beyond every limit: whoever checks no more than the bound refuses it as well.
func (c *compactCodec[V]) Bound(v V) int {
	if w := c.quick.open(); w != nil {
		w.v = v
		n, ok := w.root.size()
		c.quick.close(w)
		if ok {
			return 1 + n
		}
	}
	b, err := c.Encode(nil, v)
	if err != nil {
		return math.MaxInt32
	}
	return len(b)
}

var errNoVersion = errors.New("empty value: want a version byte")

func (c *compactCodec[V]) upgrade(b []byte) (V, error) {
	var zero V
	read := c.upgrades[int(b[0])]
	if read == nil {
		return zero, fmt.Errorf("decode %T: %w: stored version %d, this program reads %d and upgrades from %v",
			zero, ErrNoUpgrade, b[0], c.version, slices.Sorted(maps.Keys(c.upgrades)))
	}
	v, err := read(b)
	if err != nil {
		return zero, fmt.Errorf("decode %T: upgrade from version %d: %w", zero, b[0], err)
	}
	return v, nil
}

// The two CBOR modes. The decoder takes all that the encoder writes: any number of
// elements (the size limit of a row is the engine's), any bytes in a string.
var (
	compactEncoding = encodingMode()
	compactDecoding = decodingMode()
)

func encodingMode() cbor.UserBufferEncMode {
	opts := cbor.CoreDetEncOptions()
	opts.Time = cbor.TimeRFC3339NanoUTC
	mode, err := opts.UserBufferEncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

func decodingMode() cbor.DecMode {
	mode, err := cbor.DecOptions{
		UTF8:             cbor.UTF8DecodeInvalid,
		MaxArrayElements: 1<<31 - 1,
		MaxMapPairs:      1<<31 - 1,
		MaxNestedLevels:  1024,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}
