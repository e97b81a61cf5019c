package codecs

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/shopspring/decimal"
)

// bindCompact makes the parts of a Compact value; false: the library does it all.
func bindCompact(p reflect.Value) (cborPart, bool) {
	s := binder{texts: new(texts)}
	part := s.bind(p)
	_, all := part.(libraryPart)
	return gatheredPart{part, s.texts}, !all
}

// binder makes parts. outer are the types around the next one: a type within itself
// has no end, and is the library's.
type binder struct {
	texts *texts // nil: each text by itself
	outer []reflect.Type
}

// bind returns the part for what p points to.
func (s binder) bind(p reflect.Value) cborPart {
	switch at := p.Interface().(type) {
	case *time.Time:
		return timePart{at}
	case *decimal.Decimal:
		return decimalPart{at}
	}
	if n, ok := nullOf(p); ok {
		value, valid := n.parts()
		return nullPart{valid, s.bind(reflect.ValueOf(value))}
	}
	t := p.Type().Elem()
	if ownCBOR(t) || slices.Contains(s.outer, t) {
		return newLibraryPart(p)
	}
	if part := s.plain(p); part != nil {
		return part
	}
	s.outer = append(slices.Clip(s.outer), t)
	if part := s.within(p); part != nil {
		return part
	}
	return newLibraryPart(p)
}

func newLibraryPart(p reflect.Value) libraryPart {
	part := libraryPart{p.Interface(), func() bool { return true }}
	if suspect(p.Type().Elem()) {
		part.readable = func() bool { return walk(p.Elem()) == nil }
	}
	return part
}

// ownCBOR reports whether t has a form of its own in CBOR.
func ownCBOR(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(typeMarshaler) || p.Implements(typeUnmarshaler) ||
		p.Implements(typeBinaryMarshaler) || p.Implements(typeBinaryUnmarshaler) ||
		t.PkgPath() == typeMarshaler.PkgPath() || t.PkgPath() == "math/big"
}

var (
	typeUnmarshaler       = reflect.TypeFor[cbor.Unmarshaler]()
	typeBinaryMarshaler   = reflect.TypeFor[interface{ MarshalBinary() ([]byte, error) }]()
	typeBinaryUnmarshaler = reflect.TypeFor[interface{ UnmarshalBinary([]byte) error }]()
)

// plain returns the part of a string, a bool, an integer or bytes, or nil.
func (s binder) plain(p reflect.Value) cborPart {
	t := p.Type().Elem()
	switch t.Kind() {
	case reflect.String:
		return textPart{pointer[string](p), s.texts}
	case reflect.Bool:
		return boolPart{pointer[bool](p)}
	case reflect.Int:
		return intPart[int]{pointer[int](p)}
	case reflect.Int8:
		return intPart[int8]{pointer[int8](p)}
	case reflect.Int16:
		return intPart[int16]{pointer[int16](p)}
	case reflect.Int32:
		return intPart[int32]{pointer[int32](p)}
	case reflect.Int64:
		return intPart[int64]{pointer[int64](p)}
	case reflect.Uint:
		return uintPart[uint]{pointer[uint](p)}
	case reflect.Uint8:
		return uintPart[uint8]{pointer[uint8](p)}
	case reflect.Uint16:
		return uintPart[uint16]{pointer[uint16](p)}
	case reflect.Uint32:
		return uintPart[uint32]{pointer[uint32](p)}
	case reflect.Uint64:
		return uintPart[uint64]{pointer[uint64](p)}
	case reflect.Slice:
		if t.Elem() == reflect.TypeFor[byte]() {
			return bytesPart{pointer[[]byte](p)}
		}
	}
	return nil
}

// within returns the part of a struct, a slice or a pointer, or nil.
func (s binder) within(p reflect.Value) cborPart {
	t := p.Type().Elem()
	switch t.Kind() {
	case reflect.Struct:
		if part, ok := s.fields(p); ok {
			return part
		}
	case reflect.Slice, reflect.Pointer:
		if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
			return nil // bytes of a named type
		}
		scratch := reflect.New(t.Elem())
		s.texts = nil // scratch is used for many
		part := s.bind(scratch)
		if _, all := part.(libraryPart); all {
			return nil
		}
		if t.Kind() == reflect.Slice {
			return slicePart{p.Elem(), scratch.Elem(), part}
		}
		return pointerPart{p.Elem(), scratch.Elem(), part}
	}
	return nil
}

// fields gives up on what needs rules that we don't repeat: embedded structs,
// structs as arrays, omitempty of what has no length.
func (s binder) fields(p reflect.Value) (structPart, bool) {
	v, part := p.Elem(), structPart{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous || f.Name == "_" {
			return part, false
		}
		if !f.IsExported() || cborTag(f) == "-" {
			continue
		}
		field, ok := s.field(f, v.Field(i).Addr())
		if !ok || len(part.fields) == maxFields {
			return part, false
		}
		part.fields = append(part.fields, field)
	}
	slices.SortFunc(part.fields, func(a, b fieldPart) int { return bytes.Compare(a.key, b.key) })
	for i := range len(part.fields) - 1 {
		if bytes.Equal(part.fields[i].key, part.fields[i+1].key) {
			return part, false
		}
	}
	return part, true
}

// cborTag is the tag that the library goes by: that of JSON where there is none.
func cborTag(f reflect.StructField) string {
	if tag := f.Tag.Get("cbor"); tag != "" {
		return tag
	}
	return f.Tag.Get("json")
}

func (s binder) field(f reflect.StructField, p reflect.Value) (field fieldPart, ok bool) {
	name, options, _ := strings.Cut(cborTag(f), ",")
	has := strings.Split(options, ",")
	if name == "" {
		name = f.Name
	}
	if field.key, ok = fieldKey(name, slices.Contains(has, "keyasint")); !ok {
		return field, false
	}
	if slices.Contains(has, "omitempty") && !neverEmpty(f.Type) {
		if field.omit = emptyOf(p); field.omit == nil || ownCBOR(f.Type) {
			return field, false
		}
	}
	if slices.Contains(has, "omitzero") {
		zero := zeroOf(p)
		if zero == nil {
			return field, false
		}
		field.omit = either(field.omit, zero)
	}
	field.part = s.bind(p)
	return field, true
}

// neverEmpty: omitempty says nothing about these.
func neverEmpty(t reflect.Type) bool {
	return t == typeTime || t == typeDecimal || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(typeMarshaler)
}

// fieldKey is the encoded key of a field.
func fieldKey(name string, number bool) (key []byte, ok bool) {
	if !number {
		return append(appendHead(nil, cborText, uint64(len(name))), name...), true
	}
	n, err := strconv.Atoi(name)
	return appendInteger(nil, int64(n)), err == nil
}
