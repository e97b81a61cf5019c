package codecs

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// JSON encodes with encoding/json, for result topics: HTML characters as they
// are, no newline at the end. Decode refuses anything after the value, and
// invalid UTF-8, which encoding/json alone would replace silently.
//
// Declare amounts as [Decimal]: they are written as JSON numbers, exactly. A bare
// decimal.Decimal is written in quotes.
func JSON[V any]() Codec[V] {
	return jsonCodec[V]{newWorkspaces[V](bindJSON)}
}

type jsonCodec[V any] struct{ quick *workspaces[V, jsonPart] }

var errNotUTF8 = errors.New("not valid UTF-8")

func (c jsonCodec[V]) Encode(dst []byte, v V) ([]byte, error) {
	w := c.quick.open()
	if w == nil {
		return encodeJSON(dst, v)
	}
	defer c.quick.close(w)
	w.v = v
	b, ok := w.root(w.scratch[:0])
	w.scratch = b
	if !ok {
		return encodeJSON(dst, v)
	}
	return append(dst, b...), nil
}

// encodeJSON encodes by encoding/json alone.
func encodeJSON[V any](dst []byte, v V) ([]byte, error) {
	out, err := appendJSON(dst, v)
	if err != nil {
		return dst, fmt.Errorf("encode %T as JSON: %w", v, err)
	}
	return out, nil
}

func (jsonCodec[V]) Decode(b []byte) (V, error) {
	var v V
	if !utf8.Valid(b) {
		return v, fmt.Errorf("decode %T from JSON: %w", v, errNotUTF8)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		var zero V
		return zero, fmt.Errorf("decode %T from JSON: %w", v, err)
	}
	return v, nil
}

// appendJSON appends v without HTML escaping and without the newline of json.Encoder.
func appendJSON(dst []byte, v any) ([]byte, error) {
	w := appender{dst}
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return w.b[:len(w.b)-1], nil
}

// appender is an io.Writer onto the end of a slice.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
