package codecs

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"
)

// Field is one field of the JSON objects that [Object] reads and writes: its name,
// exactly as in the JSON, and where it belongs in V.
type Field[V any] struct {
	name  string
	text  func(*V) *Text // of text fields only: where it belongs
	read  func(v *V, from value) error
	write func(dst []byte, v *V) (out []byte, written bool, err error)
}

// TextField declares a VARCHAR. It takes strings; numbers and booleans by their
// source text (1e2 stays "1e2"); objects and arrays as JSON without white space,
// numbers and the order of members unchanged.
func TextField[V any](name string, into func(*V) *Text) Field[V] {
	f := newField(name, into, readText, appendText)
	f.text = into
	return f
}

// DecimalField declares an amount. It takes JSON numbers, and text as [ParseDecimal] does.
func DecimalField[V any](name string, into func(*V) *Decimal) Field[V] {
	return newField(name, into, readDecimal, appendAmount)
}

// BigintField declares a BIGINT. It takes JSON numbers, truncated toward zero
// (12.7 is 12, 1e3 is 1000), and text as [ParseBigint] does ("12.7" is an error).
func BigintField[V any](name string, into func(*V) *Bigint) Field[V] {
	return newField(name, into, readBigint, appendBigint)
}

func newField[V, T any](
	name string,
	into func(*V) *Null[T],
	read func(value) (T, error),
	write func([]byte, T) ([]byte, error),
) Field[V] {
	return Field[V]{
		name: name,
		read: func(v *V, from value) error {
			if from.kind == jsontext.KindNull {
				*into(v) = Null[T]{}
				return nil
			}
			t, err := read(from)
			if err != nil {
				return &FieldError{Field: name, Text: shorten(from.text), Err: err}
			}
			*into(v) = NotNull(t)
			return nil
		},
		write: func(dst []byte, v *V) ([]byte, bool, error) {
			n := into(v)
			if !n.Valid {
				return dst, false, nil
			}
			out, err := write(dst, n.V)
			if err != nil {
				return dst, false, &FieldError{Field: name, Text: shorten(out[len(dst):]), Err: err}
			}
			return out, true, nil
		},
	}
}

// value is one JSON value: of a string what it stands for, of everything else the
// source text. It is valid until the next one is read.
type value struct {
	kind jsontext.Kind
	text []byte
}

func readText(v value) (string, error) {
	switch v.kind {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		compact, err := jsontext.AppendFormat(nil, v.text, jsontext.AllowDuplicateNames(true))
		return string(compact), err
	}
	return string(v.text), nil
}

func readDecimal(v value) (decimal.Decimal, error) {
	switch v.kind {
	case jsontext.KindNumber, jsontext.KindString:
		return parseDecimal(v.text)
	}
	return decimal.Decimal{}, errNotDecimal
}

func readBigint(v value) (int64, error) {
	switch v.kind {
	case jsontext.KindNumber:
		return truncateBigint(v.text)
	case jsontext.KindString:
		return parseBigint(v.text)
	}
	return 0, errNotInteger
}

func appendText(dst []byte, s string) ([]byte, error) {
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		return append(dst, s...), errNotUTF8
	}
	return out, nil
}

// appendDecimal appends d as a JSON number, exactly.
func appendDecimal(dst []byte, d decimal.Decimal) ([]byte, error) {
	if err := readableDecimal(d); err != nil { // and written out it could be huge
		return dst, err
	}
	if n, ok := smallCoefficient(d); ok {
		if out, ok := appendSmallText(dst, n, d.Exponent()); ok {
			return out, nil
		}
	}
	return append(dst, d.String()...), nil
}

// appendAmount refuses what a DecimalField would refuse to read.
func appendAmount(dst []byte, d decimal.Decimal) ([]byte, error) {
	out, err := appendDecimal(dst, d)
	if err == nil {
		_, err = parseDecimal(out[len(dst):])
	}
	return out, err
}

func appendBigint(dst []byte, n int64) ([]byte, error) {
	return strconv.AppendInt(dst, n, 10), nil
}
