package codecs

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

type (
	named  string
	level  int16
	flag   bool
	custom struct{ N int64 }
)

// MarshalBinary and UnmarshalBinary are a form of its own, which the library uses.
func (c custom) MarshalBinary() ([]byte, error) { return []byte(fmt.Sprint(c.N)), nil }
func (c *custom) UnmarshalBinary(b []byte) error {
	_, err := fmt.Sscan(string(b), &c.N)
	return err
}

// kinds has whatever a field can be, each in the ways in which it can be left out.
type kinds struct {
	Named    named              `cbor:"1,keyasint"`
	Level    level              `cbor:"2,keyasint,omitempty"`
	Flag     flag               `cbor:"-1,keyasint,omitzero"`
	Int8     int8               `cbor:"300,keyasint"`
	Int      int                `cbor:"-300,keyasint"`
	Uint16   uint16             `cbor:"70000,keyasint"`
	Uint64   uint64             `cbor:"5,keyasint,omitempty"`
	Bytes    []byte             `cbor:"6,keyasint"`
	Texts    []string           `cbor:"7,keyasint,omitempty"`
	Sums     []decimal.Decimal  `cbor:"8,keyasint"`
	Events   []event            `cbor:"9,keyasint,omitzero"`
	Pointers []*named           `cbor:"10,keyasint"`
	Least    *decimal.Decimal   `cbor:"11,keyasint,omitzero"`
	Next     *event             `cbor:"12,keyasint"`
	NullName Null[named]        `cbor:"13,keyasint"`
	NullRow  Null[event]        `cbor:"14,keyasint,omitempty"`
	NullList Null[[]named]      `cbor:"15,keyasint,omitzero"`
	NullAt   Null[time.Time]    `cbor:"16,keyasint,omitzero"`
	At       time.Time          `cbor:"17,keyasint,omitzero"`
	Sum      decimal.Decimal    `cbor:"18,keyasint,omitzero"`
	Inner    payer              `cbor:"19,keyasint"`
	Rate     float64            `cbor:"20,keyasint"`
	Array    [2]Text            `cbor:"21,keyasint"`
	Map      map[string]Decimal `cbor:"22,keyasint,omitempty"`
	Own      custom             `cbor:"23,keyasint"`
	Left     int64              `cbor:"-"`
	hidden   int64              //lint:ignore U1000 codecs leave it out
}

// texts as keys, from three kinds of tags.
type textKeys struct {
	Plain int64
	Tag   string `cbor:"other,omitempty"`
	JSON  Text   `json:"from_json,omitempty"`
	Mixed int64  `cbor:"3,keyasint"`
}

// wide has more fields than a head of one byte can count, if all are there.
type wide struct {
	A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z int64 `cbor:",omitzero"`
}

// many has the fields of wide by number.
type many struct {
	A Bigint `cbor:"1,keyasint,omitzero"`
	B Bigint `cbor:"2,keyasint,omitzero"`
	C Bigint `cbor:"24,keyasint,omitzero"`
	D Bigint `cbor:"256,keyasint,omitzero"`
}

type recursive struct {
	Name string       `cbor:"1,keyasint"`
	Next *recursive   `cbor:"2,keyasint"`
	All  []*recursive `cbor:"3,keyasint"`
}

// embedding is left to the libraries as a whole.
type embedding struct {
	Embedded
	More int64
}

type Embedded struct {
	At time.Time `cbor:"1,keyasint"`
	ID int64     `cbor:"2,keyasint"`
}

func anyText(t *rapid.T, label string) string {
	if rapid.Bool().Draw(t, label+" is short") {
		return rapid.String().Draw(t, label)
	}
	return string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, label))
}

func anyDecimal(t *rapid.T, label string) decimal.Decimal {
	d := decimal.New(rapid.Int64().Draw(t, label), rapid.Int32Range(-10000, 10000).Draw(t, label+" exponent"))
	switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
	case 0:
		return decimal.Decimal{}
	case 1:
		return decimal.New(rapid.Int64Range(-300, 300).Draw(t, label), 0)
	case 2:
		return decimal.NewFromBigInt(d.Mul(d).Coefficient(), d.Exponent())
	}
	return d
}

func anyTime(t *rapid.T, label string) time.Time {
	if rapid.Bool().Draw(t, label+" is zero") {
		return time.Time{}
	}
	nanos := rapid.SampledFrom([]int64{0, 1, 500000000, 123000000, 999999999}).Draw(t, label+" nanos")
	return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, label), nanos)
}

