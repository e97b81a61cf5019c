package codecs

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// jsonPart appends one part of the value of a workspace, in the bytes of
// encoding/json. false: it doesn't know how; encoding/json does the whole value again.
type jsonPart func(dst []byte) (out []byte, ok bool)

// bindJSON returns the part for what p points to; false: encoding/json does it all.
func bindJSON(p reflect.Value) (part jsonPart, ok bool) {
	if n, ok := nullOf(p); ok {
		return bindJSONNull(n)
	}
	if at, ok := p.Interface().(*time.Time); ok {
		return func(dst []byte) ([]byte, bool) {
			b, err := at.MarshalJSON()
			return append(dst, b...), err == nil
		}, true
	}
	if ownJSON(p.Type()) {
		return nil, false
	}
	switch p.Type().Elem().Kind() {
	case reflect.String:
		at := pointer[string](p)
		return func(dst []byte) ([]byte, bool) { return appendPlainText(dst, *at) }, true
	case reflect.Bool:
		at := pointer[bool](p)
		return func(dst []byte) ([]byte, bool) { return strconv.AppendBool(dst, *at), true }, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v := p.Elem()
		return func(dst []byte) ([]byte, bool) { return strconv.AppendInt(dst, v.Int(), 10), true }, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v := p.Elem()
		return func(dst []byte) ([]byte, bool) { return strconv.AppendUint(dst, v.Uint(), 10), true }, true
	case reflect.Struct:
		return bindJSONStruct(p)
	}
	return nil, false
}

// ownJSON reports whether a type, or a pointer to it, has a form of its own in JSON.
func ownJSON(p reflect.Type) bool {
	return p.Implements(reflect.TypeFor[interface{ MarshalJSON() ([]byte, error) }]()) ||
		p.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]())
}

// bindJSONNull: a decimal within a Null is a number, one by itself is not.
func bindJSONNull(n nullable) (jsonPart, bool) {
	at, valid := n.parts()
	value, ok := bindJSONNumber(at)
	if !ok {
		value, ok = bindJSON(reflect.ValueOf(at))
	}
	return func(dst []byte) ([]byte, bool) {
		if !*valid {
			return append(dst, "null"...), true
		}
		return value(dst)
	}, ok
}

func bindJSONNumber(p any) (jsonPart, bool) {
	at, ok := p.(*decimal.Decimal)
	return func(dst []byte) ([]byte, bool) {
		out, err := appendDecimal(dst, *at)
		return out, err == nil
	}, ok
}

// jsonField is a field with its name as it is written: "name":
type jsonField struct {
	label string
	part  jsonPart
	omit  func() bool // nil: it is always written
}

func bindJSONStruct(p reflect.Value) (part jsonPart, ok bool) {
	var fields []jsonField
	v := p.Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			return nil, false
		}
		if !f.IsExported() || f.Tag.Get("json") == "-" {
			continue
		}
		field, ok := bindJSONField(f, v.Field(i).Addr())
		if !ok || slices.ContainsFunc(fields, func(g jsonField) bool { return g.label == field.label }) {
			return nil, false
		}
		fields = append(fields, field)
	}
	return func(dst []byte) ([]byte, bool) { return appendFields(dst, fields) }, true
}

func bindJSONField(f reflect.StructField, p reflect.Value) (field jsonField, ok bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	if !plainName(name) {
		return field, false
	}
	field.label = `"` + name + `":`
	for option := range strings.SplitSeq(options, ",") {
		var omit func() bool
		switch option {
		case "":
			continue
		case "omitzero":
			omit = zeroOf(p)
		case "omitempty":
			omit = emptyOf(p)
		}
		if omit == nil { // an option that we don't know
			return field, false
		}
		field.omit = either(field.omit, omit)
	}
	field.part, ok = bindJSON(p)
	return field, ok
}

// plainName reports whether a name is written as it is in the tag.
func plainName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && r != '.' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}

func appendFields(dst []byte, fields []jsonField) (out []byte, ok bool) {
	next := byte('{')
	for i := range fields {
		f := &fields[i]
		if f.omit != nil && f.omit() {
			continue
		}
		if dst, ok = f.part(append(append(dst, next), f.label...)); !ok {
			return dst, false
		}
		next = ','
	}
	if next == '{' {
		dst = append(dst, '{')
	}
	return append(dst, '}'), true
}

// appendPlainText appends text that needs no escapes.
func appendPlainText(dst []byte, s string) (out []byte, ok bool) {
	high := byte(0)
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return dst, false
		}
		high |= c
	}
	if high >= utf8.RuneSelf && (!utf8.ValidString(s) || strings.ContainsAny(s, "\u2028\u2029")) {
		return dst, false
	}
	return append(append(append(dst, '"'), s...), '"'), true
}
