package codecs

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// check returns what is wrong with the declaration of a Compact codec.
func (c *compactCodec[V]) check() []error {
	var problems []error
	if c.version < 1 || c.version > 255 {
		problems = append(problems, fmt.Errorf("version %d: want 1 to 255", c.version))
	}
	for from := range c.upgrades {
		if from < 1 || from >= c.version {
			problems = append(problems, fmt.Errorf("upgrade from version %d to %d: want an older one", from, c.version))
		}
	}
	problems = append(problems, twiceUsed(reflect.TypeFor[V](), map[reflect.Type]bool{})...)
	return append(problems, unencodable[V]()...)
}

// unencodable finds channels, functions and unreadable tags by encoding a zero V.
func unencodable[V any]() []error {
	var zero V
	err := compactEncoding.MarshalToBuffer(&zero, new(bytes.Buffer))
	var own *cbor.MarshalerError
	if err == nil || errors.As(err, &own) {
		return nil // a type's own MarshalCBOR may refuse the zero value
	}
	return []error{fmt.Errorf("type %T: %w", zero, err)}
}

// twiceUsed finds tags that two fields of a struct share: the CBOR library would
// store neither of them and say nothing.
func twiceUsed(t reflect.Type, seen map[reflect.Type]bool) []error {
	if seen[t] || t == typeTime || t == typeDecimal || t.Implements(typeMarshaler) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return twiceUsed(t.Elem(), seen)
	case reflect.Map:
		return append(twiceUsed(t.Key(), seen), twiceUsed(t.Elem(), seen)...)
	case reflect.Struct:
		return twiceUsedIn(t, seen)
	}
	return nil
}

func twiceUsedIn(t reflect.Type, seen map[reflect.Type]bool) []error {
	var problems []error
	owner := map[string]string{}
	for f := range t.Fields() {
		if !stored(f) {
			continue
		}
		problems = append(problems, twiceUsed(f.Type, seen)...)
		tag := tagOf(f)
		if tag == "" {
			continue
		}
		if first, twice := owner[tag]; twice {
			problems = append(problems, fmt.Errorf("type %v: fields %s and %s have the same tag cbor:%q", t, first, f.Name, tag))
		}
		owner[tag] = f.Name
	}
	return problems
}

// tagOf returns the name or number under which f is stored, "" if it has no tag.
func tagOf(f reflect.StructField) string {
	name, options, _ := strings.Cut(f.Tag.Get("cbor"), ",")
	if name != "" && strings.Contains(","+options+",", ",keyasint,") {
		return name + ",keyasint"
	}
	return name
}
