package codecs

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/shopspring/decimal"
)

// The CBOR library writes two kinds of values that it cannot read: instants whose
// year has more than four digits, and decimals whose exponent is above
// decimal.MaxDecodeExponent. A row with one of them would stop its task at the next
// start, so they are refused before they are stored.

var (
	typeTime      = reflect.TypeFor[time.Time]()
	typeDecimal   = reflect.TypeFor[decimal.Decimal]()
	typeMarshaler = reflect.TypeFor[cbor.Marshaler]()
)

// readable reports the first such value that *v holds.
func readable[V any](v *V) error {
	if !suspect(reflect.TypeFor[V]()) {
		return nil
	}
	return walk(reflect.ValueOf(v).Elem())
}

func walk(v reflect.Value) error {
	switch v.Type() {
	case typeTime:
		return readableTime(held[time.Time](v))
	case typeDecimal:
		return readableDecimal(held[decimal.Decimal](v))
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, i := range suspectFields(v.Type()) {
			if err := walk(v.Field(i)); err != nil {
				return fmt.Errorf("field %s: %w", v.Type().Field(i).Name, err)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := walk(v.Index(i)); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
	case reflect.Map:
		return walkMap(v)
	case reflect.Pointer:
		if !v.IsNil() {
			return walk(v.Elem())
		}
	}
	return nil
}

func walkMap(v reflect.Value) error {
	for it := v.MapRange(); it.Next(); {
		if err := walk(it.Value()); err != nil {
			return fmt.Errorf("key %v: %w", it.Key(), err)
		}
	}
	return nil
}

// held returns the T in v, without an allocation where v has an address.
func held[T any](v reflect.Value) T {
	if v.CanAddr() {
		return *v.Addr().Interface().(*T)
	}
	return v.Interface().(T)
}

func readableTime(t time.Time) error {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return fmt.Errorf("instant in the year %d: only 0 to 9999 can be stored", y)
	}
	return nil
}

func readableDecimal(d decimal.Decimal) error {
	if e := d.Exponent(); !storable(e) {
		return fmt.Errorf("decimal with exponent %d: only -%d to %[2]d can be stored", e, decimal.MaxDecodeExponent)
	}
	return nil
}

// Per type: whether a walk can find anything, and in which fields of a struct.
var (
	suspects     sync.Map // reflect.Type -> bool
	suspectIndex sync.Map // reflect.Type -> []int
)

func suspectFields(t reflect.Type) []int {
	if is, ok := suspectIndex.Load(t); ok {
		return is.([]int)
	}
	var is []int
	for i := range t.NumField() {
		if f := t.Field(i); stored(f) && suspect(f.Type) {
			is = append(is, i)
		}
	}
	suspectIndex.Store(t, is)
	return is
}

// suspect reports whether a value of type t can hold an instant or a decimal.
func suspect(t reflect.Type) bool {
	if yes, ok := suspects.Load(t); ok {
		return yes.(bool)
	}
	yes := suspectWithin(t, map[reflect.Type]bool{})
	suspects.Store(t, yes)
	return yes
}

func suspectWithin(t reflect.Type, seen map[reflect.Type]bool) bool {
	switch {
	case t == typeTime || t == typeDecimal:
		return true
	case seen[t] || t.Implements(typeMarshaler):
		return false // the second: Null looks for itself, others write their own form
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return suspectWithin(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if stored(f) && suspectWithin(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// stored reports whether the CBOR library looks at the field at all.
func stored(f reflect.StructField) bool {
	return (f.IsExported() || f.Anonymous) && f.Tag.Get("cbor") != "-"
}