// fill puts something into every field, whatever its kind.
func fill(t *rapid.T, v reflect.Value, depth int) {
	label := v.Type().String()
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = anyTime(t, label)
		return
	case *decimal.Decimal:
		*at = anyDecimal(t, label)
		return
	case nullable:
		value, valid := at.parts()
		if *valid = rapid.Bool().Draw(t, label+" is there"); *valid {
			fill(t, reflect.ValueOf(value).Elem(), depth)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(anyText(t, label))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64Range(-1<<(v.Type().Bits()-1), 1<<(v.Type().Bits()-1)-1).Draw(t, label))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.Uint64Range(0, 1<<v.Type().Bits()-1).Draw(t, label))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, label))
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); (f.IsExported() || f.Anonymous) && f.Tag.Get("cbor") != "-" && v.Field(i).CanSet() {
				fill(t, v.Field(i), depth)
			}
		}
	default:
		fillWithin(t, v, depth)
	}
}

// fillWithin fills what has any number of elements. Deep down there are fewer.
func fillWithin(t *rapid.T, v reflect.Value, depth int) {
	label := v.Type().String()
	switch v.Kind() {
	case reflect.Slice:
		n := rapid.IntRange(-1, max(0, 30/(depth+1)-depth)).Draw(t, label+" length")
		if n < 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), depth+3)
		}
	case reflect.Pointer:
		if depth < 9 && rapid.Bool().Draw(t, label+" is set") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), depth+3)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rapid.IntRange(0, 3).Draw(t, label+" length") {
			value := reflect.New(v.Type().Elem()).Elem()
			fill(t, value, depth+3)
			v.SetMapIndex(reflect.ValueOf(anyText(t, label)), value)
		}
	default:
		t.Fatalf("%s: no rule to fill it", label)
	}
}

// checkSame holds the parts against the library, for random values of V.
func checkSame[V any](t *testing.T, byParts bool) {
	t.Helper()
	c := Compact[V](1).(*compactCodec[V])
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if w := c.quick.open(); (w != nil) != byParts {
		t.Fatalf("%T is done by parts: %t", *new(V), w != nil)
	}
	rapid.Check(t, func(t *rapid.T) {
		var v V
		fill(t, reflect.ValueOf(&v).Elem(), 0)
		want, err := c.encodeSlow([]byte{'x'}, v)
		if err != nil {
			t.Fatal(err)
		}
		before := c.Fallbacks()
		got, err := c.Encode([]byte{'x'}, v)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%+v is written as\n%x, %v, by the library as\n%x", v, got, err, want)
		}
		if bound := c.Bound(v); bound != len(want)-1 {
			t.Fatalf("the bound of %+v is %d, it has %d bytes", v, bound, len(want)-1)
		}
		back, err := c.Decode(got[1:])
		if byParts && c.Fallbacks() != before {
			t.Fatalf("%+v, % x: fell back", v, got)
		}
		slow, slowErr := c.decodeSlow(want[2:])
		if err != nil || slowErr != nil || !sameValue(reflect.ValueOf(back), reflect.ValueOf(slow)) {
			t.Fatalf("%x is read as\n%+v, %v, by the library as\n%+v, %v", want[2:], back, err, slow, slowErr)
		}
	})
}

