package codecs

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
)

// Object reads JSON objects written by other programs, by the rules of Flink's json
// format. The fields say what is read and into which part of V:
//
//	codecs.Object(
//		codecs.TextField("order_id", func(o *Order) *codecs.Text { return &o.ID }),
//		codecs.DecimalField("real_pay", func(o *Order) *codecs.Decimal { return &o.Paid }),
//	)
//
// A missing field and a null are the same. Unknown fields are ignored, names are
// case-sensitive, of a field that occurs twice the last counts (but each must be
// readable). A top-level array holds several records.
//
//	{"order_id": 7, "real_pay": " 1e2 "}   {ID: "7", Paid: 100}
//	[{"order_id": "a"}, {}]                {ID: "a", Paid: null} and {ID: null, Paid: null}
//	{"real_pay": "80f"}                    *FieldError
//	null, 7, "x", [null], [[]]             error: not an object
//	{} {}, {"a":1}x, invalid UTF-8         error: not JSON
func Object[V any](fields ...Field[V]) *ObjectCodec[V] {
	c := &ObjectCodec[V]{fields: fields, byName: make(map[string]int, len(fields))}
	for i, f := range fields {
		if f.read == nil {
			c.mistakes = errors.Join(c.mistakes, fmt.Errorf("field %d was not made by TextField, DecimalField or BigintField", i+1))
		}
		if _, twice := c.byName[f.name]; twice {
			c.mistakes = errors.Join(c.mistakes, fmt.Errorf("field %q is declared twice", f.name))
		}
		c.byName[f.name] = i
		quoted, err := jsontext.AppendQuote(nil, f.name)
		if err != nil {
			c.mistakes = errors.Join(c.mistakes, fmt.Errorf("field %q: the name is %w", f.name, errNotUTF8))
		}
		c.labels = append(c.labels, append(quoted, ':'))
	}
	return c
}

// ObjectCodec is what [Object] returns: a [Decoder] for topologies, and a [Codec]
// of single records so that tests and generators can write what topologies read.
type ObjectCodec[V any] struct {
	fields   []Field[V]
	byName   map[string]int
	labels   [][]byte // the names as they are written: "name":
	mistakes error    // what Check returns

	drafts    sync.Pool // of *draft[V]
	fallbacks atomic.Int64
}

var (
	_ Codec[int]   = (*ObjectCodec[int])(nil)
	_ Decoder[int] = (*ObjectCodec[int])(nil)
	_ Checked      = (*ObjectCodec[int])(nil)
	_ FallingBack  = (*ObjectCodec[int])(nil)
)

// Check implements [Checked].
func (c *ObjectCodec[V]) Check() error { return c.mistakes }

// Fallbacks implements [FallingBack]: how many inputs were not one flat object of
// plain values that could all be read. Arrays, nested objects, escapes in strings
// and damaged records are counted, empty inputs are not.
func (c *ObjectCodec[V]) Fallbacks() int64 { return c.fallbacks.Load() }

// DecodeEach implements [Decoder].
func (c *ObjectCodec[V]) DecodeEach(b []byte, yield func(V) error) error {
	if c.mistakes == nil {
		if v, ok := c.plain(b); ok {
			return yield(v)
		}
	}
	vs, err := c.decode(b)
	if err != nil {
		return err
	}
	for _, v := range vs {
		if err := yield(v); err != nil {
			return err
		}
	}
	return nil
}

// Decode returns the only record of b. None (an empty input, an empty array) and
// several are errors.
func (c *ObjectCodec[V]) Decode(b []byte) (V, error) {
	if c.mistakes == nil {
		if v, ok := c.plain(b); ok {
			return v, nil
		}
	}
	vs, err := c.decode(b)
	if err == nil && len(vs) != 1 {
		err = fmt.Errorf("%d records in one value: want exactly one", len(vs))
	}
	if err != nil {
		var zero V
		return zero, err
	}
	return vs[0], nil
}

// Encode writes one JSON object, fields in the order of declaration, nulls left out.
func (c *ObjectCodec[V]) Encode(dst []byte, v V) ([]byte, error) {
	if c.mistakes != nil {
		return dst, c.mistakes
	}
	out, separator := dst, byte('{')
	for i, f := range c.fields {
		start := len(out)
		next, written, err := f.write(append(append(out, separator), c.labels[i]...), &v)
		switch {
		case err != nil:
			return dst, err
		case written:
			out, separator = next, ','
		default:
			out = next[:start]
		}
	}
	if separator == '{' {
		out = append(out, '{')
	}
	return append(out, '}'), nil
}

// decode reads what plain could not.
func (c *ObjectCodec[V]) decode(b []byte) ([]V, error) {
	if c.mistakes != nil {
		return nil, c.mistakes
	}
	if len(b) == 0 {
		return nil, nil
	}
	c.fallbacks.Add(1)
	r := openReader(b)
	defer r.close()
	vs, err := c.records(r)
	if err != nil {
		return nil, err
	}
	return vs, r.end()
}

func (c *ObjectCodec[V]) records(r *reader) ([]V, error) {
	switch r.json.PeekKind() {
	case jsontext.KindBeginObject:
		vs := make([]V, 1)
		return vs, c.record(r, &vs[0])
	case jsontext.KindBeginArray:
		return c.array(r)
	default:
		return nil, r.notAnObject()
	}
}

func (c *ObjectCodec[V]) array(r *reader) ([]V, error) {
	if err := r.delimiter(); err != nil {
		return nil, err
	}
	var vs []V
	for {
		switch r.json.PeekKind() {
		case jsontext.KindEndArray:
			return vs, r.delimiter()
		case jsontext.KindBeginObject:
			var zero V
			vs = append(vs, zero)
			if err := c.record(r, &vs[len(vs)-1]); err != nil {
				return nil, fmt.Errorf("record %d of the array: %w", len(vs), err)
			}
		default:
			return nil, fmt.Errorf("record %d of the array: %w", len(vs)+1, r.notAnObject())
		}
	}
}

func (c *ObjectCodec[V]) record(r *reader, v *V) error {
	if err := r.delimiter(); err != nil {
		return err
	}
	for r.json.PeekKind() != jsontext.KindEndObject {
		name, err := r.value()
		if err != nil {
			return err
		}
		i, known := c.byName[string(name.text)] // no allocation
		from, err := r.value()
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		if err := c.fields[i].read(v, from); err != nil {
			return err
		}
	}
	return r.delimiter()
}
