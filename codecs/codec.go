// Package codecs turns values into bytes for Kafka and LevelDB, and back.
//
// Three families, by what the bytes are for:
//
//   - [Object] reads JSON that other programs wrote, by the rules of Flink's
//     json format: a number in quotes is a number, a missing field is null.
//   - [JSON] writes and reads result topics, for people and other programs.
//   - [Compact] is for our own state and repartition topics: small, versioned,
//     and the same bytes for the same value.
//
// [Ordered] encodings are for the keys of sub-rows: their bytes sort as their
// values do.
//
// What is usual in records is read and written on a short way, without reflection per
// value; the rest on a longer one, with the same outcome. See [FallingBack].
//
// All codecs may be used by any number of goroutines at once.
package codecs

// Codec encodes and decodes values of one type.
type Codec[V any] interface {
	// Encode appends the encoding of v to dst and returns the extended slice.
	// With an error it returns dst as it was given.
	Encode(dst []byte, v V) ([]byte, error)
	// Decode returns the value that all of b encodes. It never keeps b or a
	// part of it: the caller may overwrite b at once.
	Decode(b []byte) (V, error)
}

// Decoder reads inputs that may hold several records.
type Decoder[V any] interface {
	// DecodeEach calls yield for each record of b, in order. It decodes all of b
	// first: with an error anywhere nothing is yielded. An error of yield ends the
	// loop and is returned as it is. An empty b holds no record and is no error.
	// Like Codec.Decode it never keeps b.
	DecodeEach(b []byte, yield func(V) error) error
}

// Versioned is implemented by codecs whose encodings carry a version.
type Versioned interface {
	// Version is the newest stored version this codec reads, and the one it writes.
	Version() int
}

// Bounded is implemented by codecs that can tell the size of an encoding
// without making it, so that a size limit need not cost an encoding.
type Bounded[V any] interface {
	// Bound is at least the number of bytes that Encode appends for v, and at least
	// math.MaxInt32 if Encode would return an error.
	Bound(v V) int
}

// FallingBack is implemented by codecs that have a short way for what is usual and
// take a longer one for the rest. A share that grows says that inputs have changed.
type FallingBack interface {
	// Fallbacks is how often the longer way was taken since the codec was made.
	Fallbacks() int64
}

// Checked is implemented by codecs whose declaration can be wrong, such as two
// fields of the same name.
type Checked interface {
	// Check returns every mistake of the declaration, joined; nil when there is
	// none. Encode and Decode return it as well.
	Check() error
}
