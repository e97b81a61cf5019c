package codecs

import (
	"bytes"
	"encoding/json"

	"github.com/shopspring/decimal"
)

// Null is a value or null, as a column of a SQL table is. The zero Null is null.
// A null leaves V at its zero value, so that equal Nulls have equal fields.
//
// In JSON and in [Compact] it is the value itself or null. With the tag option
// omitzero a null takes no space at all:
//
//	Channel codecs.Text `json:"order_channel,omitzero" cbor:"2,keyasint,omitzero"`
//
// T must not have a null of its own (a pointer, a map, another Null): two kinds
// of null would read back as one.
type Null[T any] struct {
	V     T
	Valid bool // false: null
}

// The nullable types that [Object] reads, named after what they hold.
type (
	Text    = Null[string]
	Decimal = Null[decimal.Decimal]
	Bigint  = Null[int64]
)

// NotNull returns v as a Null that is not null.
func NotNull[T any](v T) Null[T] { return Null[T]{V: v, Valid: true} }

// Or returns the value, or instead where it is null (SQL: COALESCE).
func (n Null[T]) Or(instead T) T {
	if n.Valid {
		return n.V
	}
	return instead
}

// IsZero reports whether n is null: encoders leave it out under omitzero.
func (n Null[T]) IsZero() bool { return !n.Valid }

// MarshalJSON gives null or the value; a decimal as a number in plain notation.
func (n Null[T]) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	if d, ok := any(n.V).(decimal.Decimal); ok {
		return appendDecimal(nil, d)
	}
	return appendJSON(nil, n.V)
}

// UnmarshalJSON takes null or the value; a decimal as a number or in quotes, of
// any size that decimal.Decimal reads (sums are wider than amounts).
func (n *Null[T]) UnmarshalJSON(b []byte) error {
	*n = Null[T]{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if err := json.Unmarshal(b, &n.V); err != nil {
		*n = Null[T]{}
		return err
	}
	n.Valid = true
	return nil
}
