package codecs

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// The short way to read an object: one pass over the plain JSON that scan.go knows,
// without a tokenizer. On anything else, and on every error, the record is read
// again by jsontext, which knows all of JSON and words the errors. Both ways must
// agree wherever the short one succeeds; a fuzz target holds them against each other.

// draft is where a record takes shape. Drafts are pooled.
type draft[V any] struct {
	v     V
	texts []byte // of all text fields, one behind the other
	spans []span
}

// span is a text that belongs to a field: a part of texts, or, if it is long, of the
// input.
type span struct {
	field, from, to int // from -1: null
	long            []byte
}

func (c *ObjectCodec[V]) open() *draft[V] {
	if d, ok := c.drafts.Get().(*draft[V]); ok {
		return d
	}
	return new(draft[V])
}

func (c *ObjectCodec[V]) close(d *draft[V]) {
	var zero V
	d.v = zero
	clear(d.spans) // they hold on to the input
	d.texts, d.spans = d.texts[:0], d.spans[:0]
	if cap(d.texts) <= maxKept { // a name that occurs a thousand times makes it large
		c.drafts.Put(d)
	}
}

// plain reads a single plain object, or says that it can't.
func (c *ObjectCodec[V]) plain(b []byte) (v V, ok bool) {
	d := c.open()
	if ok = c.scan(d, b); ok {
		c.settle(d)
		v = d.v
	}
	c.close(d)
	return v, ok
}

// scan reads the object; its texts are left in d.
func (c *ObjectCodec[V]) scan(d *draft[V], b []byte) bool {
	i := skipSpace(b, 0)
	if at(b, i) != '{' {
		return false
	}
	if i = skipSpace(b, i+1); at(b, i) == '}' {
		return skipSpace(b, i+1) == len(b)
	}
	for next := 0; ; {
		f, end, ok := c.name(b, i, next)
		if !ok {
			return false
		}
		v, end, ok := scanValue(b, end)
		if !ok {
			return false
		}
		if f >= 0 {
			if !c.take(d, f, v) {
				return false
			}
			next = f + 1
		}
		switch i = skipSpace(b, end); at(b, i) {
		case ',':
			i = skipSpace(b, i+1)
		case '}':
			return skipSpace(b, i+1) == len(b)
		default:
			return false
		}
	}
}

// name reads a name, the colon and the white space behind it, and returns the field,
// or -1. It looks first for the field that comes next if all are in order.
func (c *ObjectCodec[V]) name(b []byte, i, next int) (field, end int, ok bool) {
	if next < len(c.labels) && bytes.HasPrefix(b[i:], c.labels[next]) {
		return next, skipSpace(b, i+len(c.labels[next])), true
	}
	name, end, ok := scanName(b, i)
	if !ok {
		return 0, 0, false
	}
	return c.find(name, next), end, true
}

// scanName reads a name, the colon and the white space behind it.
func scanName(b []byte, i int) (name []byte, end int, ok bool) {
	if at(b, i) != '"' {
		return nil, 0, false
	}
	end, ok = scanString(b, i+1)
	if !ok {
		return nil, 0, false
	}
	name, i = b[i+1:end-1], skipSpace(b, end)
	if at(b, i) != ':' {
		return nil, 0, false
	}
	return name, skipSpace(b, i+1), true
}

// manyFields is from where on a map finds a name faster.
const manyFields = 16

// find returns the field of that name, or -1. It looks from next on: fields mostly
// come in the order of their declaration.
func (c *ObjectCodec[V]) find(name []byte, next int) int {
	if len(c.fields) > manyFields {
		if i, known := c.byName[string(name)]; known {
			return i
		}
		return -1
	}
	for i := next; i < len(c.fields); i++ {
		if c.fields[i].name == string(name) {
			return i
		}
	}
	for i := range min(next, len(c.fields)) {
		if c.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// take reads a field from v. Texts are only noted, so that one allocation can hold
// those of the whole record.
func (c *ObjectCodec[V]) take(d *draft[V], field int, v value) bool {
	f := &c.fields[field]
	if f.text == nil {
		return f.read(&d.v, v) == nil
	}
	s := span{field: field, from: len(d.texts)}
	switch {
	case v.kind == jsontext.KindNull:
		s.from = -1
	case len(v.text) > maxGathered:
		s.long = v.text
	default:
		d.texts = append(d.texts, v.text...)
	}
	s.to = len(d.texts)
	d.spans = append(d.spans, s)
	return true
}

// settle puts the texts in their places, in the order in which they came.
func (c *ObjectCodec[V]) settle(d *draft[V]) {
	all := string(d.texts)
	for _, s := range d.spans {
		into := c.fields[s.field].text(&d.v)
		switch {
		case s.from < 0:
			*into = Text{}
		case s.long != nil:
			*into = NotNull(string(s.long))
		default:
			*into = NotNull(all[s.from:s.to])
		}
	}
}