// sameValue is reflect.DeepEqual but for decimals, whose zero has two forms in memory,
// and for NaN, which is itself here.
func sameValue(a, b reflect.Value) bool {
	switch x := a.Interface().(type) {
	case decimal.Decimal:
		y := b.Interface().(decimal.Decimal)
		return x.Exponent() == y.Exponent() && x.Coefficient().Cmp(y.Coefficient()) == 0
	case time.Time:
		return reflect.DeepEqual(x, b.Interface())
	case float64:
		return math.Float64bits(x) == math.Float64bits(b.Float())
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !sameValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || sameWithin(a, b))
	case reflect.Array:
		return sameWithin(a, b)
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func sameWithin(a, b reflect.Value) bool {
	if a.Kind() == reflect.Pointer {
		return sameValue(a.Elem(), b.Elem())
	}
	if a.Len() != b.Len() {
		return false
	}
	if a.Kind() == reflect.Map {
		for it := a.MapRange(); it.Next(); {
			if v := b.MapIndex(it.Key()); !v.IsValid() || !sameValue(it.Value(), v) {
				return false
			}
		}
		return true
	}
	for i := range a.Len() {
		if !sameValue(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func TestCompactAgreesWithTheLibrary(t *testing.T) {
	t.Run("a row", func(t *testing.T) { checkSame[row](t, true) })
	t.Run("an order", func(t *testing.T) { checkSame[keptOrder](t, true) })
	t.Run("a row within a row", func(t *testing.T) { checkSame[spending](t, true) })
	t.Run("every kind", func(t *testing.T) { checkSame[kinds](t, true) })
	t.Run("text keys", func(t *testing.T) { checkSame[textKeys](t, true) })
	t.Run("26 fields", func(t *testing.T) { checkSame[wide](t, true) })
	t.Run("large numbers", func(t *testing.T) { checkSame[many](t, true) })
	t.Run("recursive", func(t *testing.T) { checkSame[recursive](t, true) })
	t.Run("embedding", func(t *testing.T) { checkSame[embedding](t, false) })
	t.Run("text", func(t *testing.T) { checkSame[Text](t, true) })
	t.Run("named text", func(t *testing.T) { checkSame[named](t, true) })
	t.Run("list", func(t *testing.T) { checkSame[[]spending](t, true) })
	t.Run("pointer", func(t *testing.T) { checkSame[**event](t, true) })
	t.Run("decimal", func(t *testing.T) { checkSame[decimal.Decimal](t, true) })
	t.Run("instant", func(t *testing.T) { checkSame[time.Time](t, true) })
	t.Run("map", func(t *testing.T) { checkSame[map[string]int64](t, false) })
	t.Run("a form of its own", func(t *testing.T) { checkSame[custom](t, false) })
}

func TestWhatTheLibraryRefusesIsRefusedInItsWords(t *testing.T) {
	late, huge := time.UnixMilli(math.MaxInt64), amount(t, "1").Shift(10001)
	c := rows.(*compactCodec[row])
	for name, v := range map[string]row{
		"instant":  {At: late},
		"nullable": {Until: NotNull(late)},
		"decimal":  {Sum: huge},
		"pointer":  {Least: &huge},
		"list":     {Events: []event{{At: late}}},
	} {
		_, want := c.encodeSlow(nil, v)
		b, err := c.Encode(nil, v)
		if err == nil || want == nil || b != nil || err.Error() != want.Error() {
			t.Errorf("%s: %x, %v; the library says %v", name, b, err, want)
		}
		if n := c.Bound(v); n < 1<<30 {
			t.Errorf("%s: the bound is %d, though it can't be written", name, n)
		}
	}
}

func TestWhatIsWithinAPartOfTheLibraryIsCheckedAsWell(t *testing.T) {
	type calendar struct {
		Days map[string]time.Time `cbor:"1,keyasint"`
	}
	late := calendar{map[string]time.Time{"late": time.UnixMilli(math.MaxInt64)}}
	if b, err := Compact[calendar](1).Encode(nil, late); err == nil || !strings.Contains(err.Error(), "can be stored") {
		t.Errorf("was written as %x, %v", b, err)
	}
}

func TestRowsOfAnotherShapeAreReadByTheLibrary(t *testing.T) {
	c := Compact[keptOrder](1).(*compactCodec[keptOrder])
	for name, b := range map[string][]byte{
		"fields not in order":   {1, 0xa2, 5, 0x61, 'u', 1, 0x61, 'i'},
		"a field twice":         {1, 0xa2, 1, 0x61, 'u', 1, 0x61, 'i'},
		"an unknown list":       {1, 0xa2, 1, 0x61, 'i', 9, 0x81, 1},
		"a number in long form": {1, 0xa1, 0x18, 1, 0x61, 'i'},
		"of unknown length":     {1, 0xbf, 1, 0x61, 'i', 0xff},
		"undefined":             {1, 0xa1, 1, 0xf7},
		"a tag":                 {1, 0xc2, 0xa1, 1, 0x61, 'i'},
		"an integer for text":   {1, 0xa1, 1, 7},
		"a key that is text":    {1, 0xa1, 0x61, '1', 7},
	} {
		before := c.Fallbacks()
		got, err := c.Decode(b)
		if c.Fallbacks() != before+1 {
			t.Errorf("%s: was read by parts, as %+v, %v", name, got, err)
		}
		want, wantErr := c.decodeSlow(b[1:])
		if !sameValue(reflect.ValueOf(got), reflect.ValueOf(want)) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, want, wantErr)
		}
	}
}

func TestNumbersThatDoNotFitAreRefused(t *testing.T) {
	large := mustEncode(t, Compact[uint64](1), 1<<40)
	if n, err := Compact[uint16](1).Decode(large); err == nil {
		t.Errorf("1<<40 is read as %d", n)
	}
	if n, err := Compact[int8](1).Decode(large); err == nil {
		t.Errorf("1<<40 is read as %d", n)
	}
	if n, err := Compact[uint64](1).Decode(mustEncode(t, Compact[int64](1), -1)); err == nil {
		t.Errorf("-1 is read as %d", n)
	}
}

func TestFieldsThatWereRemovedArePassedOver(t *testing.T) {
	type before struct {
		ID    Text    `cbor:"1,keyasint"`
		Gone  Decimal `cbor:"-2,keyasint"`
		Gone2 bool    `cbor:"3,keyasint"`
		Gone3 string  `cbor:"1000,keyasint"`
		Gone4 Text    `cbor:"1001,keyasint"`
		Gone5 int64   `cbor:"1002,keyasint"`
	}
	type after struct {
		ID Text `cbor:"1,keyasint"`
	}
	b := mustEncode(t, Compact[before](1), before{ID: NotNull("a"), Gone: NotNull(amount(t, "1.5")), Gone3: strings.Repeat("x", 300), Gone5: -1 << 40})
	c := Compact[after](1).(*compactCodec[after])
	if got, err := c.Decode(b); err != nil || got.ID != NotNull("a") || c.Fallbacks() != 0 {
		t.Errorf("got %+v, %v, with %d fallbacks", got, err, c.Fallbacks())
	}
}

func TestAValueLeavesNothingBehindForTheNext(t *testing.T) {
	c := Compact[kinds](1)
	least := amount(t, "1")
	full := kinds{
		Named: "x", Level: 7, Bytes: []byte{1}, Texts: []string{"a"}, Events: []event{{ID: 7}}, Least: &least, Next: &event{ID: 1},
		NullName: NotNull(named("y")), NullRow: NotNull(event{ID: 3}), Map: map[string]Decimal{"a": {}}, At: instant(t, "2021-03-25T00:00:00Z"),
	}
	stored, empty := mustEncode(t, c, full), mustEncode(t, c, kinds{})
	for range 10 {
		if _, err := c.Decode(stored); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Decode(stored[:len(stored)-1]); err == nil {
			t.Fatal("a damaged value was read")
		}
		got, err := c.Decode(empty)
		want, _ := c.(*compactCodec[kinds]).decodeSlow(empty[1:])
		if err != nil || !sameValue(reflect.ValueOf(got), reflect.ValueOf(want)) {
			t.Fatalf("after a full one the empty value is read as\n%+v, %v, want\n%+v", got, err, want)
		}
	}
}

// FuzzCompactDecode holds the parts against the library on any bytes.
func FuzzCompactDecode(f *testing.F) {
	least := amount(f, "0.5")
	f.Add(mustEncode(f, rows, fullRow(f)))
	f.Add(mustEncode(f, Compact[spending](1), aSpending(f)))
	f.Add(mustEncode(f, Compact[kinds](1), kinds{Least: &least, Texts: []string{"a", ""}, Sums: []decimal.Decimal{least}}))
	f.Add(mustEncode(f, Compact[textKeys](1), textKeys{Plain: 7, JSON: NotNull("x")}))
	f.Add(mustEncode(f, Compact[many](1), many{A: NotNull[int64](-7), D: NotNull[int64](1 << 40)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		readsAsTheLibrary[row](t, b)
		readsAsTheLibrary[spending](t, b)
		readsAsTheLibrary[kinds](t, b)
		readsAsTheLibrary[textKeys](t, b)
		readsAsTheLibrary[many](t, b)
		readsAsTheLibrary[[]Decimal](t, b)
	})
}

func readsAsTheLibrary[V any](t *testing.T, b []byte) {
	t.Helper()
	if len(b) == 0 || b[0] != 1 {
		return
	}
	c := Compact[V](1).(*compactCodec[V])
	got, err := c.Decode(b)
	want, wantErr := c.decodeSlow(b[1:])
	if fmt.Sprint(err) != fmt.Sprint(wantErr) || !sameValue(reflect.ValueOf(got), reflect.ValueOf(want)) {
		t.Fatalf("% x is read as\n%+v, %v, by the library as\n%+v, %v", b, got, err, want, wantErr)
	}
}
